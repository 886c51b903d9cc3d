package policy_test

import (
	"strings"
	"testing"

	"github.com/latchkey-auth/latchkey/webhook/policy"
)

const app = "app.example.test"

// guarded is a realm as people write one: nothing in it says `/**` but what the
// admins may.
func guarded(t *testing.T) *policy.Policy {
	t.Helper()
	return mustCompile(t, []policy.Role{
		{Name: policy.Anonymous, Rules: []policy.Rule{{Hosts: []string{app}, Paths: []string{"/public/**"}, Methods: []string{"GET"}}}},
		{Name: "viewer", Rules: []policy.Rule{{Hosts: []string{app, "*.apps.example.test"}, Paths: []string{"/reports/**"}, Methods: []string{"GET"}}}},
		{Name: "admin", Rules: []policy.Rule{{Hosts: []string{"*"}, Paths: []string{"/**"}, Methods: []string{"*"}}}},
	})
}

// TestAttacks holds the attacks that come in a request's path, host or method.
// They are described to the matcher as a proxy that changes nothing would.
func TestAttacks(t *testing.T) {
	p := guarded(t)
	viewer := p.Grant([]string{"viewer"})
	for id, attack := range map[string]struct {
		hosts   []string // app alone if there are none
		targets []string
	}{
		"K02 encoded dot segments": {targets: []string{
			"/public/%2e%2e/admin/x", "/public/%2E%2E/admin/x", "/public/%2E./admin", "/public/.%2e/admin", "/public/%252e%252e/admin",
			"/public/%25252e%25252e/admin", "/public/%2e/../admin", "/public/x/%2e%2e", "/public/%2e", "/reports/..", "/public/../admin",
		}},
		"K03 encoded slash": {targets: []string{
			"/public/..%2fadmin/x", "/public%2f..%2fadmin", "/public%2fx", "/public%2Fx", "/public/%2f/admin", "/public%252fx",
		}},
		"K04 backslash": {targets: []string{
			`/public\..\admin`, "/public/..%5cadmin", "/public/%5c../admin", "/public/%5C..%5Cadmin", `/public/\admin`, `/public\x`,
		}},
		"K10 case of the path": {targets: []string{"/ADMIN/x", "/Public/x", "/PUBLIC/", "/Reports/x", "/%50ublic/x"}},
		"K11 query or fragment": {targets: []string{
			"/admin/x?/public/", "/admin/x#/public/", "/admin/x%3f/public/", "/admin%23/public/", "/admin/x%3F/../public/x",
			"/public#/../admin", "/public%23/../admin", "/public/x%3f", "/public/x%23", "/public/x#", "?/public/x",
		}},
		"K14 a path beyond 8 KiB": {targets: []string{
			"/" + strings.Repeat("a", 60_000), "/public/" + strings.Repeat("a", 8<<10), "/public/" + strings.Repeat("%61/", 3<<10),
		}},
		"K17 host with a bad port": {
			hosts:   []string{app + ":0", app + ":99999", app + ":", app + ":-1", app + ":4 43", app + ":443:443"},
			targets: []string{"/public/x"},
		},
		"K18 host that is not the canonical one": {
			hosts:   []string{app + "..", "." + app, "app..example.test", "example.test", "x." + app, "x.y.apps.example.test", "apps.example.test"},
			targets: []string{"/public/x", "/reports/x"},
		},
		"K20 international and escaped hosts": {
			hosts:   []string{"xn--pp-viac.example.test", "ａpp.example.test", "app%2eexample.test", app + "%00.evil", app + "\x00.evil", "app。example.test"},
			targets: []string{"/public/x", "/reports/x"},
		},
		"K21 host lists, spaces, underscores": {
			hosts:   []string{app + ", evil", app + " evil", "app_example.test", app + ",", "evil," + app, app + "\t", app + "\r\nX: y"},
			targets: []string{"/public/x", "/reports/x"},
		},
		"K22 IPv6 literals and zones": {
			hosts:   []string{"[::1]", "[fe80::1%25eth0]", "[fe80::1%eth0]", "[::ffff:127.0.0.1]:80", "[" + app + "]", "[]", "["},
			targets: []string{"/public/x", "/reports/x"},
		},
		"path parameters": {targets: []string{"/public/..;/admin", "/public;/x", "/public/x;y=z", "/..;/public/x", "/public/%3b/admin"}},
		"doubled slashes": {targets: []string{"//public/x", "/public//x", "/public//../admin", "//admin", "///"}},
		"NUL and other controls": {targets: []string{
			"/public/x%00", "/public/%00/../admin", "/public/%0a", "/public/\x00", "/public/%c2%80", "/public/%7f",
		}},
		"invalid UTF-8":     {targets: []string{"/public/%c0%ae%c0%ae/admin", "/public%c0%afx", "/public/%ff", "/public/\xc0\xae"}},
		"malformed escapes": {targets: []string{"/public/%", "/public/%2", "/public/%zz", "/public/%u002e%u002e/admin", "/public/%%32%65"}},
		"no path at all":    {targets: []string{"", "*", "public/x", "http://" + app + "/public/x", app + ":443"}},
	} {
		t.Run(id, func(t *testing.T) {
			if attack.hosts == nil {
				attack.hosts = []string{app}
			}
			for _, host := range attack.hosts {
				for _, target := range attack.targets {
					r, err := policy.NewRequest("GET", host, target)
					if d := policy.Decide(viewer, r); d.Allowed {
						t.Errorf("a viewer may GET %.80q of %q: %+v, %v", target, host, d, err)
					}
					if d := policy.Decide(p.Everyone(), r); d.Allowed {
						t.Errorf("everyone may GET %.80q of %q: %+v, %v", target, host, d, err)
					}
				}
			}
		})
	}
}

// What is refused above is not refused for nothing: the same realm serves the
// requests that these attacks imitate.
func TestWhatAttacksImitateIsAllowed(t *testing.T) {
	p := guarded(t)
	for sentence, test := range map[string]struct {
		held         []string
		host, target string
		role         string
	}{
		"anybody reads a public page":                  {nil, app, "/public/x", policy.Anonymous},
		"anybody reads it with a query":                {nil, app, "/public/x?/../admin", policy.Anonymous},
		"anybody reads one with an escaped name":       {nil, app, "/public/a%20b", policy.Anonymous},
		"K14: anybody reads one of almost 8 KiB":       {nil, app, "/public/" + strings.Repeat("a", 8000), policy.Anonymous},
		"K17: a viewer reads a report at port 443":     {[]string{"viewer"}, app + ":443", "/reports/x", "viewer"},
		"K17: a viewer reads a report at port 8443":    {[]string{"viewer"}, app + ":8443", "/reports/x", "viewer"},
		"K18: a viewer reads one of app.example.test.": {[]string{"viewer"}, app + ".", "/reports/x", "viewer"},
		"K18: a viewer reads one of APP.Example.TEST":  {[]string{"viewer"}, "APP.Example.TEST", "/reports/x", "viewer"},
		"a viewer reads one of a subdomain":            {[]string{"viewer"}, "x.apps.example.test", "/reports/x", "viewer"},
		"an admin goes where paths are ambiguous":      {[]string{"admin"}, app, "/public/..%2fadmin", "admin"},
		"K22: an admin goes to an IPv6 literal":        {[]string{"admin"}, "[::1]:8080", "/", "admin"},
	} {
		t.Run(sentence, func(t *testing.T) {
			if got := policy.Decide(p.Grant(test.held), request(t, "GET", test.host, test.target)); got != allowedBy(test.role) {
				t.Errorf("got %+v; want it allowed by %s", got, test.role)
			}
		})
	}
}

// The rule of K14 would need backtracking; it never gets so far.
func TestK14PathologicalPatternsAreRefused(t *testing.T) {
	for _, path := range []string{"/*a*a*a*a*b", "/a*", "/*a", "/***", "/**/**", "/**/a", "/a**", "/" + strings.Repeat("*/", 300) + "b"} {
		p, errs := policy.Compile([]policy.Role{{Name: "viewer", Rules: []policy.Rule{{Hosts: []string{"*"}, Paths: []string{path}, Methods: []string{"*"}}}}})
		if len(errs) != 1 {
			t.Errorf("a rule for %.20q: errors %v; want one", path, errs)
		}
		for _, target := range []string{"/", "/aab", "/a/a", "/" + strings.Repeat("a", 8000)} {
			if policy.Decide(p.Grant([]string{"viewer"}), request(t, "GET", app, target)).Allowed {
				t.Errorf("a rule for %.20q allows %.20q", path, target)
			}
		}
	}
}
