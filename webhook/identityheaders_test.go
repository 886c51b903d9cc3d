package webhook_test

import (
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
)

var _ = Describe("Identity headers of other names", Ordered, func() {
	var (
		r     realm
		alice *v1alpha1.User
		g     *guarded
	)
	remote := []string{"Remote-User", "Remote-Uid", "Remote-Email", "Remote-Groups"}
	// spoofed are what a client might send under both names.
	spoofed := []string{"Remote-User", "mallory", "Remote-Groups", "admin", "X-Auth-Request-User", "mallory", "X-Auth-Request-Groups", "admin"}

	BeforeAll(func(ctx SpecContext) {
		r = aRealm(ctx, takesBasic, func(s *v1alpha1.RealmSpec) {
			s.IdentityHeaders = v1alpha1.RealmIdentityHeaders{User: "Remote-User", UID: "remote-uid", Email: "REMOTE-EMAIL", Groups: "Remote-Groups"}
		})
		alice = r.user(ctx, "alice", "viewer")
		g = aService(nil)
	})

	DescribeTable("say who calls, on every way to be allowed", func(check string, headers func() []string, known bool) {
		a := g.checkAt(r, check, append(headers(), spoofed...)...)
		Expect(a.Status).To(Equal(http.StatusOK), a.Body)
		want := map[string]string{"Remote-User": "", "Remote-Uid": "", "Remote-Email": "", "Remote-Groups": ""}
		if known {
			want = map[string]string{"Remote-User": "alice", "Remote-Uid": string(alice.UID), "Remote-Email": "alice@example.com", "Remote-Groups": "viewer"}
		}
		for name, value := range want {
			Expect(a.Header).To(HaveKeyWithValue(name, []string{value}))
		}
		for _, name := range identityHeaders {
			Expect(a.Header).NotTo(HaveKey(name))
		}
	},
		Entry("by a role", "role/viewer", func() []string { return bearer(r.in("alice").access) }, true),
		Entry("by a rule", "caddy", func() []string {
			return append(caddyAsks("GET", "app.example.com", "/reports/"), bearer(r.in("alice").access)...)
		}, true),
		Entry("by a rule, behind nginx", "nginx?host=app.example.com", func() []string {
			return append(nginxAsks("GET", "https://app.example.com/reports/"), bearer(r.in("alice").access)...)
		}, true),
		Entry("with a password", "role/viewer", func() []string { return basic("alice", goodPassword) }, true),
		Entry("on a public page, known", "caddy", func() []string {
			return append(caddyAsks("GET", "app.example.com", "/public/"), bearer(r.in("alice").access)...)
		}, true),
		Entry("on a public page, as nobody", "caddy", func() []string { return caddyAsks("GET", "app.example.com", "/public/") }, false),
		Entry("on a public page, with a bad token", "caddy", func() []string {
			return append(caddyAsks("GET", "app.example.com", "/public/"), bearer("junk")...)
		}, false),
	)

	DescribeTable("are on no refusal, under no name", func(check string, headers func() []string, status int) {
		a := g.checkAt(r, check, append(headers(), spoofed...)...)
		Expect(a.Status).To(Equal(status), a.Body)
		for _, name := range append(remote, identityHeaders...) {
			Expect(a.Header).NotTo(HaveKey(name))
		}
	},
		Entry("for want of credentials", "role/viewer", func() []string { return nil }, http.StatusUnauthorized),
		Entry("for a wrong password", "role/viewer", func() []string { return basic("alice", "wrong") }, http.StatusUnauthorized),
		Entry("for want of a role", "role/admin", func() []string { return bearer(r.in("alice").access) }, http.StatusForbidden),
		Entry("for want of a rule", "caddy", func() []string {
			return append(caddyAsks("DELETE", "app.example.com", "/reports/"), bearer(r.in("alice").access)...)
		}, http.StatusForbidden),
		Entry("of what can't be judged", "caddy", func() []string { return bearer(r.in("alice").access) }, http.StatusForbidden),
		Entry("that leads to the login page", "caddy", func() []string {
			return append(caddyAsks("GET", "app.example.com", "/reports/"), "Accept", "text/html")
		}, http.StatusFound),
	)
})
