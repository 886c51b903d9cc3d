package admission_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/webhook/policy"
)

func app(namespace string, values map[string]string) *networkingv1.Ingress {
	ingress := anIngress(values)
	ingress.Namespace = namespace
	ingress.Spec.DefaultBackend = &networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{Name: "app", Port: networkingv1.ServiceBackendPort{Number: 80}}}
	return &ingress
}

var _ = Describe("An Ingress", func() {
	It("is let in with the warnings that its author needs", func(ctx SpecContext) {
		someone := newPerson("ingo")
		realm := aRealm(ctx)
		giveRights(ctx, "ingresses", "ingo", realm, ingressRights())
		Expect(someone.Create(ctx, app(realm, map[string]string{"auth-url": inCluster + "/check/nginx", "auth-response-headers": four}))).To(Succeed())
		Expect(someone.warnings()).To(Equal([]string{"auth-url must end in /check/nginx?host=$host, with nothing behind it: everything else is refused"}))
	})
})

// Nor may these run beside others: Latchkey's own account loses its rights.
var _ = Describe("While Latchkey can't judge, as it may not ask the API server", Ordered, Serial, func() {
	var realm string
	BeforeAll(func(ctx SpecContext) {
		realm = aRealm(ctx)
		binding := &rbacv1.ClusterRoleBinding{}
		Expect(api.Get(ctx, client.ObjectKey{Name: "latchkey-kubernetes"}, binding)).To(Succeed())
		Expect(api.Delete(ctx, binding)).To(Succeed())
		DeferCleanup(func(ctx context.Context) {
			binding.ResourceVersion, binding.UID = "", ""
			Expect(api.Create(ctx, binding)).To(Succeed())
			Eventually(func() error { return api.Create(ctx, aUser(realm, "vera", "viewer"), client.DryRunAll) }).Should(Succeed())
		})
	})

	It("nothing is given, and its author learns where to look", func(ctx SpecContext) {
		Eventually(func() error { return api.Create(ctx, aUser(realm, "mallory", "viewer"), client.DryRunAll) }).Should(
			MatchError(And(ContainSubstring(`failed calling webhook "users.admission.latchkey.dev"`), ContainSubstring("this can't be judged now: try again"))))
	})

	It("an Ingress is stored, unwarned", func(ctx SpecContext) {
		someone := newPerson("iris")
		giveRights(ctx, "ingresses", "iris", realm, ingressRights())
		Eventually(func() error {
			return someone.Create(ctx, app(realm, map[string]string{"auth-url": inCluster + "/check/role/nobodys"}))
		}).Should(Succeed())
		Expect(someone.warnings()).To(BeEmpty())
	})
})

// These come last: they take the webhook away from the others.
var _ = Describe("Q22: While nobody answers at the webhook", Ordered, Serial, func() {
	var realm string
	BeforeAll(func(ctx SpecContext) {
		realm = aRealm(ctx)
		someRoles(ctx, realm)
		Expect(api.Create(ctx, aUser(realm, "vera", "admin", "viewer"))).To(Succeed())
		hooks := webhooks()
		Expect(api.Get(ctx, client.ObjectKeyFromObject(hooks), hooks)).To(Succeed())
		for i := range hooks.Webhooks {
			nobody := "https://127.0.0.1:1/"
			hooks.Webhooks[i].ClientConfig.URL = &nobody
		}
		Expect(api.Update(ctx, hooks)).To(Succeed())
		DeferCleanup(func(ctx context.Context) {
			Expect(client.IgnoreNotFound(api.Delete(ctx, hooks))).To(Succeed())
			fresh := webhooks()
			Expect(api.Create(ctx, fresh)).To(Succeed())
			install := func() error { return api.Create(ctx, aCycle("latchkey"), client.DryRunAll) }
			Eventually(install).Should(MatchError(ContainSubstring("leads back")))
		})
		Eventually(func() error { return api.Create(ctx, aCycle("latchkey"), client.DryRunAll) }).Should(MatchError(ContainSubstring("failed calling webhook")))
	})

	It("nothing is given, not even by an administrator", func(ctx SpecContext) {
		Expect(api.Create(ctx, aUser(realm, "mallory", "admin"))).To(MatchError(ContainSubstring(`failed calling webhook "users.admission.latchkey.dev"`)))
		aimed := client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"passwordSecretRef":{"name":"mallory-password"}}}`))
		Expect(api.Patch(ctx, aUser(realm, "vera"), aimed)).To(MatchError(ContainSubstring(`failed calling webhook "users.admission.latchkey.dev"`)))
	})

	It("everything can be taken away, disabled and deleted", func(ctx SpecContext) {
		vera := aUser(realm, "vera")
		Expect(api.Get(ctx, client.ObjectKeyFromObject(vera), vera)).To(Succeed())
		vera.Spec.Disabled, vera.Spec.Roles = true, vera.Spec.Roles[1:]
		Expect(api.Update(ctx, vera)).To(Succeed())
		Expect(api.Create(ctx, aUser(realm, "lena"))).To(Succeed())
		editor := aRole("editor")
		editor.Namespace = realm
		Expect(api.Patch(ctx, &editor, client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"includes":[]}}`)))).To(Succeed())
		Expect(api.Delete(ctx, &editor)).To(Succeed())
		Expect(api.Delete(ctx, vera)).To(Succeed())
	})

	It("Realms and Ingresses are stored as ever", func(ctx SpecContext) {
		_ = aRealm(ctx)
		Expect(api.Create(ctx, app(realm, map[string]string{"auth-url": inCluster + "/check/nginx"}))).To(Succeed())
	})

	It("and without the webhook at all, what is wrong grants nothing beyond itself", func(ctx SpecContext) {
		Expect(api.Delete(ctx, webhooks())).To(Succeed())
		first, second := aRole("one", "two", "missing"), aRole("two", "one")
		first.Namespace, second.Namespace = realm, realm
		second.Spec.Rules = []v1alpha1.Rule{aRule("app.example.com", "/two/**", "GET")}
		Eventually(func() error { return client.IgnoreAlreadyExists(api.Create(ctx, &first)) }).Should(Succeed())
		Expect(api.Create(ctx, &second)).To(Succeed())
		crooked := aRole("crooked")
		crooked.Namespace, crooked.Spec.Rules = realm, []v1alpha1.Rule{aRule("app.example.com:8080", "reports", "GET")}
		Expect(api.Create(ctx, &crooked)).To(MatchError(ContainSubstring("Invalid value")), "the schema refuses it without anybody's help")

		list := &v1alpha1.RoleList{}
		Expect(api.List(ctx, list, client.InNamespace(realm))).To(Succeed())
		var roles []policy.Role
		for _, r := range list.Items {
			role := policy.Role{Name: r.Name}
			for _, include := range r.Spec.Includes {
				role.Includes = append(role.Includes, string(include))
			}
			roles = append(roles, role)
		}
		compiled, problems := policy.Compile(roles)
		Expect(problems).To(BeEmpty())
		Expect(compiled.Grant([]string{"one"}).Roles()).To(Equal([]string{"one", "two"}))
	})
})
