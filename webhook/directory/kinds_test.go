package directory_test

import (
	"testing"

	"github.com/latchkey-auth/latchkey/webhook/directory"
	"github.com/latchkey-auth/latchkey/webhook/token"
)

func TestKeys(t *testing.T) {
	good, other, bad := aDocument(t), aDocument(t), token.Document{}
	put := func(d *directory.Directory, uid string, v directory.Version, doc token.Document) {
		d.Keys().Put(item("keys", uid, v, doc))
	}
	for sentence, c := range map[string]struct {
		writes func(*directory.Directory)
		want   string // the key that signs; "" if there are no keys
	}{
		"without a document there are no keys": {
			func(*directory.Directory) {}, ""},
		"a document's keys are used": {
			func(d *directory.Directory) { put(d, "1", 1, good) }, good.Generations[0].ID},
		"a new document's keys are used": {
			func(d *directory.Directory) { put(d, "1", 1, good); put(d, "1", 2, other) }, other.Generations[0].ID},
		"a corrupted document keeps the last good keys": {
			func(d *directory.Directory) { put(d, "1", 1, good); put(d, "1", 2, bad) }, good.Generations[0].ID},
		"a corrupted document that comes with a list keeps the last good keys": {
			func(d *directory.Directory) {
				put(d, "1", 1, good)
				d.Keys().ReplaceNamespace(team, []directory.Item[token.Document]{item("keys", "1", 2, bad)}, 3)
			}, good.Generations[0].ID},
		"a corrupted first document makes no keys": {
			func(d *directory.Directory) { put(d, "1", 1, bad) }, ""},
		"a deleted document takes its keys at once": {
			func(d *directory.Directory) { put(d, "1", 1, good); d.Keys().Delete(team, "keys", "1", 2) }, ""},
		"a document that a list lacks takes its keys": {
			func(d *directory.Directory) { put(d, "1", 1, good); d.Keys().ReplaceNamespace(team, nil, 3) }, ""},
		"a corrupted document in another object doesn't revive the keys of the one before": {
			func(d *directory.Directory) { put(d, "1", 1, good); put(d, "2", 2, bad) }, ""},
		"a dropped namespace has no keys": {
			func(d *directory.Directory) { put(d, "1", 1, good); d.Keys().DropNamespace(team) }, ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			d, r := aRealm(t)
			c.writes(d)
			if got := r.Keys().ActiveKeyID(); got != c.want {
				t.Errorf("key %q signs, want %q", got, c.want)
			}
			if c.want == "" && r.Keys() != nil {
				t.Error("there is a ring without keys")
			}
		})
	}
}

func TestRoles(t *testing.T) {
	held := []string{"viewer", "editor"}
	for sentence, c := range map[string]struct {
		writes         func(*directory.Table[directory.Role])
		viewer, editor bool // whether /viewer, /editor are granted
	}{
		"no Roles grant nothing": {func(*directory.Table[directory.Role]) {}, false, false},
		"each Role grants": {func(r *directory.Table[directory.Role]) {
			r.Put(item("viewer", "v", 1, aRole("viewer")))
			r.Put(item("editor", "e", 2, aRole("editor")))
		}, true, true},
		"a list of Roles grants": {func(r *directory.Table[directory.Role]) {
			r.Replace([]directory.Item[directory.Role]{item("viewer", "v", 1, aRole("viewer")), item("editor", "e", 2, aRole("editor"))}, 3)
		}, true, true},
		"a deleted Role grants nothing more": {func(r *directory.Table[directory.Role]) {
			r.Put(item("viewer", "v", 1, aRole("viewer")))
			r.Delete(team, "viewer", "v", 2)
		}, false, false},
		"a Role that a list lacks grants nothing more": {func(r *directory.Table[directory.Role]) {
			r.Put(item("viewer", "v", 1, aRole("viewer")))
			r.Replace([]directory.Item[directory.Role]{item("editor", "e", 2, aRole("editor"))}, 3)
		}, false, true},
		"a Role that can't be read grants nothing, and hinders no other": {func(r *directory.Table[directory.Role]) {
			r.Put(item("viewer", "v", 1, aRole("viewer")))
			r.Put(item("editor", "e", 2, directory.Role{}))
		}, true, false},
		"a Role that can't be read any more grants nothing more": {func(r *directory.Table[directory.Role]) {
			r.Put(item("viewer", "v", 1, aRole("viewer")))
			r.Put(item("viewer", "v", 2, directory.Role{}))
		}, false, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			d, r := aRealm(t)
			d.Users().Put(item("ann", "1", 1, directory.User{Roles: held}))
			c.writes(d.Roles())
			s := r.Subject(r.User("ann"))
			for path, want := range map[string]bool{"viewer": c.viewer, "editor": c.editor} {
				if got := allows(t, s, "/"+path); got != want {
					t.Errorf("allows /%s: %v, want %v", path, got, want)
				}
				if got := s.Grant.Has(path) && r.Policy().HasRole(path); got != want {
					t.Errorf("role %s is effective: %v, want %v", path, got, want)
				}
			}
		})
	}
}

func TestAChangeOfARolesStatusCompilesNothing(t *testing.T) {
	d, r := aRealm(t)
	d.Roles().Put(item("viewer", "v", 1, aRole("viewer")))
	before := r.Policy()
	d.Roles().Put(item("viewer", "v", 2, aRole("viewer")))
	if r.Policy() != before {
		t.Error("the policy was made anew although no Role changed")
	}
}

func TestSettings(t *testing.T) {
	d, r := aRealm(t)
	if got := r.Settings(); got.Issuer != "https://auth.example.com" || got.Unusable != "" {
		t.Errorf("settings are %+v", got)
	}
	d.Settings().Put(item("default", "realm-uid", 2, directory.Settings{}))
	if r.Settings().Unusable == "" {
		t.Error("a realm whose object says nothing is usable")
	}
}

func TestIssuer(t *testing.T) {
	for sentence, c := range map[string]struct{ spec, external, namespace, want string }{
		"a realm's own issuer counts":                        {"https://login.example.com", "https://auth.example.com", team, "https://login.example.com"},
		"the default realm's is the external URL":            {"", "https://auth.example.com", "latchkey", "https://auth.example.com"},
		"another realm's is below it":                        {"", "https://auth.example.com", team, "https://auth.example.com/realms/team"},
		"also where the external URL ends in a slash":        {"", "https://auth.example.com/", team, "https://auth.example.com/realms/team"},
		"without any URL there is none, also for other ones": {"", "", team, ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			if got := directory.Issuer(c.spec, c.external, "latchkey", c.namespace); got != c.want {
				t.Errorf("issuer is %q, want %q", got, c.want)
			}
		})
	}
}
