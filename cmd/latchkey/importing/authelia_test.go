package importing_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-auth/latchkey/cmd/latchkey/importing"
)

func TestFilesThatArentUserFilesAreRefused(t *testing.T) {
	for sentence, tc := range map[string]struct{ kind, file, refusal string }{
		"an empty htpasswd":                {"htpasswd", "\n# nobody\n", "there is no user in it"},
		"an empty Authelia file":           {"authelia", "", "there is no user in it"},
		"an Authelia file without users":   {"authelia", "users: {}", "there is no user in it"},
		"another YAML file":                {"authelia", "server: {address: tcp://:9091}", "the file has no mapping users: is it the file of authentication_backend.file.path?"},
		"a list of users":                  {"authelia", "users: [ada]", "the file has no mapping users: is it the file of authentication_backend.file.path?"},
		"a text":                           {"authelia", "users", "the file has no mapping users: is it the file of authentication_backend.file.path?"},
		"two documents":                    {"authelia", "users: {}\n---\nusers: {}", "the file holds more than one YAML document: Authelia reads the first alone, so take the others out"},
		"what isn't YAML":                  {"authelia", "users:\n  ada:\n    password: *secret\n", "the file isn't YAML: Authelia's own `authelia config validate`, or any other YAML reader, says where"},
		"what isn't YAML, with a password": {"authelia", "users:\n\tada: {password: secret}\n", "the file isn't YAML: Authelia's own `authelia config validate`, or any other YAML reader, says where"},
	} {
		t.Run(sentence, func(t *testing.T) {
			_, err := readers[tc.kind]([]byte(tc.file), importing.Options{})
			if err == nil || err.Error() != tc.refusal {
				t.Errorf("says %v, not %s", err, tc.refusal)
			}
		})
	}
}

func TestAutheliaEntries(t *testing.T) {
	const form = " has another form than Authelia's"
	for sentence, tc := range map[string]struct {
		file    string
		refusal string // of ada; "" if taken whole
	}{
		"the least there is":               {"ada: {password: '" + bcrypt + "'}", ""},
		"nulls":                            {"ada: {password: '" + bcrypt + "', email: , groups: , displayname: ~, disabled: null}", ""},
		"a name that looks like a number":  {"1815: {password: '" + bcrypt + "'}", ""},
		"a name that looks like a truth":   {"no: {password: '" + bcrypt + "'}", ""},
		"an anchor and its alias":          {"eve: {password: &p '" + bcrypt + "'}\n  ada: {password: *p}", ""},
		"a merged mapping":                 {"eve: &e {password: '" + bcrypt + "'}\n  ada: {<<: *e, displayname: Ada}", ""},
		"no password":                      {"ada: {displayname: Ada}", "it has no password hash: make the user with a new password"},
		"a password that is a list":        {"ada: {password: ['" + bcrypt + "']}", "password" + form},
		"an email that is a list":          {"ada: {password: '" + bcrypt + "', email: [a@example.com]}", "email" + form},
		"a display name that is a mapping": {"ada: {password: '" + bcrypt + "', displayname: {a: b}}", "displayname" + form},
		"groups that are a text":           {"ada: {password: '" + bcrypt + "', groups: admins}", "groups" + form},
		"groups of mappings":               {"ada: {password: '" + bcrypt + "', groups: [{name: admins}]}", "groups" + form},
		"disabled neither true nor false":  {"ada: {password: '" + bcrypt + "', disabled: perhaps}", "disabled" + form},
		"a user who is a text":             {"ada: '" + bcrypt + "'", "it isn't a mapping whose keys are all different"},
		"a key that is there twice":        {"ada: {password: '" + bcrypt + "', password: x}", "it isn't a mapping whose keys are all different"},
		"a user who is there twice":        {"ada: {password: '" + bcrypt + "'}\n  ada: {password: '" + bcrypt + "'}", "line 2 has this name already"},
		"a merge key among the users":      {"eve: {password: '" + bcrypt + "'}\n  <<: {ada: {password: '" + bcrypt + "'}}", "a merge key can't stand among the users"},
	} {
		t.Run(sentence, func(t *testing.T) {
			result, err := importing.Authelia([]byte("users:\n  "+tc.file+"\n"), importing.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if tc.refusal == "" {
				if !result.Complete() || len(result.Remarks) > 0 {
					t.Errorf("says %q", result.Remarks)
				}
				return
			}
			if len(result.Remarks) != 1 || !strings.HasSuffix(result.Remarks[0], "not taken: "+tc.refusal) || result.Refused != 1 {
				t.Errorf("says %q, not %s", result.Remarks, tc.refusal)
			}
		})
	}
}

func TestKeysWithoutAPlaceAreNotedAndTheUserIsTaken(t *testing.T) {
	result, err := importing.Authelia([]byte(`
version: 1
users:
  ada: {password: '`+bcrypt+`', given_name: Ada, address: {country: UK}, extra: {a: b}, future: [1], Secret-1: }
  eve: {password: '`+bcrypt+`', given_name: Eve}
`), importing.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"left aside, since Latchkey has no place for it: a key unlike Authelia's (1), address (1), extra (1), future (1), given_name (2), version (1)"}
	if !slices.Equal(result.Remarks, want) || !result.Complete() {
		t.Errorf("says %q", result.Remarks)
	}
}
