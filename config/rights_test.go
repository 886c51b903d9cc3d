package config_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/hack/testenv"
)

// Set to write the golden files anew, for review: LATCHKEY_UPDATE_GOLDEN=1 go test ./config
const updateGolden = "LATCHKEY_UPDATE_GOLDEN"

// rights are verbs by what they are for: group/resource, with a name in brackets where that is all.
type rights map[string][]string

// rightsOf asks the API server what a ServiceAccount of Latchkey may do in a namespace, beyond what everybody may.
func rightsOf(ctx context.Context, account, namespace string) rights {
	GinkgoHelper()
	groups := []string{"system:serviceaccounts", "system:serviceaccounts:latchkey", "system:authenticated"}
	mine := review(ctx, clientOf("system:serviceaccount:latchkey:"+account, groups...), namespace)
	return mine.without(review(ctx, clientOf("system:serviceaccount:latchkey:nobody", groups...), namespace))
}

// clientOf is the API server's client of a user with groups.
func clientOf(user string, groups ...string) client.Client {
	GinkgoHelper()
	config, err := environment.ConfigFor(user, groups...)
	Expect(err).NotTo(HaveOccurred())
	c, err := client.New(config, client.Options{Scheme: testenv.Scheme()})
	Expect(err).NotTo(HaveOccurred())
	return c
}

func review(ctx context.Context, c client.Client, namespace string) rights {
	GinkgoHelper()
	answer := &authorizationv1.SelfSubjectRulesReview{Spec: authorizationv1.SelfSubjectRulesReviewSpec{Namespace: namespace}}
	Expect(c.Create(ctx, answer)).To(Succeed())
	Expect(answer.Status.Incomplete).To(BeFalse(), answer.Status.EvaluationError)
	all := rights{}
	for _, rule := range answer.Status.ResourceRules {
		for _, group := range rule.APIGroups {
			for _, resource := range rule.Resources {
				if len(rule.ResourceNames) == 0 {
					all.add(group, resource, "", rule.Verbs)
				}
				for _, name := range rule.ResourceNames {
					all.add(group, resource, name, rule.Verbs)
				}
			}
		}
	}
	for _, rule := range answer.Status.NonResourceRules {
		for _, url := range rule.NonResourceURLs {
			all[url] = rule.Verbs
		}
	}
	return all
}

func (r rights) add(group, resource, name string, verbs []string) {
	what := resource
	if group != "" {
		what = group + "/" + resource
	}
	if name != "" {
		what += "[" + name + "]"
	}
	r[what] = slices.Compact(slices.Sorted(slices.Values(append(r[what], verbs...))))
}

func (r rights) without(others rights) rights {
	rest := maps.Clone(r)
	maps.DeleteFunc(rest, func(what string, verbs []string) bool { return slices.Equal(others[what], verbs) })
	return rest
}

// equalsGolden holds got against a reviewed file of testdata.
func equalsGolden(name, got string) {
	GinkgoHelper()
	file := filepath.Join("testdata", name+".golden")
	if os.Getenv(updateGolden) != "" {
		Expect(os.WriteFile(file, []byte(got), 0o644)).To(Succeed())
	}
	want, err := os.ReadFile(file)
	Expect(err).NotTo(HaveOccurred())
	Expect(got).To(Equal(string(want)), "review the change, then write the file anew with %s=1", updateGolden)
}

func (r rights) String() string {
	var lines strings.Builder
	for _, what := range slices.Sorted(maps.Keys(r)) {
		fmt.Fprintf(&lines, "%s: %s\n", what, strings.Join(r[what], " "))
	}
	return lines.String()
}

var _ = Describe("A ServiceAccount", func() {
	// P14: what each may do equals a reviewed file.
	DescribeTable("may do what its golden file says, and nothing else", func(ctx SpecContext, account string) {
		anywhere := rightsOf(ctx, account, "elsewhere")
		got := fmt.Sprintf("# anywhere\n%s\n# in latchkey, its own namespace and a realm, also\n%s\n# in team-a, another realm, also\n%s",
			anywhere, rightsOf(ctx, account, "latchkey").without(anywhere), rightsOf(ctx, account, "team-a").without(anywhere))
		equalsGolden(account, got)
	},
		Entry("the controllers'", "latchkey-controller"),
		Entry("the service's", "latchkey-serve"),
	)

	It("has cluster-wide rights on Latchkey's own kinds and Events alone, and on nothing whole", func() {
		objects := render("default")
		bound := map[string]bool{}
		for _, binding := range ofKind[rbacv1.ClusterRoleBinding](objects, "ClusterRoleBinding") {
			Expect(binding.Subjects).To(ConsistOf(rbacv1.Subject{Kind: "ServiceAccount", Namespace: "latchkey", Name: binding.RoleRef.Name}))
			bound[binding.RoleRef.Name] = true
		}
		for _, role := range ofKind[rbacv1.ClusterRole](objects, "ClusterRole") {
			if !bound[role.Name] {
				continue // for RoleBindings: see the specs of delegation
			}
			for _, rule := range role.Rules {
				Expect(rule.APIGroups).To(HaveEach(BeElementOf(v1alpha1.GroupName, "events.k8s.io")), role.Name)
				Expect(rule.Resources).NotTo(ContainElement("*"), role.Name)
				Expect(rule.Verbs).NotTo(ContainElement(BeElementOf("*", "escalate", "bind", "impersonate", "deletecollection")), role.Name)
				Expect(rule.NonResourceURLs).To(BeEmpty(), role.Name)
			}
		}
	})

	DescribeTable("may not", func(ctx SpecContext, account, verb, group, resource, namespace, name string) {
		review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
			User:   "system:serviceaccount:latchkey:" + account,
			Groups: []string{"system:serviceaccounts", "system:serviceaccounts:latchkey", "system:authenticated"},
			ResourceAttributes: &authorizationv1.ResourceAttributes{
				Verb: verb, Group: group, Resource: resource, Namespace: namespace, Name: name,
			},
		}}
		Expect(api.Create(ctx, review)).To(Succeed())
		Expect(review.Status.Allowed).To(BeFalse())
	},
		Entry("read Secrets outside of realms, as the service", "latchkey-serve", "get", "", "secrets", "elsewhere", "any"),
		Entry("read Secrets outside of realms, as the controllers", "latchkey-controller", "get", "", "secrets", "elsewhere", "any"),
		Entry("list every Secret, as the service", "latchkey-serve", "list", "", "secrets", metav1.NamespaceAll, ""),
		Entry("list every Secret, as the controllers", "latchkey-controller", "list", "", "secrets", metav1.NamespaceAll, ""),
		Entry("list a realm's Secrets, as the service", "latchkey-serve", "list", "", "secrets", "team-a", ""),
		Entry("change the keys, as the service", "latchkey-serve", "update", "", "secrets", "team-a", v1alpha1.SigningKeysSecretName),
		Entry("give itself rules, as the service", "latchkey-serve", "update", v1alpha1.GroupName, "roles", "team-a", "admin"),
		Entry("change a realm, as the service", "latchkey-serve", "patch", v1alpha1.GroupName, "realms", "team-a", "default"),
		Entry("say how things stand, as the service", "latchkey-serve", "patch", v1alpha1.GroupName, "users/status", "team-a", "ada"),
		Entry("revive what was revoked, as the service", "latchkey-serve", "delete", v1alpha1.GroupName, "revokedtokens", "team-a", "any"),
		Entry("make users, as the controllers", "latchkey-controller", "create", v1alpha1.GroupName, "users", "team-a", ""),
		Entry("give users roles, as the controllers", "latchkey-controller", "patch", v1alpha1.GroupName, "users", "team-a", "ada"),
		Entry("log anybody in, as the controllers", "latchkey-controller", "create", v1alpha1.GroupName, "sessions", "team-a", ""),
		Entry("bind roles, as the controllers", "latchkey-controller", "create", rbacv1.GroupName, "rolebindings", "latchkey", ""),
	)
})
