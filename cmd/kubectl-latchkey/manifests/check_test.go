package manifests_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/latchkey-auth/latchkey/cmd/kubectl-latchkey/manifests"
)

// checker is made once: compiling every CEL rule takes a second.
var checker = sync.OnceValues(manifests.New)

func judge(t *testing.T, files, expected []manifests.File, namespace string) *manifests.Report {
	t.Helper()
	c, err := checker()
	if err != nil {
		t.Fatal(err)
	}
	return c.Check(t.Context(), files, expected, namespace)
}

// check judges files written into a folder, and returns its findings with places below that folder.
func check(t *testing.T, files map[string]string) (report *manifests.Report, findings []string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		at := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(at), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	read, expected, err := manifests.Read(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	report = judge(t, read, expected, "team")
	for _, f := range report.Findings {
		findings = append(findings, strings.TrimPrefix(strings.TrimPrefix(f.String(), dir), string(filepath.Separator)))
	}
	return report, findings
}

const head = "apiVersion: auth.latchkey.dev/v1alpha1\nkind: "

func object(kind, name, spec string) string {
	return head + kind + "\nmetadata: {name: " + name + "}\nspec: " + spec + "\n"
}

const anywhere = `{hosts: ["*"], paths: [/**], methods: [GET]}`

var realm = object("Realm", "default", "{}")

func TestManifests(t *testing.T) {
	for sentence, c := range map[string]struct {
		files map[string]string
		want  []string // findings; none is good
	}{
		"good ones are good, with other kinds among them": {map[string]string{
			"a/realm.yaml": realm + "---\n# nothing\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: s}\nspecc: 1\n",
			"roles.yml":    object("Role", "viewer", "{rules: ["+anywhere+"]}"),
			"users.json":   `{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"auth.latchkey.dev/v1alpha1","kind":"User","metadata":{"name":"vera"},"spec":{"roles":["viewer"]}}]}`,
			"values.txt":   "a: b: c", ".git/x.yaml": "a: b: c",
		}, nil},
		"what the schema refuses is found, with the field": {map[string]string{
			"a.yaml": realm + "---\n" + object("Role", "viewer", `{rules: [{hosts: ["*"], paths: [reports], methods: [GET]}]}`),
		}, []string{`a.yaml, document 2: Role viewer: spec.rules[0].paths[0]: Invalid value: "reports": a path looks like /reports/*/pdf or /api/**: it begins with /, * is a whole segment, ** only the last, without //, ?, #, ;, %, backslash, look-alike of a slash or control character`}},
		"an unknown field is found": {map[string]string{"a.yaml": object("User", "vera", "{rolls: [viewer]}")}, []string{`a.yaml, document 1: User vera: spec.rolls: unknown field`}},
		"an unknown field of metadata is found": {map[string]string{"a.yaml": head + "User\nmetadata: {name: vera, label: {}}\n"},
			[]string{`a.yaml, document 1: User vera: metadata.label: unknown field`}},
		"a duplicate field is found": {map[string]string{"a.yaml": realm + "---\n" + head + "User\nmetadata: {name: vera}\nspec:\n  roles: []\n  roles: [admin]\n"},
			[]string{`a.yaml, document 2: yaml: unmarshal errors: line 6: key "roles" already set in map`}},
		"what is no YAML is found": {map[string]string{"a.yaml": "a: b: c"}, []string{`a.yaml, document 1: yaml: mapping values are not allowed in this context`}},
		"a missing name is found": {map[string]string{"a.yaml": head + "User\nmetadata: {}\n"}, []string{
			`a.yaml, document 1: User: metadata.name: Required value: name or generateName is required`,
			`a.yaml, document 1: User: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation`,
		}},
		"another version is found": {map[string]string{"a.yaml": "apiVersion: auth.latchkey.dev/v1\nkind: User\nmetadata: {name: vera}\n"},
			[]string{`a.yaml, document 1: User vera: no matches for kind "User" in version "auth.latchkey.dev/v1": write apiVersion auth.latchkey.dev/v1alpha1 and one of its kinds`}},
		"a kind that isn't is found": {map[string]string{"a.yaml": object("Group", "x", "{}")},
			[]string{`a.yaml, document 1: Group x: no matches for kind "Group" in version "auth.latchkey.dev/v1alpha1": write apiVersion auth.latchkey.dev/v1alpha1 and one of its kinds`}},
		"unknown Roles are found wherever they are named": {map[string]string{
			"a.yaml": object("Realm", "default", "{adminRole: boss}"), "b.yaml": object("Role", "editor", "{includes: [viewer]}"), "c.yaml": object("User", "eddie", "{roles: [editor, reader]}"),
		}, []string{
			`a.yaml, document 1: Realm default: spec.adminRole: there is no Role "boss" in these manifests, so nobody holds it: write it, or correct the name`,
			`b.yaml, document 1: Role editor: spec.includes[0]: there is no Role "viewer" in these manifests, so including it grants nothing: write it, or correct the name`,
			`c.yaml, document 1: User eddie: spec.roles[1]: there is no Role "reader" in these manifests, so it grants nothing: write it, or correct the name`,
		}},
		"a Role of another namespace is unknown": {map[string]string{
			"a.yaml": object("Role", "viewer", "{}"), "b.yaml": head + "User\nmetadata: {name: vera, namespace: other}\nspec: {roles: [viewer]}\n",
		}, []string{`b.yaml, document 1: User vera: spec.roles[0]: there is no Role "viewer" in these manifests, so it grants nothing: write it, or correct the name`}},
		"a cycle is found once": {map[string]string{
			"a.yaml": object("Role", "a", "{includes: [b]}"), "b.yaml": object("Role", "b", "{includes: [c]}"), "c.yaml": object("Role", "c", "{includes: [a]}"), "d.yaml": object("Role", "d", "{includes: [a]}"),
		}, []string{`a.yaml, document 1: Role a: spec.includes: the includes a → b → c → a lead back to where they began, so these roles are all one: remove one of the includes`}},
		"an object that is written twice is found": {map[string]string{"a.yaml": object("Role", "a", "{}"), "b.yaml": object("Role", "a", "{}")},
			[]string{`b.yaml, document 1: Role a: it is written twice, so the later one counts: remove this one or that of `}},
		"nothing to judge is found": {map[string]string{"a.yaml": "apiVersion: v1\nkind: Secret\n"}, []string{`a.yaml: neither here nor in the other files is an object of group auth.latchkey.dev: name the folder that holds them`}},
		"no file at all is found":   {nil, []string{`.: there is no YAML file: name the folder that holds the manifests`}},
	} {
		t.Run(sentence, func(t *testing.T) {
			_, got := check(t, c.files)
			if len(got) != len(c.want) {
				t.Fatalf("found %d\n%s\nwant %d", len(got), strings.Join(got, "\n"), len(c.want))
			}
			for i, want := range c.want {
				if !strings.HasPrefix(got[i], want) {
					t.Errorf("found\n%s\nwant\n%s", got[i], want)
				}
			}
		})
	}
}

func TestExpectations(t *testing.T) {
	set := realm + "---\n" + object("Role", "viewer", `{rules: [{hosts: [app.example.com], paths: [/reports/**], methods: [GET]}]}`) +
		"---\n" + object("Role", "editor", `{includes: [viewer]}`) + "---\n" + object("User", "vera", "{roles: [viewer]}") +
		"---\n" + object("User", "dana", "{roles: [viewer], disabled: true}") + "---\n" + object("User", "nora", "{}")
	const reports = "method: GET, url: 'https://app.example.com/reports/7'"
	for sentence, c := range map[string]struct {
		expectations string
		want         string // the finding; "" is none
	}{
		"what is allowed is expected so":           {"- {user: vera, " + reports + ", allow: true}", ""},
		"what isn't is expected so":                {"- {user: nora, " + reports + ", allow: false}", ""},
		"a disabled user is refused":               {"- {user: dana, " + reports + ", allow: false}", ""},
		"anonymous is nobody":                      {"- {user: anonymous, " + reports + ", allow: false}", ""},
		"somebody may hold Roles":                  {"- {holding: [editor], " + reports + ", allow: true}", ""},
		"somebody may hold none":                   {"- {holding: [], " + reports + ", allow: false}", ""},
		"a check by roles is judged":               {"- {user: vera, role: 'editor,viewer', allow: true}", ""},
		"a check by roles is refused":              {"- {user: vera, role: editor, allow: false}", ""},
		"the realm may be named":                   {"- {realm: team, user: vera, " + reports + ", allow: true}", ""},
		"an unexpected refusal is told":            {"- {user: nora, " + reports + ", allow: true}", "nora GET https://app.example.com/reports/7: expected allow: true, but not allowed (403 no_rule): no rule allows GET app.example.com/reports/7 to nora"},
		"an unexpected grant is told":              {"- {holding: [editor], " + reports + ", allow: false}", "holding editor GET https://app.example.com/reports/7: expected allow: false, but allowed (200): rules[0] of Role viewer, held through editor → viewer"},
		"an unexpected role is told":               {"- {user: vera, role: viewer, allow: false}", "vera, role viewer: expected allow: false, but allowed (200): Role viewer, held through viewer"},
		"a misspelt user isn't just refused":       {"- {user: verra, " + reports + ", allow: false}", `there is no User "verra" in these manifests: correct user, or write holding: [Role, …] in its place`},
		"nor is a misspelt role held":              {"- {holding: [viewr], " + reports + ", allow: false}", `there is no Role "viewr" in these manifests: correct holding`},
		"nor is one asked for":                     {"- {user: vera, role: viewr, allow: false}", `not allowed (403 role_unknown): there is no Role viewr in namespace "team"`},
		"nor is a misspelt realm passed over":      {"- {realm: taem, user: vera, " + reports + ", allow: false}", `no manifest is in namespace "taem": correct realm`},
		"a URL is absolute":                        {"- {user: vera, method: GET, url: /reports, allow: false}", "the URL must be absolute: write it as https://app.example.com/reports/7"},
		"a decision is expected":                   {"- {user: vera, " + reports + "}", "write allow: true or allow: false"},
		"of somebody":                              {"- {" + reports + ", allow: true}", "write either user: NAME or holding: [ROLE, …]"},
		"of one":                                   {"- {user: vera, holding: [viewer], " + reports + ", allow: true}", "write either user: NAME or holding: [ROLE, …]"},
		"about something":                          {"- {user: vera, allow: true}", "write method and url, or role"},
		"about one thing":                          {"- {user: vera, role: viewer, " + reports + ", allow: true}", "role asks no rules: write it without method and url"},
		"a misspelt field isn't passed over":       {"- {usr: vera, " + reports + ", allow: true}", `a file of expectations is a list of {user, method, url, allow}: error unmarshaling JSON: while decoding JSON: json: unknown field "usr"`},
		"an empty list isn't taken for a good one": {"[]", "it expects nothing: write a list of {user, method, url, allow}"},
	} {
		t.Run(sentence, func(t *testing.T) {
			report, got := check(t, map[string]string{"all.yaml": set, "who.latchkey-test.yaml": c.expectations + "\n"})
			switch {
			case c.want == "":
				if len(got) > 0 || report.Expectations != 1 {
					t.Errorf("found %q in %d", got, report.Expectations)
				}
			case len(got) != 1 || !strings.Contains(got[0], ": "+c.want):
				t.Errorf("found\n%s\nwant\n%s", strings.Join(got, "\n"), c.want)
			}
		})
	}
}

func TestExpectationsWaitUntilTheManifestsAreGood(t *testing.T) {
	report, got := check(t, map[string]string{"a.yaml": realm, "b.yaml": object("User", "vera", "{roles: [gone]}"), "c.latchkey-test.yaml": "- {user: vera, role: gone, allow: true}\n"})
	if report.Expectations != 0 || len(got) != 1 || !strings.Contains(got[0], "spec.roles[0]") {
		t.Errorf("found %q, judged %d", got, report.Expectations)
	}
}

func TestOneFileOrStandardInputIsRead(t *testing.T) {
	file := filepath.Join(t.TempDir(), "manifests.txt")
	if err := os.WriteFile(file, []byte(realm), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{file, "-"} {
		read, _, err := manifests.Read(path, strings.NewReader(realm))
		if err != nil || len(read) != 1 || string(read[0].Text) != realm {
			t.Errorf("read %v, %v from %s", read, err, path)
		}
	}
	if _, _, err := manifests.Read(filepath.Join(t.TempDir(), "missing"), nil); err == nil {
		t.Error("a folder that isn't there holds nothing wrong")
	}
}

func TestTheSamplesAreGoodAndDecideAsExpected(t *testing.T) {
	samples := filepath.Join("..", "..", "..", "config", "samples")
	read, expected, err := manifests.Read(samples, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(expected, func(f manifests.File) bool { return filepath.Base(f.Name) == "who-may-what.latchkey-test.yaml" }) {
		t.Fatal("the sample of expected decisions is gone")
	}
	report := judge(t, read, expected, "latchkey")
	if len(report.Findings) > 0 || report.Objects < 8 || report.Expectations < 10 {
		t.Errorf("judged %d objects and %d expected decisions: %v", report.Objects, report.Expectations, report.Findings)
	}

	page, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "kubectl.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, block, _ := strings.Cut(string(page), "```yml\n- {user")
	block, _, _ = strings.Cut("- {user"+block, "```")
	report = judge(t, read, []manifests.File{{Name: "docs/kubectl.md", Text: []byte(block)}}, "latchkey")
	if len(report.Findings) > 0 || report.Expectations < 4 {
		t.Errorf("what the page expects isn't so: %+v", report)
	}
}
