package v1alpha1_test

import (
	"math/rand/v2"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/webhook/policy"
)

// Rules are judged twice, by the schema and by the matcher. Where the schema took what the matcher
// can't use, a rule would be admitted and silently grant nothing.
var _ = It("Every rule that the API server admits can be enforced", func(ctx SpecContext) {
	random := rand.New(rand.NewPCG(uint64(GinkgoRandomSeed()), 0))
	hosts := []string{"*", "a", "app.example.com", "*.example.com", "10.0.0.1", "[::1]", "[2001:db8::1]", "[::ffff:10.0.0.1]"}
	paths := []string{"/", "/**", "/a", "/a/", "/a/**", "/*", "/*/b/**", "/a.b/c", "/ä", "/a b", "/.well-known/x"}
	methods := []string{"*", "GET", "VERSION-CONTROL"}
	hosts = append(hosts, misspelt(hosts, "a0*.-[]:A_ ", random)...)
	paths = append(paths, misspelt(paths, "/*.a%?;# \\ä\u0085\u00a0\u2028+(S(\u200b／．…¥\u037e", random)...)
	methods = append(methods, misspelt(methods, "*AaZ-_ ", random)...)

	admitted := 0
	for range 300 {
		rule := v1alpha1.Rule{
			Hosts:   []v1alpha1.HostPattern{v1alpha1.HostPattern(hosts[random.IntN(len(hosts))])},
			Paths:   []v1alpha1.PathPattern{v1alpha1.PathPattern(paths[random.IntN(len(paths))])},
			Methods: []v1alpha1.MethodPattern{v1alpha1.MethodPattern(methods[random.IntN(len(methods))])},
		}
		role := &v1alpha1.Role{Spec: v1alpha1.RoleSpec{Rules: []v1alpha1.Rule{rule}}}
		role.Namespace, role.Name = "default", "viewer"
		err := api.Create(ctx, role, client.DryRunAll)
		if apierrors.IsInvalid(err) {
			continue
		}
		Expect(err).NotTo(HaveOccurred())
		admitted++
		_, problems := policy.Compile([]policy.Role{{Name: "viewer", Rules: []policy.Rule{{
			Hosts: []string{string(rule.Hosts[0])}, Paths: []string{string(rule.Paths[0])}, Methods: []string{string(rule.Methods[0])},
		}}}})
		Expect(problems).To(BeEmpty(), "%+v", rule)
	}
	Expect(admitted).NotTo(BeZero())
})
