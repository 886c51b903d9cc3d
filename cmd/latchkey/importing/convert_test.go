package importing_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/cmd/latchkey/importing"
)

const (
	bcrypt   = "$2y$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC"
	argon2id = "$argon2id$v=19$m=65536,t=3,p=4$BpLnfgDsc2WD8F2q$o/vzA4myCqZZ36bUGsDY//8mKUYNZZaR0t4MFFSs+iM"
)

func TestHashes(t *testing.T) {
	const newPassword = ": make the user with a new password"
	only := func(kind string) string {
		return "its hash is " + kind + ", and only bcrypt and argon2id are taken" + newPassword
	}
	for sentence, tc := range map[string]struct{ hash, refusal string }{
		"bcrypt as PHP and Apache write it":          {bcrypt, ""},
		"bcrypt as OpenBSD writes it":                {strings.Replace(bcrypt, "$2y", "$2b", 1), ""},
		"bcrypt as it was first written":             {strings.Replace(bcrypt, "$2y", "$2a", 1), ""},
		"bcrypt with a known bug":                    {strings.Replace(bcrypt, "$2y", "$2x", 1), "its hash is not one that Latchkey takes: bcrypt: write it as $2b$ (or $2a$, $2y$), two digits of cost, $ and 53 characters; make the user with a new password"},
		"bcrypt of cost 15":                          {strings.Replace(bcrypt, "$05", "$15", 1), "its hash is not one that Latchkey takes: bcrypt: cost 15 is not 4 to 14; make the user with a new password"},
		"bcrypt behind {CRYPT}":                      {"{CRYPT}" + bcrypt, ""},
		"argon2id as Authelia writes it":             {argon2id, ""},
		"argon2id as Authelia once wrote it":         {"{CRYPT}" + argon2id, ""},
		"argon2id with salt and key of 16 bytes":     {"$argon2id$v=19$m=1024,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA", ""},
		"argon2id of 2 GiB, RFC 9106's first choice": {strings.Replace(argon2id, "m=65536,t=3,p=4", "m=2097152,t=1,p=4", 1), "its hash is not one that Latchkey takes: argon2id: memory m=2097152 is not 32 (8 for each lane) to 131072 KiB; make the user with a new password"},
		"argon2id of an old version":                 {strings.Replace(argon2id, "v=19", "v=16", 1), "its hash is not one that Latchkey takes: argon2id: only version 19 (v=19) is supported; make the user with a new password"},
		"argon2i":                                    {strings.Replace(argon2id, "argon2id", "argon2i", 1), only("argon2i, not argon2id")},
		"argon2d":                                    {strings.Replace(argon2id, "argon2id", "argon2d", 1), only("argon2d, not argon2id")},
		"Apache's MD5":                               {"$apr1$r31.....$HqJZimcKQFAMYayBlzkrA/", only("MD5 ($apr1$)")},
		"MD5 crypt":                                  {"$1$12345678$XM4P3PrKBgKNnTaqG9P0T/", only("MD5 ($1$)")},
		"SHA-1":                                      {"{SHA}VBPuJHI7uixaa6LQGWx4s+5GKNE=", only("unsalted SHA-1 ({SHA})")},
		"salted SHA-1":                               {"{SSHA}VBPuJHI7uixaa6LQGWx4s+5GKNE=", only("salted SHA ({SSHA})")},
		"SHA-256 crypt":                              {"$5$rounds=5000$aaaa$bbbb", only("SHA-256 crypt ($5$)")},
		"SHA-512 crypt":                              {"$6$rounds=5000$aaaa$bbbb", only("SHA-512 crypt ($6$)")},
		"SHA-512 crypt behind {CRYPT}":               {"{CRYPT}$6$rounds=5000$aaaa$bbbb", only("SHA-512 crypt ($6$)")},
		"scrypt":                                     {"$scrypt$ln=16,r=8,p=1$aaaa$bbbb", only("scrypt")},
		"yescrypt":                                   {"$y$j9T$aaaa$bbbb", only("yescrypt ($y$)")},
		"PBKDF2":                                     {"$pbkdf2-sha512$310000$aaaa$bbbb", only("PBKDF2")},
		"DES crypt":                                  {"rqXexS6ZhobKA", only("crypt's DES, or no hash but a password")},
		"plaintext that says so":                     {"$plaintext$secret", only("no hash but the password itself ($plaintext$)")},
		"plaintext in base64":                        {"$base64$c2VjcmV0", only("no hash but the password itself ($base64$)")},
		"plaintext that doesn't":                     {"secret secret", only("of no known kind, or no hash but a password")},
		"a scheme that nobody knows":                 {"$future$secret", only("of no known kind, or no hash but a password")},
		"a password with a dollar sign":              {"$Secret$1", only("of no known kind, or no hash but a password")},
		"dollar signs as in a Compose file":          {strings.ReplaceAll(bcrypt, "$", "$$"), "the dollar signs of its hash are doubled, as in a Compose file: write each once"},
		"nothing":                                    {"", "it has no password hash: make the user with a new password"},
		"a space at the end":                         {bcrypt + " ", "its hash is not one that Latchkey takes: a password hash has no spaces, line breaks or characters beyond ASCII; make the user with a new password"},
	} {
		t.Run(sentence, func(t *testing.T) {
			result, err := importing.Htpasswd([]byte("ada:"+tc.hash+"\n"), importing.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if tc.refusal == "" {
				if !result.Complete() || string(result.Accounts[0].Secret.Data["passwordHash"]) != strings.TrimPrefix(tc.hash, "{CRYPT}") {
					t.Errorf("not taken as it is: %q", result.Remarks)
				}
				return
			}
			want := []string{`line 1: "ada": not taken: ` + tc.refusal}
			if len(result.Accounts) != 0 || result.Complete() || !slices.Equal(result.Remarks, want) {
				t.Errorf("says %q, not %q", result.Remarks, want)
			}
		})
	}
}

func TestNames(t *testing.T) {
	refusal := func(suggestion string) string {
		return "a user name has at most 63 lower-case letters, digits and, between them, hyphens" + suggestion + ": name the user so, and tell them"
	}
	for sentence, tc := range map[string]struct{ name, refusal string }{
		"a word":                     {"ada", ""},
		"a digit":                    {"1", ""},
		"63 characters":              {strings.Repeat("a", 63), ""},
		"64 characters":              {strings.Repeat("a", 64), refusal("")},
		"upper case":                 {"Ada", refusal(", such as ada")},
		"a dot":                      {"ada.lovelace", refusal(", such as ada-lovelace")},
		"an email address":           {"ada@example.com", refusal(", such as ada-example-com")},
		"an underscore at the end":   {"ada_", refusal(", such as ada")},
		"a hyphen first":             {"-ada", refusal(", such as ada")},
		"nothing that could be kept": {"жук", refusal("")},
		"a space":                    {"ada lovelace", refusal(", such as ada-lovelace")},
		"a terminal's escape":        {"ada\x1b[31m", refusal(", such as ada-31m")},
		"nothing":                    {"", refusal("")},
	} {
		t.Run(sentence, func(t *testing.T) {
			result, err := importing.Htpasswd([]byte(tc.name+":"+bcrypt), importing.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if tc.refusal == "" {
				if !result.Complete() || result.Accounts[0].User.Name != tc.name || result.Accounts[0].User.Spec.PasswordSecretRef.Name != result.Accounts[0].Secret.Name {
					t.Errorf("not taken: %q", result.Remarks)
				}
				return
			}
			called := fmt.Sprintf("%q: ", tc.name)
			if tc.name == "" {
				called = ""
			}
			if want := []string{"line 1: " + called + "not taken: " + tc.refusal}; len(result.Accounts) != 0 || !slices.Equal(result.Remarks, want) {
				t.Errorf("says %q, not %q", result.Remarks, want)
			}
		})
	}
}

func TestTheFirstOfANameIsTaken(t *testing.T) {
	other := strings.Replace(bcrypt, "$2y", "$2a", 1)
	for sentence, tc := range map[string]struct {
		file string
		want []string
	}{
		"as Apache and nginx do":                 {"ada:" + bcrypt + "\nada:" + other, []string{bcrypt}},
		"also where it isn't taken, for another": {"ada:{SHA}x\nada:" + other, nil},
	} {
		t.Run(sentence, func(t *testing.T) {
			result, err := importing.Htpasswd([]byte(tc.file), importing.Options{})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, a := range result.Accounts {
				got = append(got, string(a.Secret.Data["passwordHash"]))
			}
			if !slices.Equal(got, tc.want) || !strings.HasSuffix(strings.Join(result.Remarks, "\n"), `line 2: "ada": not taken: line 1 has this name already`) {
				t.Errorf("takes %q and says %q", got, result.Remarks)
			}
		})
	}
}

func TestRolesAreAddedToTheUsersOwn(t *testing.T) {
	file := []byte("users:\n  ada: {password: '" + bcrypt + "', displayname: Ada, groups: [dev, dev, Ops, anonymous]}\n")
	for sentence, tc := range map[string]struct {
		options importing.Options
		roles   []v1alpha1.GrantableRoleName
		remarks []string
	}{
		"groups are roles": {importing.Options{}, []v1alpha1.GrantableRoleName{"dev"}, []string{
			`line 2: "ada": taken without one role: "Ops" can't be the name of a Role, which has at most 63 lower-case letters, digits and, between them, hyphens, such as ops`,
			`line 2: "ada": taken without one role: "anonymous" is reserved: everybody holds it already`,
			"roles that have an effect once there are Roles of these names: dev",
		}},
		"also beside others": {importing.Options{Roles: []string{"viewer", "dev"}}, []v1alpha1.GrantableRoleName{"dev", "viewer"}, nil},
		"or left aside": {importing.Options{Roles: []string{"viewer"}, NoGroups: true}, []v1alpha1.GrantableRoleName{"viewer"}, []string{
			"roles that have an effect once there are Roles of these names: viewer",
		}},
	} {
		t.Run(sentence, func(t *testing.T) {
			result, err := importing.Authelia(file, tc.options)
			if err != nil {
				t.Fatal(err)
			}
			if got := result.Accounts[0].User.Spec.Roles; !slices.Equal(got, tc.roles) {
				t.Errorf("gives %q", got)
			}
			if tc.remarks != nil && !slices.Equal(result.Remarks, tc.remarks) {
				t.Errorf("says %q", result.Remarks)
			}
			if result.Complete() != tc.options.NoGroups {
				t.Errorf("complete: %v", result.Complete())
			}
		})
	}
}

func TestAUserHasAtMost32Roles(t *testing.T) {
	var groups []string
	for i := range 33 {
		groups = append(groups, fmt.Sprintf("role-%d", i))
	}
	result, err := importing.Authelia([]byte("users: {ada: {password: '"+bcrypt+"', groups: ["+strings.Join(groups, ", ")+"]}}"), importing.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(result.Accounts[0].User.Spec.Roles) != 32 || result.Remarks[0] != `line 1: "ada": taken without one role: "role-32" is beyond the 32 that a user may have` {
		t.Errorf("%d roles, and says %q", len(result.Accounts[0].User.Spec.Roles), result.Remarks)
	}
}

func TestOptionsThatNoUserCouldHaveAreRefused(t *testing.T) {
	for want, o := range map[string]importing.Options{
		`--roles: "anonymous" is reserved: everybody holds it already`:                                                                              {Roles: []string{"viewer", "anonymous"}},
		`--roles: "Viewer" can't be the name of a Role, which has at most 63 lower-case letters, digits and, between them, hyphens, such as viewer`: {Roles: []string{"Viewer"}},
		`--namespace: "Team A" can't be the name of a namespace`:                                                                                    {Namespace: "Team A"},
	} {
		result, err := importing.Htpasswd([]byte("ada:"+bcrypt), o)
		if err == nil || err.Error() != want || len(result.Accounts) != 0 {
			t.Errorf("says %v, not %s", err, want)
		}
	}
}
