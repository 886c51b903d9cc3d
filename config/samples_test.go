package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/webhook/policy"
)

// samplePolicy is what the sample Roles compile to.
func samplePolicy() *policy.Policy {
	GinkgoHelper()
	var roles []policy.Role
	for _, r := range ofKind[v1alpha1.Role](render("samples"), "Role") {
		role := policy.Role{Name: r.Name, Includes: texts(r.Spec.Includes)}
		for _, rule := range r.Spec.Rules {
			role.Rules = append(role.Rules, policy.Rule{Hosts: texts(rule.Hosts), Paths: texts(rule.Paths), Methods: texts(rule.Methods)})
		}
		roles = append(roles, role)
	}
	compiled, problems := policy.Compile(roles)
	Expect(problems).To(BeEmpty())
	return compiled
}

func texts[T ~string](names []T) []string {
	var all []string
	for _, name := range names {
		all = append(all, string(name))
	}
	return all
}

var _ = Describe("The samples", func() {
	DescribeTable("let", func(method, path string, who ...string) {
		compiled := samplePolicy()
		grants := map[string]policy.Grant{
			"anonymous": compiled.Everyone(), "nobody": compiled.Grant(nil), "viewer": compiled.Grant([]string{"viewer"}),
			"editor": compiled.Grant([]string{"editor"}), "admin": compiled.Grant([]string{"admin"}),
		}
		var allowed []string
		for name, grant := range grants {
			for _, host := range []string{"app.example.com", "localhost", "10.0.0.1"} {
				request, err := policy.NewRequest(method, host, path)
				Expect(err).NotTo(HaveOccurred())
				if policy.Decide(grant, request).Allowed {
					allowed = append(allowed, name+" at "+host)
				}
			}
		}
		var want []string
		for _, name := range who {
			for _, host := range []string{"app.example.com", "localhost", "10.0.0.1"} {
				want = append(want, name+" at "+host)
			}
		}
		Expect(allowed).To(ConsistOf(want))
	},
		Entry("everybody read public pages", "GET", "/public/a", "anonymous", "nobody", "viewer", "editor", "admin"),
		Entry("everybody read their root", "GET", "/public", "anonymous", "nobody", "viewer", "editor", "admin"),
		Entry("only admin write public pages", "POST", "/public/a", "admin"),
		Entry("viewers read reports", "GET", "/reports/2026/1", "viewer", "editor", "admin"),
		Entry("viewers read their heads", "HEAD", "/reports/", "viewer", "editor", "admin"),
		Entry("editors file reports", "POST", "/reports/2026/1", "editor", "admin"),
		Entry("only admin delete reports", "DELETE", "/reports/2026/1", "admin"),
		Entry("only admin read the rest", "GET", "/", "admin"),
		Entry("only admin walk about", "GET", "/public/../reports", "admin"),
	)

	It("have three users with a role and a password each, of which the example has every Secret", func(ctx SpecContext) {
		example, err := os.ReadFile(filepath.Join("samples", "users-secrets.example.yaml"))
		Expect(err).NotTo(HaveOccurred())
		secrets := map[string]*corev1.Secret{}
		for _, object := range decode(example) {
			object.SetNamespace("elsewhere")
			Expect(api.Apply(ctx, client.ApplyConfigurationFromUnstructured(object), client.FieldOwner("kubectl"))).To(Succeed())
			secret := &corev1.Secret{}
			Expect(api.Get(ctx, client.ObjectKeyFromObject(object), secret)).To(Succeed())
			secrets[secret.Name] = secret
		}
		var got []string
		for _, user := range ofKind[v1alpha1.User](render("samples"), "User") {
			got = append(got, fmt.Sprint(user.Name, user.Spec.Roles))
			Expect(secrets).To(HaveKeyWithValue(user.Spec.PasswordSecretRef.Name, And(
				HaveField("Type", corev1.SecretType(v1alpha1.PasswordSecretType)),
				HaveField("Data", HaveKeyWithValue(v1alpha1.PasswordDataKey, BeEmpty())), // nobody's password is in this repository
			)))
		}
		Expect(got).To(ConsistOf("ada[admin]", "eddie[editor]", "vera[viewer]"))
		Expect(secrets).To(HaveLen(3))
	})

	It("have an Ingress with the three annotations that a guarded app needs", func() {
		ingresses := ofKind[networkingv1.Ingress](render("samples"), "Ingress")
		Expect(ingresses).To(HaveLen(1))
		services := ofKind[corev1.Service](render("default"), "Service")
		address := fmt.Sprintf("http://%s.%s.svc.cluster.local:%d", services[0].Name, services[0].Namespace, services[0].Spec.Ports[0].Port)
		Expect(ingresses[0].Annotations).To(Equal(map[string]string{
			"nginx.ingress.kubernetes.io/auth-url":              address + "/check/nginx?host=$host",
			"nginx.ingress.kubernetes.io/auth-signin":           "https://auth.example.com/login",
			"nginx.ingress.kubernetes.io/auth-response-headers": "X-Auth-Request-User,X-Auth-Request-Uid,X-Auth-Request-Email,X-Auth-Request-Groups",
		}))
	})

	It("revoke nothing of the sample users", func() {
		for _, token := range ofKind[v1alpha1.RevokedToken](render("samples"), "RevokedToken") {
			Expect(token.Spec.User).To(BeNil())
			Expect(strings.TrimSpace(token.Spec.SessionID)).NotTo(BeEmpty())
		}
	})
})
