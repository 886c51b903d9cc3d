package feed

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/textproto"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/webhook/directory"
	"github.com/latchkey-auth/latchkey/webhook/policy"
	"github.com/latchkey-auth/latchkey/webhook/token"
)

// realmDecoder says how a realm is set up. One that is being deleted stays until it
// is gone: the object is no grant, what it holds together dies by itself, and so
// every replica and the leader agree on one moment, that of the deletion.
func realmDecoder(externalURL, defaultRealm string) func(*metav1.ObjectMeta, json.RawMessage) (directory.Settings, error) {
	return func(meta *metav1.ObjectMeta, raw json.RawMessage) (directory.Settings, error) {
		var spec v1alpha1.RealmSpec
		err := decode(raw, &spec)
		if err != nil {
			return directory.Settings{Unusable: "the Realm object can't be read: " + err.Error()}, err
		}
		s := settingsOf(&spec, directory.Issuer(spec.Issuer, externalURL, defaultRealm, meta.Namespace))
		if err := unusable(s); err != nil {
			s.Unusable = "the Realm object can't be used: " + err.Error()
			return s, err
		}
		return s, nil
	}
}

// onlyTheOne overlooks Realm objects whose name isn't the one that counts.
func onlyTheOne(translate func(any) (entry[directory.Settings], bool)) func(any) (entry[directory.Settings], bool) {
	return func(o any) (entry[directory.Settings], bool) {
		e, ok := translate(o)
		e.absent = e.Name != v1alpha1.RealmName
		return e, ok
	}
}

func settingsOf(spec *v1alpha1.RealmSpec, issuer string) directory.Settings {
	audiences := slices.Clone(spec.Audiences)
	if len(audiences) == 0 {
		audiences = []string{issuer}
	}
	return directory.Settings{
		Issuer:            issuer,
		Audiences:         audiences,
		Algorithm:         token.Algorithm(spec.Tokens.Algorithm),
		AccessTTL:         spec.Tokens.AccessTTL.Duration,
		RefreshTTL:        spec.Tokens.RefreshTTL.Duration,
		PasswordGrant:     spec.Tokens.PasswordGrant == nil || *spec.Tokens.PasswordGrant,
		CookieTTL:         spec.Sessions.CookieTTL.Duration,
		RefreshLeeway:     spec.Sessions.RefreshLeeway.Duration,
		MaxPerUser:        int(spec.Sessions.MaxPerUser),
		MaxLoginsPerHour:  int(spec.Sessions.MaxLoginsPerHour),
		CookieDomain:      spec.Sessions.CookieDomain,
		AllowedRedirects:  slices.Clone(spec.Sessions.AllowedRedirects),
		BasicAuth:         spec.BasicAuth,
		MinPasswordLength: int(spec.Passwords.MinLength),
		Headers: directory.IdentityHeaders{
			User:   canonical(spec.IdentityHeaders.User),
			UID:    canonical(spec.IdentityHeaders.UID),
			Email:  canonical(spec.IdentityHeaders.Email),
			Groups: canonical(spec.IdentityHeaders.Groups),
		},
		AdminRole:         grantable(spec.AdminRole),
		IntrospectionRole: grantable(spec.IntrospectionRole),
		LockoutFailures:   int(spec.Lockout.Failures),
		LockoutWindow:     spec.Lockout.Window.Duration,
		LockoutDuration:   spec.Lockout.Duration.Duration,
	}
}

// unusable says what must not be missing, in case the schema and its defaults were
// passed by.
func unusable(s directory.Settings) error {
	headers := []string{s.Headers.User, s.Headers.UID, s.Headers.Email, s.Headers.Groups}
	slices.Sort(headers)
	switch {
	case s.Issuer == "":
		return errors.New("it has no issuer: set spec.issuer, or give Latchkey its --external-url")
	case !slices.Contains([]token.Algorithm{token.ES256, token.EdDSA, token.RS256, token.HS256}, s.Algorithm):
		return fmt.Errorf("spec.tokens.algorithm %q is none that Latchkey knows", s.Algorithm)
	case s.AccessTTL <= 0 || s.RefreshTTL <= 0 || s.CookieTTL <= 0:
		return errors.New("spec.tokens.accessTTL, spec.tokens.refreshTTL and spec.sessions.cookieTTL must be set")
	case headers[0] == "" || len(slices.Compact(headers)) < 4:
		return errors.New("spec.identityHeaders must be four different names")
	}
	return nil
}

// canonical is a header name as net/http has it.
func canonical(name v1alpha1.HeaderName) string {
	return textproto.CanonicalMIMEHeaderKey(string(name))
}

// grantable is the name of a role that somebody can hold, or "".
func grantable(name v1alpha1.GrantableRoleName) string {
	if policy.Reserved(string(name)) {
		return ""
	}
	return string(name)
}
