package feed_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-auth/latchkey/controllers/feed"
)

func TestASnapshotSaysWhatTheObjectsSay(t *testing.T) {
	realm := func(namespace, name, spec string) json.RawMessage {
		return json.RawMessage(`{"kind":"Realm","metadata":{"namespace":"` + namespace + `","name":"` + name + `","uid":"r","resourceVersion":"7"},"spec":` + spec + `}`)
	}
	object := func(kind, name, uid, spec string) json.RawMessage {
		return json.RawMessage(`{"kind":"` + kind + `","metadata":{"namespace":"team","name":"` + name + `","uid":"` + uid + `","resourceVersion":"7"},"spec":` + spec + `}`)
	}
	const settings = `{"tokens":{"algorithm":"ES256","accessTTL":"30m","refreshTTL":"168h"},"sessions":{"cookieTTL":"12h"},
		"identityHeaders":{"user":"A","uid":"B","email":"C","groups":"D"}}`
	d, problems := feed.Snapshot(feed.Objects{
		Realms: []json.RawMessage{realm("team", "default", settings), realm("other", "staging", settings)},
		Users: []json.RawMessage{
			object("User", "ann", "1", `{"roles":["editor","broken"]}`), object("User", "bob", "2", `{"disabled":"no"}`), json.RawMessage(`[]`),
		},
		Roles: []json.RawMessage{object("Role", "editor", "3", `{"includes":["viewer"]}`), object("Role", "viewer", "4", `{}`), object("Role", "broken", "5", `{"rules":"all"}`)},
	}, "https://auth.example.com")

	r := d.Realm("team")
	if r == nil || r.Settings().Unusable != "" || r.Settings().Issuer != "https://auth.example.com/realms/team" {
		t.Fatalf("the realm is %+v", r)
	}
	if d.Realm("other") != nil {
		t.Error("a Realm of another name counts")
	}
	if got := r.Subject(r.User("ann")).Grant.Roles(); !slices.Equal(got, []string{"editor", "viewer"}) {
		t.Errorf("ann holds %q", got)
	}
	if r.User("bob").Active() {
		t.Error("a user who can't be read is active")
	}
	var said []string
	for _, p := range problems {
		said = append(said, p.Error())
	}
	for _, want := range []string{`read User "bob"`, `read Role "broken"`, "read object 2"} {
		if !slices.ContainsFunc(said, func(s string) bool { return strings.HasPrefix(s, want) }) {
			t.Errorf("nobody is told %q: %q", want, said)
		}
	}
	if len(said) != 3 {
		t.Errorf("there are other problems: %q", said)
	}
}

func TestReadRole(t *testing.T) {
	for sentence, c := range map[string]struct {
		object string
		rules  int
		fails  bool
	}{
		"a Role is read with its rules":      {`{"metadata":{"name":"a"},"spec":{"rules":[{"hosts":["*"],"paths":["/"],"methods":["GET"]}]}}`, 1, false},
		"one that is being deleted has none": {`{"metadata":{"name":"a","deletionTimestamp":"2026-01-01T00:00:00Z"},"spec":{"rules":[{"hosts":["*"],"paths":["/"],"methods":["GET"]}]}}`, 0, false},
		"one that can't be read has none":    {`{"metadata":{"name":"a"},"spec":{"rules":[{"hosts":"*"}]}}`, 0, true},
		"what isn't an object has none":      {`[]`, 0, true},
	} {
		t.Run(sentence, func(t *testing.T) {
			role, err := feed.ReadRole(json.RawMessage(c.object))
			if len(role.Rules) != c.rules || (err != nil) != c.fails {
				t.Errorf("read %+v, %v", role, err)
			}
		})
	}
}
