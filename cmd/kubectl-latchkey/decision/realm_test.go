package decision_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-auth/latchkey/cmd/kubectl-latchkey/decision"
	"github.com/latchkey-auth/latchkey/controllers/feed"
)

func aRole(name, spec string) json.RawMessage {
	return json.RawMessage(`{"kind":"Role","metadata":{"namespace":"team","name":"` + name + `","uid":"` + name + `","resourceVersion":"1"},"spec":` + spec + `}`)
}

func TestIncludesThatLeadBack(t *testing.T) {
	realm := decision.New("team", feed.Objects{Roles: []json.RawMessage{
		aRole("a", `{"includes":["x","b"]}`), aRole("b", `{"includes":["c"]}`), aRole("c", `{"includes":["b","a"]}`),
		aRole("self", `{"includes":["self"]}`), aRole("x", `{"includes":["gone","anonymous"]}`), aRole("anonymous", `{"includes":["anonymous"]}`),
	}})
	for name, want := range map[string]string{"a": "a b c a", "b": "b c b", "self": "self self", "x": "", "anonymous": "", "gone": ""} {
		if got := strings.Join(realm.Cycle(name), " "); got != want {
			t.Errorf("%s leads back by %q, want %q", name, got, want)
		}
	}
}

func TestProblemsAreWhatGrantsNothing(t *testing.T) {
	realm := decision.New("team", feed.Objects{Roles: []json.RawMessage{
		aRole("a", `{"rules":[{"hosts":["*"],"paths":["/"],"methods":["GET"]},{"hosts":["*"],"paths":["/a//b"],"methods":["GET"]}]}`), aRole("b", `{"rules":"all"}`),
	}})
	problems := realm.Problems()
	if len(problems) != 1 || !strings.HasPrefix(problems[0].Error(), `role "a": rules[1].paths[0]: `) {
		t.Errorf("problems are %v", problems)
	}
}

func TestSplitURL(t *testing.T) {
	for url, want := range map[string][]string{
		"https://app.example.com/a/../b?x=/c":  {"app.example.com", "/a/../b?x=/c"},
		"http://app.example.com:8080/%2e%2e//": {"app.example.com:8080", "/%2e%2e//"},
		"https://app.example.com":              {"app.example.com", "/"},
		"https://app.example.com?next=/admin":  {"app.example.com", "/?next=/admin"},
		"https://app.example.com#/admin":       {"app.example.com", "/"},
		"https://app.example.com/a#b":          {"app.example.com", "/a#b"},
		"https://ada@app.example.com/":         {"ada@app.example.com", "/"},
		"https:///a":                           {"", "/a"},
		"/a":                                   nil,
		"app.example.com/a":                    nil,
		"ftp://app.example.com/a":              nil,
		"":                                     nil,
	} {
		host, target, err := decision.SplitURL(url)
		if want == nil && err == nil || want != nil && (err != nil || !slices.Equal([]string{host, target}, want)) {
			t.Errorf("%q is %q, %q, %v; want %q", url, host, target, err, want)
		}
	}
}

func TestHintsSayWhatIsAmiss(t *testing.T) {
	user := func(name, spec string) json.RawMessage {
		return json.RawMessage(`{"kind":"User","metadata":{"namespace":"team","name":"` + name + `","uid":"` + name + `","resourceVersion":"1"},"spec":` + spec + `}`)
	}
	realm := decision.New("team", feed.Objects{
		Realms: []json.RawMessage{json.RawMessage(`{"kind":"Realm","metadata":{"namespace":"team","name":"default","resourceVersion":"1"},"spec":{"tokens":{"algorithm":"ES256","accessTTL":"30m","refreshTTL":"168h"},"sessions":{"cookieTTL":"12h"},"identityHeaders":{"user":"A","uid":"B","email":"C","groups":"D"}}}`)},
		Users:  []json.RawMessage{user("ann", `{"roles":["editor","broken","gone"]}`), user("nora", `{}`), user("odd", `{"disabled":"no"}`)},
		Roles: []json.RawMessage{
			aRole("anonymous", `{"rules":[{"hosts":["*"],"paths":["/public"],"methods":["GET"]}]}`), aRole("broken", `{"rules":"all"}`),
			aRole("editor", `{"includes":["lost"],"rules":[{"hosts":["*"],"paths":["a"],"methods":["GET"]}]}`),
		},
	})
	for sentence, c := range map[string]struct {
		user, path string
		hint       string
	}{
		"a role that isn't there":         {"ann", "/", `ann holds Role "gone", and there is no such Role, so it grants nothing`},
		"a role that can't be read":       {"ann", "/", `read Role "broken": spec: `},
		"an include that isn't there":     {"ann", "/", `Role editor includes "lost", and there is no such Role, so it grants nothing`},
		"a rule that grants nothing":      {"ann", "/", `rules[0] of Role editor grants nothing: "a" is not absolute: begin it with a slash`},
		"no role at all":                  {"nora", "/", "nora holds no Role: name some in spec.roles"},
		"a path that nobody is near":      {"nora", "/x", "rules[0] of Role anonymous would allow it, but its paths are /public"},
		"a user who is gone, and allowed": {"ghost", "/public", `there is no User "ghost" in namespace "team": create it, or correct the name`},
		"a user who can't be read":        {"odd", "/public", `User "odd" is being deleted or can't be read`},
	} {
		t.Run(sentence, func(t *testing.T) {
			e, err := realm.Explain(decision.Question{User: c.user, Method: "GET", URL: "https://app.example.com" + c.path})
			if err != nil {
				t.Fatal(err)
			}
			if !slices.ContainsFunc(e.Hints, func(h string) bool { return strings.HasPrefix(h, c.hint) }) {
				t.Errorf("hints are %q, want %q", e.Hints, c.hint)
			}
		})
	}
}
