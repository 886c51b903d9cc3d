package admission_test

import (
	"context"
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
)

func grantless() rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{v1alpha1.GroupName}, Resources: []string{"users"}, Verbs: []string{"create", "update", "patch", "get"}}
}

var _ = Describe("A Role", func() {
	var realm string
	BeforeEach(func(ctx SpecContext) {
		realm = aRealm(ctx)
		someRoles(ctx, realm)
	})
	role := func(name string, change func(*v1alpha1.RoleSpec)) *v1alpha1.Role {
		r := aRole(name)
		r.Namespace = realm
		change(&r.Spec)
		return &r
	}

	It("Q04: isn't part of a cycle", func(ctx SpecContext) {
		viewer := role("viewer", func(*v1alpha1.RoleSpec) {})
		patch := client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"includes":["editor"]}}`))
		Eventually(func() error { return api.Patch(ctx, viewer, patch, client.DryRunAll) }).Should(MatchError(
			`admission webhook "roles.admission.latchkey.dev" denied the request: spec.includes: viewer → editor → viewer leads back to where it began: remove one of these includes`))
	})

	It("gets rules from who may grant it, and loses them by anybody who may write it", func(ctx SpecContext) {
		tess := aTenant(ctx, realm, grant("mine"))
		rules := func(s *v1alpha1.RoleSpec) {
			s.Rules = []v1alpha1.Rule{aRule("app.example.com", "/a/**", "GET"), aRule("app.example.com", "/b/**", "*")}
		}
		Expect(tess.Create(ctx, role("mine", rules))).To(Succeed())
		for _, name := range []string{"admin", "anonymous"} {
			err := tess.Patch(ctx, role(name, func(*v1alpha1.RoleSpec) {}), client.RawPatch("application/apply-patch+yaml", fmt.Appendf(nil,
				`{"apiVersion":"auth.latchkey.dev/v1alpha1","kind":"Role","metadata":{"name":%q},"spec":{"rules":[{"hosts":["*"],"paths":["/**"],"methods":["*"]}]}}`, name)), client.FieldOwner("tess"))
			Expect(err).To(MatchError(ContainSubstring("this gives the roles %q: it needs verb grant", name)))
		}
		theirs := role("theirs", rules)
		Expect(api.Create(ctx, theirs)).To(Succeed())
		theirs.Spec.Rules = theirs.Spec.Rules[1:]
		Expect(tess.Update(ctx, theirs)).To(Succeed())
		theirs.Spec.Description = "less"
		Expect(tess.Update(ctx, theirs)).To(Succeed())
		theirs.Spec.Rules[0].Methods = []v1alpha1.MethodPattern{"GET"}
		Expect(tess.Update(ctx, theirs)).To(MatchError(ContainSubstring(`this gives the roles "theirs"`)), "GET isn't compared with *")
	})

	It("includes only what its author may grant, transitively, and named before there is one", func(ctx SpecContext) {
		tess := aTenant(ctx, realm, grant("editor", "later"))
		includes := func(names ...v1alpha1.GrantableRoleName) func(*v1alpha1.RoleSpec) {
			return func(s *v1alpha1.RoleSpec) { s.Includes = names }
		}
		Expect(tess.Create(ctx, role("mine", includes("editor")))).To(MatchError(ContainSubstring(`this gives the roles "viewer": it needs verb grant`)))
		Expect(tess.Create(ctx, role("mine", includes("later")))).To(Succeed())
		Expect(tess.warnings()).To(Equal([]string{`spec.includes: there is no Role "later" in this namespace: including it grants nothing until there is one`}))
		Expect(tess.Create(ctx, role("other", includes("later", "never")))).To(MatchError(ContainSubstring(`this gives the roles "never"`)))
	})

	pods := func(change func(*v1alpha1.KubernetesRule)) v1alpha1.KubernetesRule {
		rule := v1alpha1.KubernetesRule{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"get"}}
		change(&rule)
		return rule
	}
	right := func(change func(*rbacv1.PolicyRule)) rbacv1.PolicyRule {
		rule := rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"get"}}
		change(&rule)
		return rule
	}
	same := func(*rbacv1.PolicyRule) {}
	DescribeTable("Q06: reaches into the API server as far as its author", func(ctx SpecContext, has rbacv1.PolicyRule, wants v1alpha1.KubernetesRule, lacks string) {
		tess := aTenant(ctx, realm, has)
		err := tess.Create(ctx, role("mine", func(s *v1alpha1.RoleSpec) { s.KubernetesRules = []v1alpha1.KubernetesRule{wants} }))
		if lacks == "" {
			Expect(err).NotTo(HaveOccurred())
			return
		}
		lacks = fmt.Sprintf(lacks, realm)
		Expect(err).To(MatchError(`admission webhook "roles.admission.latchkey.dev" denied the request: spec.kubernetesRules: you may not ` + lacks +
			` yourself: writing this needs that, or verb escalate on roles.auth.latchkey.dev "mine" in namespace "` + realm + `"`))
	},
		Entry("which is the same", right(same), pods(func(*v1alpha1.KubernetesRule) {}), ""),
		Entry("but not to another verb", right(same), pods(func(r *v1alpha1.KubernetesRule) { r.Verbs = []string{"get", "delete"} }), "delete pods in namespace %q"),
		Entry("but not to all verbs, having each", right(func(r *rbacv1.PolicyRule) {
			r.Verbs = []string{"get", "list", "watch", "create", "update", "patch", "delete"}
		}),
			pods(func(r *v1alpha1.KubernetesRule) { r.Verbs = []string{"*"} }), "* pods in namespace %q"),
		Entry("to all verbs, having all", right(func(r *rbacv1.PolicyRule) { r.Verbs = []string{"*"} }), pods(func(r *v1alpha1.KubernetesRule) { r.Verbs = []string{"*", "get"} }), ""),
		Entry("but not to another resource", right(same), pods(func(r *v1alpha1.KubernetesRule) { r.Resources = []string{"pods", "secrets"} }), "get secrets in namespace %q"),
		Entry("but not to a subresource", right(same), pods(func(r *v1alpha1.KubernetesRule) { r.Resources = []string{"pods/exec"} }), "get pods/exec in namespace %q"),
		Entry("to a subresource that they have", right(func(r *rbacv1.PolicyRule) { r.Resources = []string{"pods/log"} }), pods(func(r *v1alpha1.KubernetesRule) { r.Resources = []string{"pods/log"} }), ""),
		Entry("but not to all resources", right(same), pods(func(r *v1alpha1.KubernetesRule) { r.Resources = []string{"*"} }), "get * in namespace %q"),
		Entry("but not to another group", right(same), pods(func(r *v1alpha1.KubernetesRule) { r.APIGroups = []string{"metrics.k8s.io"} }), "get pods.metrics.k8s.io in namespace %q"),
		Entry("but not to all groups", right(same), pods(func(r *v1alpha1.KubernetesRule) { r.APIGroups = []string{"*"} }), "get pods.* in namespace %q"),
		Entry("to one of all the objects that they have", right(same), pods(func(r *v1alpha1.KubernetesRule) { r.ResourceNames = []string{"web"} }), ""),
		Entry("but not to all, having one", right(func(r *rbacv1.PolicyRule) { r.ResourceNames = []string{"web"} }), pods(func(*v1alpha1.KubernetesRule) {}), "get pods in namespace %q"),
		Entry("but not to another one", right(func(r *rbacv1.PolicyRule) { r.ResourceNames = []string{"web"} }), pods(func(r *v1alpha1.KubernetesRule) { r.ResourceNames = []string{"web", "db"} }), `get pods "db" in namespace %q`),
		Entry("but not to another namespace", right(same), pods(func(r *v1alpha1.KubernetesRule) { r.Namespaces = []string{"kube-system"} }), `get pods in namespace "kube-system"%.0s`),
		Entry("but not to all namespaces", right(same), pods(func(r *v1alpha1.KubernetesRule) { r.Namespaces = []string{"*"} }), "get pods in all namespaces%.0s"),
		Entry("but not to a URL", right(same), v1alpha1.KubernetesRule{Verbs: []string{"get"}, NonResourceURLs: []string{"/metrics"}}, "get /metrics%.0s"),
	)

	Context("with rights in the whole cluster", func() {
		DescribeTable("Q06: reaches as far", func(ctx SpecContext, has rbacv1.PolicyRule, wants v1alpha1.KubernetesRule, lacks string) {
			tess := aTenant(ctx, realm)
			giveRights(ctx, realm, tess.name, "", has)
			DeferCleanup(func(ctx context.Context) {
				Expect(api.Delete(ctx, &rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: realm}})).To(Succeed())
			})
			err := tess.Create(ctx, role("mine", func(s *v1alpha1.RoleSpec) { s.KubernetesRules = []v1alpha1.KubernetesRule{wants} }))
			if lacks == "" {
				Expect(err).NotTo(HaveOccurred())
				return
			}
			Expect(err).To(MatchError(ContainSubstring("you may not " + lacks + " yourself")))
		},
			Entry("in all namespaces", right(same), pods(func(r *v1alpha1.KubernetesRule) { r.Namespaces = []string{"*", "kube-system"} }), ""),
			Entry("on a URL", rbacv1.PolicyRule{Verbs: []string{"get"}, NonResourceURLs: []string{"/metrics"}}, v1alpha1.KubernetesRule{Verbs: []string{"get"}, NonResourceURLs: []string{"/metrics"}}, ""),
			Entry("on URLs that begin alike", rbacv1.PolicyRule{Verbs: []string{"get"}, NonResourceURLs: []string{"/api/*"}}, v1alpha1.KubernetesRule{Verbs: []string{"get"}, NonResourceURLs: []string{"/api/v1/*"}}, ""),
			Entry("but not on all URLs", rbacv1.PolicyRule{Verbs: []string{"get"}, NonResourceURLs: []string{"/api/*"}}, v1alpha1.KubernetesRule{Verbs: []string{"get"}, NonResourceURLs: []string{"*"}}, "get *"),
			Entry("but not on more URLs that begin alike", rbacv1.PolicyRule{Verbs: []string{"get"}, NonResourceURLs: []string{"/api"}}, v1alpha1.KubernetesRule{Verbs: []string{"get"}, NonResourceURLs: []string{"/api*"}}, "get /api*"),
		)
	})

	It("Q06: reaches further by who may escalate it, and no other", func(ctx SpecContext) {
		escalate := rbacv1.PolicyRule{APIGroups: []string{v1alpha1.GroupName}, Resources: []string{"roles"}, Verbs: []string{"escalate"}, ResourceNames: []string{"mine"}}
		tess := aTenant(ctx, realm, escalate)
		root := func(s *v1alpha1.RoleSpec) {
			s.KubernetesRules = []v1alpha1.KubernetesRule{{APIGroups: []string{"*"}, Resources: []string{"*"}, Namespaces: []string{"*"}, Verbs: []string{"*"}, NonResourceURLs: []string{"*"}}}
		}
		Expect(tess.Create(ctx, role("mine", root))).To(Succeed())
		Expect(tess.Create(ctx, role("yours", root))).To(MatchError(ContainSubstring("you may not * * yourself")))
	})

	It("Q06: isn't changed underneath those who hold it", func(ctx SpecContext) {
		tess := aTenant(ctx, realm, grant())
		Expect(api.Create(ctx, aUser(realm, "vera", "viewer"))).To(Succeed())
		patch := client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"kubernetesRules":[{"apiGroups":[""],"resources":["secrets"],"verbs":["get"]}]}}`))
		Expect(tess.Patch(ctx, role("viewer", func(*v1alpha1.RoleSpec) {}), patch)).To(MatchError(ContainSubstring("you may not get secrets")))
		ops := role("ops", func(*v1alpha1.RoleSpec) {})
		Expect(tess.Patch(ctx, ops, client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"description":"the same"}}`)))).To(Succeed())
		Expect(tess.Patch(ctx, ops, client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"kubernetesRules":[]}}`)))).To(Succeed())
	})

	It("of the largest size is within what conditions of a webhook may cost", func(ctx SpecContext) {
		largest := role("largest", func(s *v1alpha1.RoleSpec) {
			for i := range 64 {
				rule := v1alpha1.Rule{}
				for j := range 32 {
					rule.Hosts = append(rule.Hosts, v1alpha1.HostPattern(fmt.Sprintf("h%d-%d.example.com", i, j)))
					rule.Paths = append(rule.Paths, v1alpha1.PathPattern(fmt.Sprintf("/p%d/%d/**", i, j)))
					rule.Methods = append(rule.Methods, v1alpha1.MethodPattern(fmt.Sprintf("M%c%c", 'A'+i%26, 'A'+j%26)+map[bool]string{true: "X"}[j > 25]))
				}
				s.Rules = append(s.Rules, rule)
			}
		})
		Expect(api.Create(ctx, largest)).To(Succeed())
		largest.Spec.Description = "again"
		Expect(api.Update(ctx, largest)).To(Succeed())
	})
})

func ingressRights() rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{"networking.k8s.io"}, Resources: []string{"ingresses"}, Verbs: []string{"create"}}
}
