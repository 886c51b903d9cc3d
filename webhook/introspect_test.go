package webhook_test

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
)

var _ = Describe("POST /introspect", func() {
	const inactive = `{"active":false}`

	introspect := func(r realm, token string, who []string) answer {
		GinkgoHelper()
		return postForm(r.url("/introspect"), url.Values{"token": {token}}.Encode(), who...)
	}

	It("describes a live access token, with the roles of this moment", func(ctx SpecContext) {
		r := aRealm(ctx)
		ada, vera := r.user(ctx, "ada", "admin"), r.user(ctx, "vera", "viewer")
		admin, t := bearer(r.in("ada").access), r.in("vera").access
		vera.Spec.Roles = []v1alpha1.GrantableRoleName{"editor", "ghost"}
		Expect(api.Update(ctx, vera)).To(Succeed())
		said := claims(t)
		Expect(said).To(HaveKeyWithValue("roles", ConsistOf("viewer")))

		Eventually(func(g Gomega) {
			a := introspect(r, t, admin)
			g.Expect(a.Status).To(Equal(http.StatusOK), a.Body)
			g.Expect(a.Header.Get("Cache-Control")).To(Equal("no-store"))
			g.Expect(a.json()).To(Equal(map[string]any{
				"active": true, "token_type": "bearer", "client_id": "latchkey", "username": "vera",
				"sub": string(vera.UID), "iss": said["iss"], "aud": said["aud"], "exp": said["exp"], "iat": said["iat"],
				"jti": said["jti"], "sid": said["sid"], "auth_time": said["auth_time"], "roles": []any{"editor"},
			}))
		}).WithContext(ctx).Should(Succeed())
		Expect(introspect(r, strings.TrimPrefix(admin[1], "Bearer "), admin).text("sub")).To(Equal(string(ada.UID)), "its own, too")
	})

	It("says nothing but inactive of every other token (V10)", func(ctx SpecContext) {
		r, other := aRealm(ctx), aRealm(ctx)
		r.user(ctx, "ada", "admin")
		other.user(ctx, "bob", "admin")
		leaving, disabled := r.user(ctx, "leaving"), r.user(ctx, "disabled")
		r.user(ctx, "vera")
		admin := bearer(r.in("ada").access)
		ended, gone, off, alive := r.in("vera"), r.in("leaving"), r.in("disabled"), r.in("vera")
		Expect(do(http.MethodPost, r.url("/logout"), "", bearer(ended.access)...).Status).To(Equal(http.StatusOK))
		Expect(api.Delete(ctx, leaving)).To(Succeed())
		disabled.Spec.Disabled = true
		Expect(api.Update(ctx, disabled)).To(Succeed())
		for _, t := range []tokens{gone, off} {
			Eventually(func() answer { return get(r.url("/check/role/authenticated"), bearer(t.access)...) }).WithContext(ctx).Should(beADenial(401, "user_not_found_or_disabled"))
		}
		tries := map[string]string{
			"revoked": ended.access, "of a deleted user": gone.access, "of a disabled user": off.access, "a refresh token": alive.refresh,
			"of another realm": other.in("bob").access, "a revoked refresh token": ended.refresh,
			"junk": "junk", "three segments": "a.b.c", "a long one": strings.Repeat("a", 10_000), "a control": "\x00",
			"with another signature": alive.access[:len(alive.access)-8] + "AAAAAAAA",
		}
		for i := range 50 {
			tries[fmt.Sprintf("random %d", i)] = base64.RawURLEncoding.EncodeToString([]byte(rand.Text()))
		}

		for what, t := range tries {
			a := introspect(r, t, admin)
			Expect(a.Status).To(Equal(http.StatusOK), what)
			Expect(a.Body).To(Equal(inactive), what)
			Expect(a.Header.Get("Cache-Control")).To(Equal("no-store"), what)
			Expect(a.Header).NotTo(HaveKey("X-Latchkey-Reason"), what)
		}
		Expect(introspect(r, alive.access, admin).text("username")).To(Equal("vera"))
	})

	It("is for holders of introspectionRole and adminRole, and those must exist", func(ctx SpecContext) {
		r := aRealm(ctx, func(s *v1alpha1.RealmSpec) { s.IntrospectionRole = "app" })
		r.user(ctx, "ada", "admin")
		r.user(ctx, "app-1", "app")
		r.user(ctx, "vera", "viewer")
		app, viewer := bearer(r.in("app-1").access), bearer(r.in("vera").access)
		t := r.in("vera").access

		refused := introspect(r, t, app) // there is no Role app yet
		Expect(refused.Status).To(Equal(http.StatusForbidden))
		Expect(refused.text("error")).To(Equal("insufficient_scope"))
		r.role(ctx, "app")
		Eventually(func() answer { return introspect(r, t, app) }).WithContext(ctx).Should(HaveField("Status", http.StatusOK))
		Expect(introspect(r, t, bearer(r.in("ada").access)).Status).To(Equal(http.StatusOK))
		Expect(introspect(r, t, viewer)).To(HaveField("Status", http.StatusForbidden))
		Expect(introspect(r, t, viewer).text("error_description")).To(Equal("User does not have app or admin role"))

		none := introspect(r, t, nil)
		Expect(none.Status).To(Equal(http.StatusUnauthorized))
		Expect(none.Header.Get("WWW-Authenticate")).NotTo(ContainSubstring("error="))
		Expect(introspect(r, t, bearer("junk")).Status).To(Equal(http.StatusUnauthorized))
	})

	It("is for holders of adminRole alone where introspectionRole is unset", func(ctx SpecContext) {
		r := aRealm(ctx)
		r.user(ctx, "vera", "viewer")
		Expect(introspect(r, "x", bearer(r.in("vera").access)).text("error_description")).To(Equal("User does not have admin role"))
	})

	DescribeTable("refuses a malformed request",
		func(ctx SpecContext, form string) {
			Expect(postForm(introspecting.url("/introspect"), form, introspector(ctx)...).text("error")).To(Equal("invalid_request"))
		},
		Entry("nothing", ""),
		Entry("an empty token", "token="),
		Entry("a doubled token", "token=a&token=b"),
	)

	It("takes no token from the URL", func(ctx SpecContext) {
		Expect(postForm(introspecting.url("/introspect")+"?token=a", "token=a", introspector(ctx)...).Status).To(Equal(http.StatusBadRequest))
	})
})

// introspecting is the realm in which malformed requests are tried.
var introspecting = realm{"introspecting"}

// introspector is somebody who may introspect there.
func introspector(ctx SpecContext) []string {
	GinkgoHelper()
	if get(introspecting.url("/jwks")).Status == http.StatusNotFound {
		newRealm(ctx, introspecting.namespace).user(ctx, "ada", "admin")
	}
	return bearer(introspecting.in("ada").access)
}
