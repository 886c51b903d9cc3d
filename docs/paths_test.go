package docs_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/latchkey-auth/latchkey/webhook/policy"
	"github.com/latchkey-auth/latchkey/webhook/urlpath"
)

// examples are what stands in backticks in a column of the tables below a heading.
func examples(t *testing.T, page, heading string, column int) []string {
	t.Helper()
	_, section, found := strings.Cut(page, "\n## "+heading+"\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var texts []string
	for _, row := range regexp.MustCompile(`(?m)^\| .* \|$`).FindAllString(section, -1)[1:] {
		cells := strings.Split(row, " | ")
		for _, match := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cells[column], -1) {
			texts = append(texts, match[1])
		}
	}
	if !found || len(texts) < 4 {
		t.Fatalf("%d examples under %q", len(texts), heading)
	}
	return texts
}

// decide says whether everybody may make a request for a path where anonymous may for pattern.
func decide(t *testing.T, pattern, path string) policy.Decision {
	t.Helper()
	compiled, errs := policy.Compile([]policy.Role{{Name: policy.Anonymous, Rules: []policy.Rule{{
		Hosts: []string{"app.example.com"}, Paths: []string{pattern}, Methods: []string{"GET"},
	}}}})
	if len(errs) != 0 {
		t.Fatal(errs)
	}
	request, err := policy.NewRequest("GET", "app.example.com", path)
	var refused *policy.RequestError
	if errors.As(err, &refused) {
		return policy.Decision{Reason: refused.Reason}
	}
	return policy.Decide(compiled.Everyone(), request)
}

func TestTheTablesOfPathsAreTrue(t *testing.T) {
	page := read(t, "docs/security/paths.md")
	for _, path := range examples(t, page, "Ambiguous paths", 1) {
		if _, ambiguous, err := urlpath.Canonical(path); !ambiguous || err != nil {
			t.Errorf("%q isn't ambiguous: %v", path, err)
		}
		for _, narrow := range []string{"/public/**", "/*/**", "/*/*", "/*/*/*", "/*"} {
			if d := decide(t, narrow, path); d.Allowed || d.Reason != policy.ReasonPathAmbiguous {
				t.Errorf("a rule for %s makes %+v of %q", narrow, d, path)
			}
		}
		if d := decide(t, "/**", path); !d.Allowed {
			t.Errorf("a rule for /** makes %+v of %q", d, path)
		}
	}
	for _, path := range append(examples(t, page, "Refused paths", 1), "", "/"+strings.Repeat("a", 8<<10)) {
		if d := decide(t, "/**", path); d.Allowed || d.Reason != policy.ReasonPathInvalid {
			t.Errorf("a rule for /** makes %+v of %.80q", d, path)
		}
	}
	for _, path := range examples(t, page, "Plain paths", 1) {
		if canonical, ambiguous, err := urlpath.Canonical(path); ambiguous || err != nil || !decide(t, canonical, path).Allowed {
			t.Errorf("%q is %q, ambiguous %t, %v", path, canonical, ambiguous, err)
		}
	}
	for path, want := range map[string]string{"/stra%C3%9Fe": "/straße", "/%61dmin": "/admin", "/admin%20": "/admin ", "/platform/+/refs": "/platform/+/refs", "/Admin": "/Admin", "/admin/": "/admin/"} {
		if canonical, _, err := urlpath.Canonical(path); canonical != want || err != nil {
			t.Errorf("%q is matched as %q, %v", path, canonical, err)
		}
	}
}

// A form that the code finds ambiguous and no example shows would be one that nobody can look up.
func TestTheTableOfAmbiguousPathsIsWhole(t *testing.T) {
	shown := strings.Join(examples(t, read(t, "docs/security/paths.md"), "Ambiguous paths", 1), " ")
	for form, expression := range map[string]string{
		"dot segment": `/\.\./`, "doubled slash": `//`, "escaped slash": `%2f`, "backslash": `\\`, "semicolon": `;`, "escaped question mark": `%3f`,
		"number sign": `#`, "escaped per cent": `%25`, "NUL": `%00`, "control": `%0a`, "control above ASCII": `%c2%85`, "no UTF-8": `%ff`,
		"dots and a space": `\.\.%20`, "three dots": `/\.\.\./`, "format character": `%e2%80%8b`, "plus": `\+`, "best fit": `¥`, "NFKC": `／`, "Greek": `%cd%be`, "ASP.NET": `\(S\(`,
	} {
		if !regexp.MustCompile(expression).MatchString(shown) {
			t.Errorf("no example shows a %s", form)
		}
	}
}
