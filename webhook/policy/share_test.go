package policy_test

import (
	"fmt"
	"testing"

	"github.com/latchkey-auth/latchkey/webhook/policy"
)

// Rules that are alike share memory in a Policy; these are alike in all but one
// thing, and must not be taken for each other.
func TestRulesThatAreAlmostAlikeStayApart(t *testing.T) {
	rule := func(host, path, method string) policy.Rule {
		return policy.Rule{Hosts: []string{host}, Paths: []string{path}, Methods: []string{method}}
	}
	for sentence, test := range map[string]struct {
		rules           []policy.Rule
		allowed, denied string // paths to GET of host x
	}{
		"but for the last segment":     {[]policy.Rule{rule("x", "/p/a", "GET"), rule("x", "/q/b", "GET")}, "/p/a", "/p/b"},
		"but for the segment before":   {[]policy.Rule{rule("x", "/p/a/c", "GET"), rule("x", "/q/b/c", "GET")}, "/q/b/c", "/q/a/c"},
		"but for one more segment":     {[]policy.Rule{rule("x", "/p/a", "GET"), rule("x", "/q/a", "GET"), rule("x", "/q/b", "GET")}, "/q/b", "/p/b"},
		"but for a wildcard":           {[]policy.Rule{rule("x", "/p/a", "GET"), rule("x", "/q/*", "GET")}, "/q/b", "/p/b"},
		"but for what is below":        {[]policy.Rule{rule("x", "/p/a", "GET"), rule("x", "/q/a/**", "GET")}, "/q/a/b", "/p/a/b"},
		"but for the method":           {[]policy.Rule{rule("x", "/p", "GET"), rule("x", "/q", "PUT")}, "/p", "/q"},
		"but for any method":           {[]policy.Rule{rule("x", "/p", "*"), rule("x", "/q", "PUT")}, "/p", "/q"},
		"but for the host":             {[]policy.Rule{rule("x", "/p", "GET"), rule("y", "/q", "GET")}, "/p", "/q"},
		"but for the host and segment": {[]policy.Rule{rule("x", "/p/a", "GET"), rule("y", "/p/b", "GET")}, "/p/a", "/p/b"},
	} {
		t.Run(sentence, func(t *testing.T) {
			grant := mustCompile(t, []policy.Role{{Name: "viewer", Rules: test.rules}}).Grant([]string{"viewer"})
			if !policy.Decide(grant, request(t, "GET", "x", test.allowed)).Allowed {
				t.Errorf("%s is denied", test.allowed)
			}
			if policy.Decide(grant, request(t, "GET", "x", test.denied)).Allowed {
				t.Errorf("%s is allowed", test.denied)
			}
		})
	}
}

// Two hundred roles take more than one word of a bitset. What the last may do
// with one method must not be taken for what some of them may do with all.
func TestRolesThatAreAlmostAlikeStayApart(t *testing.T) {
	const reserved = 2
	everybody := map[int]bool{67: true, 68: true, 70: true, 128: true} // in a bitset: word 1 is 'X', word 2 is 1
	var roles []policy.Role
	for i := reserved; i < 200; i++ {
		role := policy.Role{Name: fmt.Sprintf("role-%03d", i)}
		if everybody[i] {
			role.Rules = append(role.Rules, policy.Rule{Hosts: []string{"*"}, Paths: []string{"/all"}, Methods: []string{"*"}})
		}
		if i == 128 {
			role.Rules = append(role.Rules, policy.Rule{Hosts: []string{"*"}, Paths: []string{"/one"}, Methods: []string{"X"}})
		}
		roles = append(roles, role)
	}
	p := mustCompile(t, roles)
	for i := reserved; i < 200; i++ {
		name := fmt.Sprintf("role-%03d", i)
		grant := p.Grant([]string{name})
		for _, test := range []struct {
			method, path string
			want         bool
		}{
			{"GET", "/all", everybody[i]}, {"X", "/all", everybody[i]}, {"GET", "/one", false}, {"X", "/one", i == 128},
		} {
			if got := policy.Decide(grant, request(t, test.method, "x", test.path)).Allowed; got != test.want {
				t.Errorf("%s may %s %s: %t", name, test.method, test.path, got)
			}
		}
	}
}
