package v1alpha1_test

import (
	"regexp"
	"testing"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
)

// Attack Q20: names are as wide as SHA-256, over parts that can't be cut elsewhere.
func TestQ20RevocationNames(t *testing.T) {
	form := regexp.MustCompile(`^[a-z2-7]{52}$`)
	seen := map[string]string{}
	for what, name := range map[string]string{
		"a session":                         v1alpha1.SessionRevocationName("abc"),
		"another session":                   v1alpha1.SessionRevocationName("abd"),
		"a session without a name":          v1alpha1.SessionRevocationName(""),
		"a password":                        v1alpha1.PasswordRevocationName("u", "s", "1"),
		"the next version of it":            v1alpha1.PasswordRevocationName("u", "s", "2"),
		"that of another user":              v1alpha1.PasswordRevocationName("v", "s", "1"),
		"one whose parts are cut elsewhere": v1alpha1.PasswordRevocationName("us", "", "1"),
		"a disabling":                       v1alpha1.DisabledRevocationName("u", 1),
		"the next disabling":                v1alpha1.DisabledRevocationName("u", 2),
		"that of another user, later":       v1alpha1.DisabledRevocationName("u1", 2),
		"a sign-out":                        v1alpha1.SignOutRevocationName("u", "j"),
		"that by another token":             v1alpha1.SignOutRevocationName("u", "k"),
		"that of another user by the token": v1alpha1.SignOutRevocationName("v", "j"),
		"one whose parts are cut earlier":   v1alpha1.SignOutRevocationName("", "uj"),
	} {
		if !form.MatchString(name) {
			t.Errorf("%s has the name %q, which isn't 52 characters of lower-case base32", what, name)
		}
		if other, taken := seen[name]; taken {
			t.Errorf("%s has the name of %s", what, other)
		}
		seen[name] = what
	}
}

// Others compute this name too, so it can't change: base32(SHA-256("abc")), FIPS 180-2 appendix B.1.
func TestSessionRevocationNameIsTheHashOfTheSid(t *testing.T) {
	const want = "xj4bnp4pahh6uqkbidpf3lrceoyagyndsylxvhfucd7wd4qacwwq"
	if got := v1alpha1.SessionRevocationName("abc"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
