package webhook_test

import (
	"fmt"
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
)

var _ = Describe("/users and Roles with kubernetesRules", Ordered, func() {
	var r realm
	var admin []string

	BeforeAll(func(ctx SpecContext) {
		r = aRealm(ctx)
		readsPods := []v1alpha1.KubernetesRule{{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"get"}}}
		for name, spec := range map[string]v1alpha1.RoleSpec{
			"ops":  {KubernetesRules: readsPods},
			"lead": {Includes: []v1alpha1.GrantableRoleName{"team"}},
			"team": {Includes: []v1alpha1.GrantableRoleName{"ops"}},
		} {
			Expect(api.Create(ctx, &v1alpha1.Role{ObjectMeta: metav1.ObjectMeta{Namespace: r.namespace, Name: name}, Spec: spec})).To(Succeed())
		}
		r.user(ctx, "ada", "admin", "ops")
		r.user(ctx, "vera", "viewer")
		r.user(ctx, "olga", "ops", "viewer")
		r.user(ctx, "lena", "lead")
		admin = bearer(r.in("ada").access)
		// The replica that answers has heard of the Roles once it says that lena has them.
		Eventually(func() any { return get(r.url("/profile"), bearer(r.in("lena").access)...).json()["roles"] }).WithContext(ctx).
			WithTimeout(10 * time.Second).Should(ConsistOf("lead", "team", "ops"))
	})

	send := func(method, path, body string) answer {
		GinkgoHelper()
		kind := "application/json"
		if method == http.MethodPatch {
			kind = "application/merge-patch+json"
		}
		return do(method, r.url(path), body, append([]string{"Content-Type", kind}, admin...)...)
	}
	refused := func(a answer, says string) {
		GinkgoHelper()
		Expect(a.Status).To(Equal(http.StatusForbidden), a.Body)
		Expect(a.text("error")).To(Equal("insufficient_scope"))
		Expect(a.text("error_description")).To(ContainSubstring(says))
		Expect(a.Header.Get("WWW-Authenticate")).To(ContainSubstring(`error="insufficient_scope"`))
	}

	DescribeTable("refuses to give", func(role, because string) {
		says := fmt.Sprintf("roles: Role %s can't be given over HTTP, because %s has kubernetesRules", role, because)

		refused(send("POST", "/users", fmt.Sprintf(`{"username":"new","password":%q,"roles":["viewer",%q]}`, goodPassword, role)), says)
		Expect(send("GET", "/users/new", "").Status).To(Equal(http.StatusNotFound))

		refused(send("PATCH", "/users/vera", fmt.Sprintf(`{"roles":["viewer",%q]}`, role)), says)
		Expect(send("GET", "/users/vera", "").json()["roles"]).To(ConsistOf("viewer"))
	},
		Entry("one, also when it is the caller's own", "ops", "ops"),
		Entry("one that includes it", "team", "ops"),
		Entry("one that includes it further down", "lead", "ops"),
	)

	It("lets a user keep one, and takes it away", func() {
		Expect(send("PATCH", "/users/olga", `{"displayName":"Olga"}`).Status).To(Equal(http.StatusOK))
		Expect(send("PATCH", "/users/olga", `{"roles":["ops","editor"]}`).json()["roles"]).To(ConsistOf("ops", "editor"))
		Expect(send("PATCH", "/users/olga", `{"roles":["editor"]}`).json()["roles"]).To(ConsistOf("editor"))
		refused(send("PATCH", "/users/olga", `{"roles":["editor","ops"]}`), "Role ops")
	})

	It("doesn't give one by a password that somebody else chose", func() {
		const another = "another-horse-battery"
		for path, method := range map[string]string{"/users/lena/password": "POST", "/users/lena": "PATCH", "/users/ada/password": "POST"} {
			refused(send(method, path, fmt.Sprintf(`{"password":%q}`, another)), "password: this user holds Role ops, which has kubernetesRules")
		}
		Expect(r.login("lena", another).Body).To(Equal(wrongBody))
		Expect(r.login("lena", goodPassword).Status).To(Equal(http.StatusOK))
		Expect(send("POST", "/users/vera/password", fmt.Sprintf(`{"password":%q}`, another)).Status).To(Equal(http.StatusNoContent))
	})

	It("lets a user who has one change their own password, and be disabled and deleted", func() {
		const another = "another-horse-battery"
		changed := do("POST", r.url("/password"), fmt.Sprintf(`{"oldPassword":%q,"newPassword":%q}`, goodPassword, another),
			append([]string{"Content-Type", "application/json"}, bearer(r.in("lena").access)...)...)
		Expect(changed.Status).To(Equal(http.StatusOK), changed.Body)
		Expect(send("PATCH", "/users/lena", `{"disabled":true}`).Status).To(Equal(http.StatusOK))
		Expect(send("DELETE", "/users/lena", "").Status).To(Equal(http.StatusNoContent))
	})
})
