package policy_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/latchkey-auth/latchkey/webhook/policy"
)

// ownPage is a role that allows a page of its own name.
func ownPage(name string, includes ...string) policy.Role {
	return policy.Role{Name: name, Includes: includes, Rules: []policy.Rule{{
		Hosts: []string{"*"}, Paths: []string{"/" + name}, Methods: []string{"GET"},
	}}}
}

func TestGrantFollowsIncludes(t *testing.T) {
	for sentence, test := range map[string]struct {
		roles []policy.Role
		held  []string
		want  []string
	}{
		"no role":                              {[]policy.Role{ownPage("a")}, nil, nil},
		"a role":                               {[]policy.Role{ownPage("b"), ownPage("a")}, []string{"a"}, []string{"a"}},
		"roles in order, once":                 {[]policy.Role{ownPage("b"), ownPage("a")}, []string{"b", "a", "b"}, []string{"a", "b"}},
		"an included role":                     {[]policy.Role{ownPage("a", "b"), ownPage("b")}, []string{"a"}, []string{"a", "b"}},
		"not the role that includes":           {[]policy.Role{ownPage("a", "b"), ownPage("b")}, []string{"b"}, []string{"b"}},
		"an included role's included role":     {[]policy.Role{ownPage("a", "b"), ownPage("b", "c"), ownPage("c")}, []string{"a"}, []string{"a", "b", "c"}},
		"a role included twice":                {[]policy.Role{ownPage("a", "b", "c"), ownPage("b", "d"), ownPage("c", "d"), ownPage("d")}, []string{"a"}, []string{"a", "b", "c", "d"}},
		"Q04: a role that includes itself":     {[]policy.Role{ownPage("a", "a"), ownPage("b")}, []string{"a"}, []string{"a"}},
		"Q04: a cycle of two":                  {[]policy.Role{ownPage("a", "b"), ownPage("b", "a"), ownPage("c")}, []string{"b"}, []string{"a", "b"}},
		"Q04: a cycle beyond a role":           {[]policy.Role{ownPage("a", "b"), ownPage("b", "c"), ownPage("c", "b")}, []string{"a"}, []string{"a", "b", "c"}},
		"an unknown role":                      {[]policy.Role{ownPage("a")}, []string{"ghost", "a", ""}, []string{"a"}},
		"an unknown role that is included":     {[]policy.Role{ownPage("a", "ghost", "b"), ownPage("b")}, []string{"a"}, []string{"a", "b"}},
		"reserved names":                       {[]policy.Role{ownPage("a")}, []string{"anonymous", "authenticated"}, nil},
		"Q21: a role in another case":          {[]policy.Role{ownPage("admin")}, []string{"Admin", "ADMIN"}, nil},
		"Q21: a role in look-alike letters":    {[]policy.Role{ownPage("admin")}, []string{"аdmin", "admin ", "ａdmin"}, nil},
		"Q21: a name that lists several roles": {[]policy.Role{ownPage("a"), ownPage("b")}, []string{"a,b"}, nil},
	} {
		t.Run(sentence, func(t *testing.T) {
			p := mustCompile(t, test.roles)
			grant := p.Grant(test.held)
			if got := grant.Roles(); !slices.Equal(got, test.want) {
				t.Errorf("effective roles are %q; want %q", got, test.want)
			}
			for _, role := range test.roles {
				want := slices.Contains(test.want, role.Name)
				if grant.Has(role.Name) != want {
					t.Errorf("Has(%q) is %t", role.Name, !want)
				}
				if policy.Decide(grant, request(t, "GET", app, "/"+role.Name)).Allowed != want {
					t.Errorf("the page of %q is allowed: %t", role.Name, !want)
				}
				if !p.HasRole(role.Name) {
					t.Errorf("there is no role %q", role.Name)
				}
			}
		})
	}
}

func TestQ04AChainOf10000Includes(t *testing.T) {
	const length = 10_000
	name := func(i int) string { return fmt.Sprintf("role-%05d", i) }
	var roles []policy.Role
	for i := range length {
		roles = append(roles, ownPage(name(i), name((i+1)%length))) // the last closes a cycle
	}
	p := mustCompile(t, roles)
	grant := p.Grant([]string{name(1)})
	if got := len(grant.Roles()); got != length {
		t.Errorf("%d roles are effective; want %d", got, length)
	}
	if got := policy.Decide(grant, request(t, "GET", app, "/"+name(0))); got != allowedBy(name(0)) {
		t.Errorf("the page of the last role: %+v", got)
	}
}

func TestReservedRoles(t *testing.T) {
	p := mustCompile(t, []policy.Role{ownPage(policy.Anonymous), ownPage(policy.Authenticated), ownPage("viewer")})
	everyone, user, viewer := p.Everyone(), p.Grant(nil), p.Grant([]string{"viewer"})
	for sentence, test := range map[string]struct {
		grant policy.Grant
		role  string
		has   bool // passes where the role alone decides
		page  bool // may see what rules allow the role
	}{
		"everyone is anonymous by rules only":       {everyone, policy.Anonymous, false, true},
		"everyone is not authenticated":             {everyone, policy.Authenticated, false, false},
		"everyone is no viewer":                     {everyone, "viewer", false, false},
		"a user is anonymous by rules only":         {user, policy.Anonymous, false, true},
		"a user is authenticated":                   {user, policy.Authenticated, true, true},
		"a user is no viewer":                       {user, "viewer", false, false},
		"a viewer is anonymous by rules only":       {viewer, policy.Anonymous, false, true},
		"a viewer is authenticated":                 {viewer, policy.Authenticated, true, true},
		"a viewer is a viewer":                      {viewer, "viewer", true, true},
		"a viewer is nothing unknown":               {viewer, "ghost", false, false},
		"a viewer is not nameless":                  {viewer, "", false, false},
		"the zero Grant is nothing":                 {policy.Grant{}, "viewer", false, false},
		"the zero Grant is not authenticated":       {policy.Grant{}, policy.Authenticated, false, false},
		"the zero Grant is not anonymous by rules":  {policy.Grant{}, policy.Anonymous, false, false},
		"a viewer of the zero Policy has no viewer": {(&policy.Policy{}).Grant([]string{"viewer"}), "viewer", false, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			if got := test.grant.Has(test.role); got != test.has {
				t.Errorf("Has(%q) is %t", test.role, got)
			}
			if got := policy.Decide(test.grant, request(t, "GET", app, "/"+test.role)).Allowed; got != test.page {
				t.Errorf("the page of %q is allowed: %t", test.role, got)
			}
		})
	}
	if p.HasRole(policy.Anonymous) || p.HasRole(policy.Authenticated) || p.HasRole("ghost") || !p.HasRole("viewer") {
		t.Error("HasRole tells reserved or unknown names to be Roles, or forgets one that is")
	}
	var none *policy.Policy
	if none.HasRole("viewer") || none.Grant(nil).Has(policy.Authenticated) {
		t.Error("no Policy has a role")
	}
	if !policy.Reserved("anonymous") || !policy.Reserved("authenticated") || policy.Reserved("Anonymous") || policy.Reserved("") {
		t.Error("Reserved names others than anonymous and authenticated")
	}
	if got := everyone.Roles(); len(got) != 0 {
		t.Errorf("everyone's roles are %q", got)
	}
}
