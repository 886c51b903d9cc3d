package config_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
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

// isForTheAPIServer tells what lets the API server ask Latchkey, beyond Latchkey's own kinds: to ask
// it in turn what somebody may do.
func isForTheAPIServer(role string, rule rbacv1.PolicyRule) bool {
	if role == "latchkey-controller" {
		switch { // the leader makes the API server ask, by one object, which goes with another
		case slices.Equal(rule.APIGroups, []string{"admissionregistration.k8s.io"}):
			return slices.Equal(rule.Resources, []string{"validatingwebhookconfigurations"}) && slices.Equal(rule.ResourceNames, []string{"latchkey"})
		case slices.Equal(rule.APIGroups, []string{rbacv1.GroupName}):
			return slices.Equal(rule.ResourceNames, []string{"latchkey-kubernetes"}) && slices.Equal(rule.Verbs, []string{"get"})
		}
	}
	return role == "latchkey-kubernetes" && rule.String() == (&rbacv1.PolicyRule{
		Verbs: []string{"create"}, APIGroups: []string{authorizationv1.GroupName}, Resources: []string{"subjectaccessreviews"},
	}).String()
}

// runKubectl is what kubectl prints, as an administrator's.
func runKubectl(ctx context.Context, arguments ...string) string {
	GinkgoHelper()
	file := filepath.Join(GinkgoT().TempDir(), "kubeconfig")
	Expect(os.WriteFile(file, environment.Kubeconfig(), 0o600)).To(Succeed())
	out, err := exec.CommandContext(ctx, kubectl(), append([]string{"--kubeconfig=" + file}, arguments...)...).CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), string(out))
	return string(out)
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
		Entry("what the API server asks", "latchkey-kubernetes"),
	)

	It("has cluster-wide rights on Latchkey's own kinds and Events alone but for what is said here, and on nothing whole", func() {
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
				if isForTheAPIServer(role.Name, rule) {
					continue
				}
				Expect(rule.APIGroups).To(HaveEach(BeElementOf(v1alpha1.GroupName, "events.k8s.io")), role.Name)
				Expect(rule.Resources).NotTo(ContainElement("*"), role.Name)
				Expect(rule.Verbs).NotTo(ContainElement(BeElementOf("*", "escalate", "bind", "impersonate", "deletecollection")), role.Name)
				Expect(rule.NonResourceURLs).To(BeEmpty(), role.Name)
			}
		}
	})

	It("of a process that the API server asks can read no Secret and write nothing (Q23)", func(ctx SpecContext) {
		account := []string{"--as=system:serviceaccount:latchkey:latchkey-kubernetes", "--as-group=system:serviceaccounts", "--as-group=system:authenticated"}
		for _, namespace := range []string{"latchkey", "team-a", "elsewhere"} {
			list := runKubectl(ctx, append(account, "auth", "can-i", "--list", "--no-headers", "--namespace="+namespace)...)
			Expect(list).To(ContainSubstring("users.auth.latchkey.dev"))
			for line := range strings.Lines(list) {
				Expect(line).NotTo(ContainSubstring("secrets"))
				verbs := regexp.MustCompile(`\[([a-z* ]*)\]\s*$`).FindStringSubmatch(line)
				Expect(verbs).To(HaveLen(2), line)
				if regexp.MustCompile(`^[a-z]+reviews\.auth(orization|entication)\.k8s\.io `).MatchString(line) {
					continue // a question, which stores nothing though it is called create
				}
				Expect(strings.Fields(verbs[1])).To(HaveEach(BeElementOf("get", "list", "watch")), line)
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
		Entry("read its own certificate's Secret, as what the API server asks", "latchkey-kubernetes", "get", "", "secrets", "latchkey", "latchkey-kubernetes-tls"),
		Entry("ask whose a token is, as what the API server asks", "latchkey-kubernetes", "create", "authentication.k8s.io", "tokenreviews", metav1.NamespaceAll, ""),
		Entry("see who is logged in, as what the API server asks", "latchkey-kubernetes", "list", v1alpha1.GroupName, "sessions", metav1.NamespaceAll, ""),
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
