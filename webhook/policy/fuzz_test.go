package policy_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/latchkey-auth/latchkey/webhook/policy"
)

// FuzzDecide holds that Decide and the reference agree on every request, under
// any roles, for everyone and for whoever holds whatever.
func FuzzDecide(f *testing.F) {
	for _, seed := range []struct{ roles, held, method, host, target string }{
		{"viewer\n\t*\t/a/**\tGET", "viewer", "HEAD", "app.test", "/a/b"},
		{"viewer\n\t*.test|app.test\t/*/b|/a/*/\t*", "viewer", "get", "APP.test.:80", "/a/b/"},
		{"a<b\nb<c\nc<a\n\t*\t/\tPOST", "a", "POST", "[::1]", "/"},
		{"anonymous<a\n\t*\t/p/**\tGET\na\n\t*\t/**\t*", "anonymous|authenticated", "GET", "x", "/p/../q"},
		{"authenticated\n\t*\t/me\tGET\na<authenticated", "", "GET", "x", "/m%65?/../"},
		{"a\n\t*\t/**\t*\na", "a", "GET", "x", "//"},
		{"a\n\t[::1]|*.[::1]\t/*a*a*b\tGET\n\t[::ffff:127.0.0.1]\t/a b/ü\tGET", "a", "GET", "[::ffff:7f00:1]:1", "/a%20b/%c3%bc"},
		{"a\n\t*\t/*/*|/a/*|/*/a|/a/a/**\tGET", "a", "GET", "x", "/a/a"},
		{"a\n\tx\t/..\t*\n\tx:80\t/**\t*\n\t\t/**\t*", "a", "GET", "x", "/.."},
		{"a\n\t*\t/a\tGET", "a", "GET", "x", "/%61#"},
	} {
		f.Add(seed.roles, seed.held, seed.method, seed.host, seed.target)
	}
	f.Fuzz(func(t *testing.T, text, held, method, host, target string) {
		roles := rolesFrom(text)
		names := strings.Split(held, "|")
		agree(t, roles, nil, method, host, target)
		agree(t, roles, &names, method, host, target)
	})
}

// TestDecideAgreesWithReference does the same over small alphabets, in which
// much overlaps.
func TestDecideAgreesWithReference(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	pick := func(from ...string) string { return from[random.IntN(len(from))] }
	list := func(n int, from ...string) (picked []string) {
		for range 1 + random.IntN(n) {
			picked = append(picked, pick(from...))
		}
		return picked
	}
	segments := func(from ...string) (path string) {
		for range random.IntN(4) {
			path += "/" + pick(from...)
		}
		return path
	}
	allowed := 0
	const policies, requests = 200, 25
	for range policies {
		var roles []policy.Role
		for _, name := range []string{"anonymous", "authenticated", "a", "b", "c", "d"} {
			role := policy.Role{Name: name}
			if random.IntN(2) == 0 {
				role.Includes = list(2, "a", "b", "c", "d", "ghost")
			}
			for range random.IntN(3) {
				role.Rules = append(role.Rules, policy.Rule{
					Hosts:   list(2, "x.test", "y.test", "*.test", "*", "test", "*.x.test"),
					Paths:   []string{segments("a", "b", "*") + pick("/", "/**", "/a", "/*"), "/" + pick("a", "*", "b/**")},
					Methods: list(2, "GET", "POST", "*", "HEAD"),
				})
			}
			roles = append(roles, role)
		}
		for range requests {
			held := list(2, "a", "b", "c", "d", "ghost")
			path := segments("a", "b", "c", "a", "b", "", "..", "%61") + pick("/", "", "/a")
			if agree(t, roles, &held, pick("GET", "HEAD", "POST", "PUT"), pick("x.test", "y.test", "test", "z.x.test", "X.test:1"), path) {
				allowed++
			}
		}
	}
	if allowed < policies*requests/10 || allowed > policies*requests*9/10 {
		t.Errorf("%d of %d requests are allowed, too few of one kind to tell", allowed, policies*requests)
	}
}

// agree fails the test unless Decide and the reference agree, and returns what
// they decide.
func agree(t *testing.T, roles []policy.Role, held *[]string, method, host, target string) bool {
	t.Helper()
	p, _ := policy.Compile(roles)
	grant := p.Everyone()
	if held != nil {
		grant = p.Grant(*held)
	}
	r, _ := policy.NewRequest(method, host, target)
	got := policy.Decide(grant, r)
	want := referenceRoles(roles, held, method, host, target)
	if got.Allowed != (len(want) > 0) || got.Allowed && !want[got.Role] || got.Allowed != (got.Reason == "") {
		t.Fatalf("%s %q %q by %v under %+v: %+v; the reference: %v", method, host, target, held, roles, got, want)
	}
	return got.Allowed
}

// rolesFrom reads roles from text that a fuzzer can write: a line
// `name<include|include` begins a role, a line of tab, hosts, tab, paths, tab,
// methods is a rule of it.
func rolesFrom(text string) []policy.Role {
	var roles []policy.Role
	for line := range strings.SplitSeq(text, "\n") {
		rule, isRule := strings.CutPrefix(line, "\t")
		if !isRule {
			name, includes, _ := strings.Cut(line, "<")
			roles = append(roles, policy.Role{Name: name, Includes: strings.Split(includes, "|")})
			continue
		}
		fields := strings.SplitN(rule+"\t\t", "\t", 4)
		if len(roles) > 0 {
			last := &roles[len(roles)-1]
			last.Rules = append(last.Rules, policy.Rule{
				Hosts: strings.Split(fields[0], "|"), Paths: strings.Split(fields[1], "|"), Methods: strings.Split(fields[2], "|"),
			})
		}
	}
	return roles
}

// FuzzNewRequest holds that a Request is canonical: described again, or in
// another spelling of the same, it is the same.
func FuzzNewRequest(f *testing.F) {
	for _, seed := range []struct{ method, host, target string }{
		{"GET", "app.example.test", "/a/b?c"},
		{"get", "APP.example.TEST.:8443", "/a%20b/%C3%BC/"},
		{"POST", "[0:0::1]:80", "/public/%2e%2e/admin"},
		{"HEAD", "[::FFFF:127.0.0.1]", "/public%2f..%2Fadmin"},
		{"PROPFIND", "127.0.0.1", `/public\..\admin;x=y#z`},
		{"GET", "x", "/%00%ff%25"},
		{"GET", "x", "/%zz"},
	} {
		f.Add(seed.method, seed.host, seed.target)
	}
	f.Fuzz(func(t *testing.T, method, host, target string) {
		r, err := policy.NewRequest(method, host, target)
		if err != nil {
			if r != (policy.Request{}) {
				t.Fatalf("a refused description gives %+v", r)
			}
			return
		}
		path, query, _ := strings.Cut(target, "?")
		spellings := map[string][2]string{
			"its own":         {r.Host(), r.Path()},
			"another query":   {host, path + "?/../" + query},
			"another port":    {r.Host() + ":8443", target},
			"upper-case host": {strings.ToUpper(r.Host()), target},
		}
		if r.Host()[0] != '[' {
			spellings["a trailing dot"] = [2]string{r.Host() + ".", target}
		}
		if !r.Ambiguous() && len(r.Path()) <= 2<<10 {
			spellings["all escaped"] = [2]string{host, escapeAll(r.Path())}
		}
		for name, s := range spellings {
			if again, err := policy.NewRequest(r.Method(), s[0], s[1]); err != nil || again != r {
				t.Fatalf("%q, %q, %q is %+v; in %s spelling %+v, %v", method, host, target, r, name, again, err)
			}
		}
	})
}

// escapeAll escapes every byte of a path but its slashes.
func escapeAll(path string) string {
	var b strings.Builder
	for i := range len(path) {
		if path[i] == '/' {
			b.WriteByte('/')
		} else {
			fmt.Fprintf(&b, "%%%02x", path[i])
		}
	}
	return b.String()
}
