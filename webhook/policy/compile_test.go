package policy_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-auth/latchkey/webhook/policy"
)

// Q22: the matcher doesn't rely on a schema, so what admission should have
// refused grants nothing and is named.
func TestCompileReportsRulesThatGrantNothing(t *testing.T) {
	hosts, paths, methods := []string{"*"}, []string{"/**"}, []string{"*"}
	for sentence, test := range map[string]struct {
		rule policy.Rule
		want string
	}{
		"no hosts":   {policy.Rule{Paths: paths, Methods: methods}, `role "viewer": rules[0].hosts: at least one entry is needed`},
		"no paths":   {policy.Rule{Hosts: hosts, Methods: methods}, `role "viewer": rules[0].paths: at least one entry is needed`},
		"no methods": {policy.Rule{Hosts: hosts, Paths: paths}, `role "viewer": rules[0].methods: at least one entry is needed`},
		"an empty host": {policy.Rule{Hosts: []string{""}, Paths: paths, Methods: methods},
			`role "viewer": rules[0].hosts[0]: "" is no host: write a name, *.domain, or *`},
		"a host that is no name beside one that is": {policy.Rule{Hosts: []string{"*", "a_b"}, Paths: paths, Methods: methods},
			`role "viewer": rules[0].hosts[1]: "a_b" is no host: write a name, *.domain, or *`},
		"a host with a port": {policy.Rule{Hosts: []string{"app.example.test:8443"}, Paths: paths, Methods: methods},
			`role "viewer": rules[0].hosts[0]: "app.example.test:8443" has a port, and ports are not compared: write the host alone`},
		"a wildcard within a host": {policy.Rule{Hosts: []string{"app.*.test"}, Paths: paths, Methods: methods},
			`role "viewer": rules[0].hosts[0]: "app.*.test" is no host: write a name, *.domain, or *`},
		"two wildcards in a host": {policy.Rule{Hosts: []string{"*.*.test"}, Paths: paths, Methods: methods},
			`role "viewer": rules[0].hosts[0]: "*.*.test" is no host: write a name, *.domain, or *`},
		"a wildcard before nothing": {policy.Rule{Hosts: []string{"*."}, Paths: paths, Methods: methods},
			`role "viewer": rules[0].hosts[0]: "*." is no host: write a name, *.domain, or *`},
		"a wildcard before an address": {policy.Rule{Hosts: []string{"*.[::1]"}, Paths: paths, Methods: methods},
			`role "viewer": rules[0].hosts[0]: "*.[::1]" is no host: write a name, *.domain, or *`},
		"an empty path": {policy.Rule{Hosts: hosts, Paths: []string{""}, Methods: methods},
			`role "viewer": rules[0].paths[0]: "" is not absolute: begin it with a slash`},
		"a relative path": {policy.Rule{Hosts: hosts, Paths: []string{"a"}, Methods: methods},
			`role "viewer": rules[0].paths[0]: "a" is not absolute: begin it with a slash`},
		"a path of 513 characters": {policy.Rule{Hosts: hosts, Paths: []string{"/" + strings.Repeat("ü", 512)}, Methods: methods},
			`role "viewer": rules[0].paths[0]: a path has at most 512 characters`},
		"a path with a wildcard in a segment": {policy.Rule{Hosts: hosts, Paths: []string{"/a*"}, Methods: methods},
			`role "viewer": rules[0].paths[0]: "/a*": * is one whole segment, and ** comes last only`},
		"a path with ** in the middle": {policy.Rule{Hosts: hosts, Paths: []string{"/**/a"}, Methods: methods},
			`role "viewer": rules[0].paths[0]: "/**/a": * is one whole segment, and ** comes last only`},
		"a path with ** and a slash": {policy.Rule{Hosts: hosts, Paths: []string{"/**/"}, Methods: methods},
			`role "viewer": rules[0].paths[0]: "/**/": * is one whole segment, and ** comes last only`},
		"a path with an escape": {policy.Rule{Hosts: hosts, Paths: []string{"/a%20b"}, Methods: methods},
			`role "viewer": rules[0].paths[0]: "/a%20b" can never match: write it decoded, without //, segments of dots and spaces, controls, look-alikes of a slash or any of \ ; ? # %`},
		"a path with a dot segment": {policy.Rule{Hosts: hosts, Paths: []string{"/a/../**"}, Methods: methods},
			`role "viewer": rules[0].paths[0]: "/a/../**" can never match: write it decoded, without //, segments of dots and spaces, controls, look-alikes of a slash or any of \ ; ? # %`},
		"a path with a doubled slash": {policy.Rule{Hosts: hosts, Paths: []string{"//**"}, Methods: methods},
			`role "viewer": rules[0].paths[0]: "//**" can never match: write it decoded, without //, segments of dots and spaces, controls, look-alikes of a slash or any of \ ; ? # %`},
		"an empty method": {policy.Rule{Hosts: hosts, Paths: paths, Methods: []string{""}},
			`role "viewer": rules[0].methods[0]: "" is no method: write GET, POST, …, or *`},
		"a list as a method": {policy.Rule{Hosts: hosts, Paths: paths, Methods: []string{"GET, POST"}},
			`role "viewer": rules[0].methods[0]: "GET, POST" is no method: write GET, POST, …, or *`},
	} {
		t.Run(sentence, func(t *testing.T) {
			good := policy.Rule{Hosts: []string{app}, Paths: []string{"/good"}, Methods: []string{"GET"}}
			p, errs := policy.Compile([]policy.Role{{Name: "viewer", Rules: []policy.Rule{test.rule, good}}})
			if len(errs) != 1 || errs[0].Error() != test.want {
				t.Errorf("errors %v; want %s", errs, test.want)
			}
			grant := p.Grant([]string{"viewer"})
			for _, host := range []string{app, "other.test", "[::1]"} {
				for _, target := range []string{"/", "/a", "/a/b", "/a b", "//"} {
					if policy.Decide(grant, request(t, "GET", host, target)).Allowed {
						t.Errorf("the rule allows %s of %s", target, host)
					}
				}
			}
			if !policy.Decide(grant, request(t, "GET", app, "/good")).Allowed {
				t.Error("the rule beside it is lost too")
			}
		})
	}
}

func TestCompileReportsRoles(t *testing.T) {
	everything := []policy.Rule{{Hosts: []string{"*"}, Paths: []string{"/**"}, Methods: []string{"*"}}}
	for sentence, test := range map[string]struct {
		roles []policy.Role
		want  []string
	}{
		"a role without a name": {[]policy.Role{{Rules: everything}},
			[]string{`role "": name: a role needs a name`}},
		"roles that share a name": {[]policy.Role{{Name: "admin", Rules: everything}, {Name: "admin"}},
			[]string{`role "admin": name: 2 roles have this name, so none of them counts`}},
		"anonymous twice": {[]policy.Role{{Name: "anonymous", Rules: everything}, {Name: "anonymous"}},
			[]string{`role "anonymous": name: 2 roles have this name, so none of them counts`}},
		"anonymous that includes a role": {[]policy.Role{{Name: "anonymous", Includes: []string{"admin"}}, {Name: "admin", Rules: everything}},
			[]string{`role "anonymous": includes[0]: a reserved role holds rules only`}},
		"authenticated that includes a role": {[]policy.Role{{Name: "authenticated", Includes: []string{"admin"}}, {Name: "admin", Rules: everything}},
			[]string{`role "authenticated": includes[0]: a reserved role holds rules only`}},
		"a role that includes reserved names": {[]policy.Role{{Name: "viewer", Includes: []string{"unknown", "authenticated", "anonymous"}}}, []string{
			`role "viewer": includes[1]: "authenticated" is reserved: everybody it is for holds it anyway`,
			`role "viewer": includes[2]: "anonymous" is reserved: everybody it is for holds it anyway`,
		}},
		"a role that includes what there isn't": {[]policy.Role{{Name: "viewer", Includes: []string{"admin"}}}, nil},
	} {
		t.Run(sentence, func(t *testing.T) {
			p, errs := policy.Compile(test.roles)
			var got []string
			for _, err := range errs {
				got = append(got, err.Error())
				var of *policy.RoleError
				if !errors.As(err, &of) || !errors.Is(err, of.Problem) {
					t.Errorf("%v is no RoleError", err)
				}
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("errors\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(test.want, "\n"))
			}
			for _, grant := range []policy.Grant{p.Everyone(), p.Grant(nil), p.Grant([]string{"", "viewer", "anonymous", "authenticated"})} {
				if policy.Decide(grant, request(t, "GET", app, "/")).Allowed {
					t.Error("what is reported grants something")
				}
			}
		})
	}
}

func TestCompileDoesNotDependOnOrder(t *testing.T) {
	roles, names, allowed := manyRules(t, 200)
	roles = append(roles, policy.Role{Name: "twice"}, policy.Role{Name: "twice"}, policy.Role{Name: "bad", Rules: []policy.Rule{{}}})
	p, errs := policy.Compile(roles)
	backwards := slices.Clone(roles)
	slices.Reverse(backwards)
	q, errsBackwards := policy.Compile(backwards)
	if !reflect.DeepEqual(errs, errsBackwards) {
		t.Errorf("errors %v; backwards %v", errs, errsBackwards)
	}
	for _, r := range allowed {
		if a, b := policy.Decide(p.Grant(names), r), policy.Decide(q.Grant(names), r); a != b || !a.Allowed {
			t.Fatalf("decisions %+v and, backwards, %+v", a, b)
		}
	}
}

func TestCompileKeepsNothingOfItsInput(t *testing.T) {
	roles := []policy.Role{{Name: "viewer", Includes: []string{"reader"}, Rules: []policy.Rule{{
		Hosts: []string{app}, Paths: []string{"/reports/**"}, Methods: []string{"GET"},
	}}}, {Name: "reader"}}
	p := mustCompile(t, roles)
	roles[0].Includes[0], roles[0].Rules[0].Paths[0], roles[0].Rules[0].Methods[0] = "admin", "/**", "*"
	grant := p.Grant([]string{"viewer"})
	if policy.Decide(grant, request(t, "GET", app, "/admin")).Allowed || !policy.Decide(grant, request(t, "GET", app, "/reports/1")).Allowed {
		t.Error("a change of the input changes decisions")
	}
}
