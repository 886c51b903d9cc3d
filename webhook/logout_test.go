package webhook_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
)

// serve is a server of the test's own, until the spec ends.
func serve(h http.HandlerFunc) string {
	s := httptest.NewServer(h)
	DeferCleanup(s.Close)
	return s.URL
}

var _ = Describe("Ending a login", func() {
	It("kills it with the answer to POST /logout, and leaves other logins alone", func(ctx SpecContext) {
		r := aRealm(ctx)
		r.user(ctx, "alice", "viewer")
		one, other := r.in("alice"), r.in("alice")

		a := do(http.MethodPost, r.url("/logout"), "", bearer(one.access)...)

		Expect(a.Status).To(Equal(http.StatusOK), a.Body)
		Expect(a.Body).To(MatchJSON(`{"message": "Successfully logged out"}`))
		Expect(get(r.url("/check/role/viewer"), bearer(one.access)...)).To(beADenial(401, "token_revoked"))
		Expect(get(r.url("/check/role/viewer"), bearer(other.access)...).Status).To(Equal(http.StatusOK))
		sid := claims(one.access)["sid"].(string)
		revoked := &v1alpha1.RevokedToken{}
		Expect(api.Get(ctx, client.ObjectKey{Namespace: r.namespace, Name: v1alpha1.SessionRevocationName(sid)}, revoked)).To(Succeed())
		Expect(revoked.Spec.ExpiresAt.Time).To(BeTemporally("~", time.Now().Add(24*time.Hour), time.Minute))
		Eventually(func() error {
			return client.IgnoreNotFound(api.Get(ctx, client.ObjectKey{Namespace: r.namespace, Name: sid}, &v1alpha1.Session{}))
		}).WithContext(ctx).Should(Succeed())
		Expect(do(http.MethodPost, r.url("/logout"), "", bearer(one.access)...).Status).To(Equal(http.StatusUnauthorized))
	})

	It("refuses GET /logout and keeps the login (V07)", func(ctx SpecContext) {
		r := aRealm(ctx)
		r.user(ctx, "alice", "viewer")
		t := r.in("alice")

		a := get(r.url("/logout"), bearer(t.access)...)

		Expect(a.Status).To(Equal(http.StatusMethodNotAllowed))
		Expect(a.Header.Get("Allow")).To(Equal("POST"))
		Expect(get(r.url("/check/role/viewer"), bearer(t.access)...).Status).To(Equal(http.StatusOK))
	})

	DescribeTable("kills the login of a token that is sent to POST /revoke (V01)",
		func(ctx SpecContext, which func(tokens) string) {
			r := aRealm(ctx)
			r.user(ctx, "alice", "viewer")
			t := r.in("alice")

			a := postForm(r.url("/revoke"), "token="+which(t))

			Expect(a.Status).To(Equal(http.StatusOK), a.Body)
			Expect(get(r.url("/check/role/viewer"), bearer(t.access)...)).To(beADenial(401, "token_revoked"))
			Expect(postForm(r.url("/revoke"), "token="+which(t)).Status).To(Equal(http.StatusOK), "twice is once")
		},
		Entry("the access token", func(t tokens) string { return t.access }),
		Entry("the refresh token", func(t tokens) string { return t.refresh }),
	)

	It("answers 200 to a token that isn't ours, and writes nothing", func(ctx SpecContext) {
		r, other := aRealm(ctx), aRealm(ctx)
		other.user(ctx, "bob", "viewer")
		foreign := other.in("bob")

		for _, t := range []string{"junk", "a.b.c", foreign.access, url.QueryEscape(foreign.refresh + "\n")} {
			Expect(postForm(r.url("/revoke"), "token="+t).Status).To(Equal(http.StatusOK))
		}

		revoked := &v1alpha1.RevokedTokenList{}
		Expect(api.List(ctx, revoked, client.InNamespace(r.namespace))).To(Succeed())
		Expect(revoked.Items).To(BeEmpty())
		Expect(get(other.url("/check/role/viewer"), bearer(foreign.access)...).Status).To(Equal(http.StatusOK), "V08: bob is unaffected")
	})

	DescribeTable("refuses a malformed revocation (V04)",
		func(form string) {
			Expect(postForm(baseURL+"/revoke", form).text("error")).To(Equal("invalid_request"))
		},
		Entry("nothing", ""),
		Entry("a doubled token", "token=a&token=b"),
		Entry("an empty token", "token="),
	)

	It("kills a login whose Session is deleted by kubectl", func(ctx SpecContext) {
		r := aRealm(ctx)
		r.user(ctx, "alice", "viewer")
		t := r.in("alice")
		session := &v1alpha1.Session{}
		session.Namespace, session.Name = r.namespace, claims(t.access)["sid"].(string)

		Expect(api.Delete(ctx, session)).To(Succeed())

		Eventually(func() answer { return get(r.url("/check/role/viewer"), bearer(t.access)...) }).WithContext(ctx).WithTimeout(10 * time.Second).Should(beADenial(401, "token_revoked"))
	})
})
