package policy_test

import (
	"strings"
	"testing"

	"github.com/latchkey-auth/latchkey/webhook/policy"
)

func TestPathsMatch(t *testing.T) {
	for sentence, test := range map[string]struct {
		pattern, target string
		want            bool
	}{
		"a path matches itself":                            {"/a/b", "/a/b", true},
		"a path matches an escaped spelling":               {"/a b", "/a%20b", true},
		"a path matches with any query":                    {"/a", "/a?x=/b", true},
		"a path does not match with a trailing slash":      {"/a", "/a/", false},
		"a trailing slash does not match without":          {"/a/", "/a", false},
		"a trailing slash matches itself":                  {"/a/", "/a/", true},
		"the root matches itself":                          {"/", "/", true},
		"the root does not match below":                    {"/", "/a", false},
		"a path does not match a longer segment":           {"/a", "/ab", false},
		"a path does not match a shorter segment":          {"/ab", "/a", false},
		"a path does not match below":                      {"/a", "/a/b", false},
		"a path does not match above":                      {"/a/b", "/a", false},
		"K10: a path does not match in another case":       {"/admin", "/ADMIN", false},
		"a path does not match in another composition":     {"/\u00e4", "/a\u0308", false},
		"a wildcard matches a segment":                     {"/a/*/c", "/a/b/c", true},
		"a wildcard matches the last segment":              {"/a/*", "/a/b", true},
		"a wildcard matches an asterisk":                   {"/a/*", "/a/*", true},
		"a wildcard does not match an empty segment":       {"/a/*", "/a/", false},
		"a wildcard does not match no segment":             {"/a/*", "/a", false},
		"a wildcard does not match two segments":           {"/a/*", "/a/b/c", false},
		"a wildcard does not match the root":               {"/*", "/", false},
		"a wildcard and a trailing slash match that":       {"/*/", "/a/", true},
		"a wildcard does not match a trailing slash":       {"/*", "/a/", false},
		"a literal does not match an asterisk":             {"/a/b", "/a/*", false},
		"two wildcards match two segments":                 {"/*/*", "/a/b", true},
		"everything matches the root":                      {"/**", "/", true},
		"everything matches a segment":                     {"/**", "/a", true},
		"everything matches many segments":                 {"/**", "/a/b/c/", true},
		"all below matches the path itself":                {"/api/**", "/api", true},
		"all below matches a trailing slash":               {"/api/**", "/api/", true},
		"all below matches below":                          {"/api/**", "/api/a/b/", true},
		"all below matches two asterisks":                  {"/api/**", "/api/**", true},
		"all below does not match a longer segment":        {"/api/**", "/apis", false},
		"all below does not match above":                   {"/api/v1/**", "/api", false},
		"all below does not match beside":                  {"/api/v1/**", "/api/v2", false},
		"all below a wildcard matches it":                  {"/*/api/**", "/a/api/b", true},
		"all below a last wildcard matches it":             {"/api/*/**", "/api/a/b", true},
		"all below a last wildcard does not match without": {"/api/*/**", "/api/", false},
		"everything matches an ambiguous path":             {"/**", "/public/../admin", true},
		"everything matches a doubled slash":               {"/**", "//admin", true},
		"everything does not match a malformed escape":     {"/**", "/%zz", false},
		"all below does not match an ambiguous path":       {"/api/**", "/api//a", false},
		"all below a wildcard matches no ambiguous path":   {"/*/**", "/api//a", false},
		"a path does not match an ambiguous equal":         {"/a/b", "/a%2fb", false},
	} {
		t.Run(sentence, func(t *testing.T) {
			rule := policy.Rule{Hosts: []string{"*"}, Paths: []string{test.pattern}, Methods: []string{"GET"}}
			if got := may(t, rule, "GET", "app.example.test", test.target); got != test.want {
				t.Errorf("rule for %q allows %q: %t; want %t", test.pattern, test.target, got, test.want)
			}
		})
	}
}

func TestMethodsMatch(t *testing.T) {
	for sentence, test := range map[string]struct {
		pattern, method string
		want            bool
	}{
		"a method matches itself":              {"POST", "POST", true},
		"a method does not match another":      {"POST", "PUT", false},
		"a method does not match lower case":   {"GET", "get", false},
		"lower case matches itself":            {"get", "get", true},
		"lower-case get does not cover HEAD":   {"get", "HEAD", false},
		"GET covers HEAD":                      {"GET", "HEAD", true},
		"HEAD does not cover GET":              {"HEAD", "GET", false},
		"any method matches a method":          {"*", "DELETE", true},
		"any method matches lower case":        {"*", "get", true},
		"a WebSocket's GET needs GET":          {"GET", "GET", true},
		"a WebSocket's GET isn't CONNECT":      {"CONNECT", "GET", false},
		"a WebSocket by CONNECT isn't GET":     {"GET", "CONNECT", false},
		"GET does not cover OPTIONS":           {"GET", "OPTIONS", false},
		"OPTIONS covers a preflight alone":     {"OPTIONS", "OPTIONS", true},
		"OPTIONS does not cover GET":           {"OPTIONS", "GET", false},
		"GET does not cover TRACE":             {"GET", "TRACE", false},
		"any method matches TRACE":             {"*", "TRACE", true},
		"POST does not cover HEAD":             {"POST", "HEAD", false},
		"GET does not cover lower-case head":   {"GET", "head", false},
		"GET does not cover mixed case":        {"GET", "Get", false},
		"an unknown method matches itself":     {"PROPFIND", "PROPFIND", true},
		"an unknown one does not match GET":    {"PROPFIND", "GET", false},
		"any method matches an unknown one":    {"*", "PROPFIND", true},
		"any method does not match a non-word": {"*", "GET POST", false},
		"a method does not match an asterisk":  {"GET", "*", false},
	} {
		t.Run(sentence, func(t *testing.T) {
			rule := policy.Rule{Hosts: []string{"*"}, Paths: []string{"/"}, Methods: []string{test.pattern}}
			if got := may(t, rule, test.method, "app.example.test", "/"); got != test.want {
				t.Errorf("rule for %q allows %q: %t; want %t", test.pattern, test.method, got, test.want)
			}
		})
	}
}

func TestDecideUnitesAllMatches(t *testing.T) {
	p := mustCompile(t, []policy.Role{
		{Name: "anonymous", Rules: []policy.Rule{{Hosts: []string{"*"}, Paths: []string{"/public/**"}, Methods: []string{"GET"}}}},
		{Name: "authenticated", Rules: []policy.Rule{{Hosts: []string{"*"}, Paths: []string{"/me"}, Methods: []string{"GET"}}}},
		{Name: "exact", Rules: []policy.Rule{{Hosts: []string{"a.test"}, Paths: []string{"/x/y"}, Methods: []string{"GET"}}}},
		{Name: "subdomain", Rules: []policy.Rule{{Hosts: []string{"*.test"}, Paths: []string{"/x/*"}, Methods: []string{"POST"}}}},
		{Name: "anywhere", Rules: []policy.Rule{{Hosts: []string{"*"}, Paths: []string{"/*/y"}, Methods: []string{"PUT"}}}},
		{Name: "below", Rules: []policy.Rule{{Hosts: []string{"*"}, Paths: []string{"/*/**"}, Methods: []string{"DELETE"}}}},
		{Name: "root", Rules: []policy.Rule{{Hosts: []string{"a.test"}, Paths: []string{"/**"}, Methods: []string{"*"}}}},
	})
	for sentence, test := range map[string]struct {
		held                 []string
		method, host, target string
		want                 policy.Decision
	}{
		"by the exact host":                               {[]string{"exact", "subdomain", "anywhere", "below"}, "GET", "a.test", "/x/y", allowedBy("exact")},
		"by the open host beside an exact one":            {[]string{"exact", "subdomain", "anywhere", "below"}, "POST", "a.test", "/x/y", allowedBy("subdomain")},
		"by any host beside an exact one":                 {[]string{"exact", "subdomain", "anywhere", "below"}, "PUT", "a.test", "/x/y", allowedBy("anywhere")},
		"by all below beside a longer match":              {[]string{"exact", "subdomain", "anywhere", "below"}, "DELETE", "a.test", "/x/y", allowedBy("below")},
		"by a wildcard where a literal goes elsewhere":    {[]string{"exact", "subdomain"}, "POST", "a.test", "/x/z", allowedBy("subdomain")},
		"by no rule with a role that isn't held":          {[]string{"exact", "anywhere"}, "POST", "a.test", "/x/y", denied(policy.ReasonNoRule)},
		"by no rule on another host":                      {[]string{"exact"}, "GET", "b.test", "/x/y", denied(policy.ReasonNoRule)},
		"by anonymous for a user":                         {nil, "GET", "b.test", "/public/x", allowedBy("anonymous")},
		"by authenticated for a user":                     {nil, "HEAD", "b.test", "/me", allowedBy("authenticated")},
		"by no rule for a path that only looks public":    {nil, "GET", "b.test", "/publicity", denied(policy.ReasonNoRule)},
		"by no rule when the path is ambiguous":           {[]string{"exact", "subdomain", "anywhere", "below"}, "DELETE", "a.test", "/x//y", denied(policy.ReasonPathAmbiguous)},
		"by everything when the path is ambiguous":        {[]string{"exact", "root"}, "DELETE", "a.test", "/x//y", allowedBy("root")},
		"by no rule when it is ambiguous on another host": {[]string{"root"}, "DELETE", "b.test", "/x//y", denied(policy.ReasonPathAmbiguous)},
	} {
		t.Run(sentence, func(t *testing.T) {
			got := policy.Decide(p.Grant(test.held), request(t, test.method, test.host, test.target))
			if got != test.want {
				t.Errorf("got %+v; want %+v", got, test.want)
			}
		})
	}
}

func allowedBy(role string) policy.Decision { return policy.Decision{Allowed: true, Role: role} }

func denied(reason policy.Reason) policy.Decision { return policy.Decision{Reason: reason} }

func TestDecideFailsClosed(t *testing.T) {
	all := []policy.Role{{Name: "admin", Rules: []policy.Rule{{Hosts: []string{"*"}, Paths: []string{"/**"}, Methods: []string{"*"}}}}}
	admin := mustCompile(t, all).Grant([]string{"admin"})
	get := request(t, "GET", "app.example.test", "/")
	if !policy.Decide(admin, get).Allowed {
		t.Fatal("the admin may not do what the rest of this test denies")
	}
	var none *policy.Policy
	var zero policy.Policy
	for sentence, test := range map[string]struct {
		grant   policy.Grant
		request policy.Request
	}{
		"the zero Grant":                  {policy.Grant{}, get},
		"the zero Request":                {admin, policy.Request{}},
		"both":                            {policy.Grant{}, policy.Request{}},
		"a user without a Policy":         {none.Grant([]string{"admin"}), get},
		"everyone without a Policy":       {none.Everyone(), get},
		"a user of the zero Policy":       {zero.Grant([]string{"admin"}), get},
		"everyone of the zero Policy":     {zero.Everyone(), get},
		"a user of a Policy of no roles":  {mustCompile(t, nil).Grant([]string{"admin"}), get},
		"everyone of a Policy of nothing": {mustCompile(t, nil).Everyone(), get},
	} {
		t.Run(sentence, func(t *testing.T) {
			if got := policy.Decide(test.grant, test.request); got != denied(policy.ReasonNoRule) {
				t.Errorf("got %+v; want a denial", got)
			}
		})
	}
	if (policy.Decision{}).Allowed {
		t.Error("the zero Decision allows")
	}
}

// Rules that overlap in every way are the worst that a matcher can meet: each
// of them must still count, and a matcher that tried them one after the other
// would not come to an end.
func TestEveryOneOfManyOverlappingRulesCounts(t *testing.T) {
	const depth = 10
	var roles []policy.Role
	for _, path := range everyMix(depth) {
		roles = append(roles, policy.Role{
			Name:  "role" + strings.NewReplacer("/a", "1", "/*", "0").Replace(path),
			Rules: []policy.Rule{{Hosts: []string{"*"}, Paths: []string{path + "/end"}, Methods: []string{"GET"}}},
		})
	}
	p := mustCompile(t, roles)
	for _, role := range roles {
		grant := p.Grant([]string{role.Name})
		if got := policy.Decide(grant, request(t, "GET", "a.test", strings.Repeat("/a", depth)+"/end")); got != allowedBy(role.Name) {
			t.Fatalf("%s: %+v", role.Name, got)
		}
		if got := policy.Decide(grant, request(t, "GET", "a.test", strings.Repeat("/a", depth)+"/no")); got.Allowed {
			t.Fatalf("%s: %+v", role.Name, got)
		}
		other := strings.Repeat("/b", depth) + "/end"
		if got := policy.Decide(grant, request(t, "GET", "a.test", other)); got.Allowed != !strings.Contains(role.Name, "1") {
			t.Fatalf("%s on %s: %+v", role.Name, other, got)
		}
	}
}

func TestDecideDoesNotAllocateOnPlainPaths(t *testing.T) {
	roles, names, allowed := manyRules(t, 1_000)
	grant := mustCompile(t, roles).Grant(names)
	no := request(t, "GET", "app-1.example.test", "/teams/team-1/reports/2031/csv")
	if n := testing.AllocsPerRun(100, func() {
		if !policy.Decide(grant, allowed[17]).Allowed || policy.Decide(grant, no).Allowed {
			t.Fatal("wrong decision")
		}
	}); n != 0 {
		t.Errorf("two decisions allocate %v times", n)
	}
}
