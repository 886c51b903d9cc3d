package urlpath_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-auth/latchkey/webhook/policy"
)

const app = "app.example.test"

// narrow are rules of every form but `/**`, whose promise is to allow every reading.
var narrow = []string{"/public/**", "/reports/*/pdf", "/exact", "/directory/", "/*/open", "/a b/ü/*", "/(x)/*"}

// everyone may GET these paths of any host.
func everyone(tb testing.TB, paths ...string) policy.Grant {
	tb.Helper()
	compiled, errs := policy.Compile([]policy.Role{{Name: policy.Anonymous, Rules: []policy.Rule{{
		Hosts: []string{"*"}, Paths: paths, Methods: []string{"GET"},
	}}}})
	if len(errs) != 0 {
		tb.Fatal(errs)
	}
	return compiled.Everyone()
}

// mayGet reports whether the rules let a request for target pass. What is no request doesn't.
func mayGet(grant policy.Grant, target string) bool {
	r, err := policy.NewRequest("GET", app, target)
	return err == nil && policy.Decide(grant, r).Allowed
}

// matches is a second reading of what a rule's path means.
func matches(pattern, path string) bool {
	above, below := strings.CutSuffix(pattern, "/**")
	expression := strings.ReplaceAll(regexp.QuoteMeta(above), `\*`, `[^/]+`)
	if below {
		expression += `(?:/.*)?`
	}
	return regexp.MustCompile(`(?s)^` + expression + `$`).MatchString(path)
}

func TestBackendsReadAttacks(t *testing.T) {
	grant := everyone(t, narrow...)
	for name, model := range backends {
		t.Run(name, func(t *testing.T) {
			if got := model.read(model.fooled); got != "/admin" {
				t.Errorf("the model reads %q as %q; an attack on it must show that it can be fooled", model.fooled, got)
			}
			if mayGet(grant, model.fooled) {
				t.Errorf("%q is allowed", model.fooled)
			}
		})
	}
}

// foldings are of backends that take several paths for one. Each gives all of them one name.
var foldings = map[string]func(path string) string{
	"letters of either case":    folded,
	"Unicode's normal forms":    compatible,
	"dots and spaces at an end": func(s string) string { return eachSegment(s, withoutEnd) },
	"spaces around names":       func(s string) string { return eachSegment(s, trimmed) },
	"characters without width":  func(s string) string { return eachSegment(s, invisible.Replace) },
	"a last slash":              func(s string) string { return strings.TrimRight(s, "/") },
	"formats like .json":        func(s string) string { return eachSegment(s, withoutExtension) },
	"streams like ::$DATA":      func(s string) string { return eachSegment(s, beforeColon) },
}

// FuzzBackends holds that whatever any backend makes of a path that is allowed, the rules allow
// that too; and that a backend that takes several paths for one serves at an allowed path only
// what a rule, its names taken in the same way, allows.
func FuzzBackends(f *testing.F) {
	for _, model := range backends {
		f.Add(model.fooled)
	}
	for _, target := range []string{
		"/public/x?/../admin", "/reports/%32031/pdf", "/exact", "/directory/", "/x/open", "/a%20b/%C3%BC/c", "/public/...", "/public/+/ /",
		"/public/.well-known/a;b", "/public/%E2%80%AE", "/reports/*/pdf", "/exact%", "/public/x/", "/public", "/Public/x", "/EXACT.",
		"/reports/.json/pdf", "/reports/a.%20/pdf", "/reports/::$DATA/pdf", "/(S(x))/open", "/public/(S(x))-not", "/(x)/(S)", "/\u212a/open",
		"/\u0130/open", "/reports/\u00a8/pdf", "/x%E2%80%8B/open", "/+/open", "/reports/+/pdf", "/a%20b/u%CC%88/c", "/reports/℅/pdf",
	} {
		f.Add(target)
	}
	grant := everyone(f, narrow...)
	f.Fuzz(func(t *testing.T, target string) {
		r, err := policy.NewRequest("GET", app, target)
		if err != nil || !policy.Decide(grant, r).Allowed {
			return
		}
		for name, model := range backends {
			served := model.read(target)
			if served != "" && !slices.ContainsFunc(narrow, func(pattern string) bool { return matches(pattern, served) }) {
				t.Errorf("%q is allowed, and %s serves %q", target, name, served)
			}
		}
		for name, fold := range foldings {
			served := fold(r.Path())
			if !slices.ContainsFunc(narrow, func(pattern string) bool { return matches(fold(pattern), served) }) {
				t.Errorf("%q is allowed, and is %q to whom %s are nothing, which no rule says", target, served, name)
			}
		}
	})
}
