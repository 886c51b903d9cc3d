package policy_test

import (
	"testing"

	"github.com/latchkey-auth/latchkey/webhook/policy"
)

// mustCompile fails the test unless every role compiles.
func mustCompile(tb testing.TB, roles []policy.Role) *policy.Policy {
	tb.Helper()
	p, errs := policy.Compile(roles)
	if len(errs) != 0 {
		tb.Fatalf("Compile reports %v", errs)
	}
	return p
}

// request fails the test unless the description is a request.
func request(tb testing.TB, method, host, target string) policy.Request {
	tb.Helper()
	r, err := policy.NewRequest(method, host, target)
	if err != nil {
		tb.Fatalf("NewRequest(%q, %q, %q): %v", method, host, target, err)
	}
	return r
}

// may reports whether a holder of a role with this one rule may make the
// request. What is no request may not be made.
func may(tb testing.TB, rule policy.Rule, method, host, target string) bool {
	tb.Helper()
	grant := mustCompile(tb, []policy.Role{{Name: "viewer", Rules: []policy.Rule{rule}}}).Grant([]string{"viewer"})
	r, _ := policy.NewRequest(method, host, target)
	return policy.Decide(grant, r).Allowed
}

// everyMix returns the 2^depth paths of that many segments, each `a` or `*`.
func everyMix(depth int) []string {
	paths := []string{""}
	for range depth {
		longer := make([]string, 0, 2*len(paths))
		for _, path := range paths {
			longer = append(longer, path+"/a", path+"/*")
		}
		paths = longer
	}
	return paths
}
