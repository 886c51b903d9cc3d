package webhook_test

import (
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
)

var _ = Describe("Somebody who is signed in and may not", Ordered, func() {
	var r realm
	var b *browser
	BeforeAll(func(ctx SpecContext) {
		r = aRealm(ctx, func(s *v1alpha1.RealmSpec) {
			s.Sessions.CookieDomain = "example.com"
			s.Sessions.AllowedRedirects = []string{"app.example.com"}
		})
		r.user(ctx, "alice", "viewer")
		b = r.browser()
		Expect(b.logIn("alice", goodPassword)).To(goTo("./account"))
	})
	session := func() string {
		return "__Secure-latchkey-" + r.namespace + "=" + b.cookies["__Secure-latchkey-"+r.namespace]
	}
	asks := func(uri string, more ...string) answer {
		return get(r.url("/check/traefik"), caddyAsks("GET", "app.example.com", uri, append(more, "Accept", html, "Cookie", session())...)...)
	}

	It("sees who they are, what they asked for, and how to be somebody else", func() {
		a := asks("/admin/x?secret=1")
		Expect(a).To(beAPage(403, "The alice (alice)", "app.example.com/admin/x", "No rule of the user&#39;s roles allows this request",
			`href="`+externalURL+"/realms/"+r.namespace+`/login?rd=https%3A%2F%2Fapp.example.com%2Fadmin%2Fx%3Fsecret%3D1"`,
			`href="`+externalURL+"/realms/"+r.namespace+`/account"`, "<code>no_rule</code>"))
		Expect(a.Header.Get("X-Latchkey-Reason")).To(Equal("no_rule"))
		Expect(a.Header.Get("WWW-Authenticate")).To(ContainSubstring(`error="insufficient_scope"`))
		Expect(a.Header.Get("X-Frame-Options")).To(Equal("DENY"))
		Expect(a.Header).NotTo(HaveKey("Set-Cookie"))
		for _, h := range identityHeaders {
			Expect(a.Header).NotTo(HaveKey(h))
		}
		Expect(b.open("/login?rd=https://app.example.com/admin/x")).To(beAPage(200, "You are signed in as The alice (alice)", "Sign in as somebody else"))
	})

	It("can't write into the page (XSS)", func() {
		a := asks(`/admin/"><script>alert(1)</script>`)
		Expect(a.Status).To(Equal(http.StatusForbidden))
		Expect(a.Body).NotTo(ContainSubstring("<script"))
		a = get(r.url("/check/caddy"), caddyAsks("GET", "app.example.com<script>", "/", "Accept", html, "Cookie", session())...)
		Expect(a.Status).To(Equal(http.StatusForbidden))
		Expect(a.Body).NotTo(ContainSubstring("<script"))
	})

	It("sees a page when the check itself is wrong, too", func() {
		a := get(r.url("/check/traefik"), "X-Forwarded-Method", "GET", "X-Forwarded-Host", "app.example.com", "X-Forwarded-Proto", "https",
			"X-Forwarded-Uri", "/a/%zz", "Accept", html)
		Expect(a).To(beAPage(403, "can&#39;t be checked", "<code>path_invalid</code>"))
	})

	It("sees it for Envoy, whose check is the request itself", func() {
		a := rawGet("/realms/"+r.namespace+"/check/envoy/admin", "Accept: text/html", "Cookie: "+session())
		Expect(a).To(beAPage(403, "latchkey/admin"))
	})

	DescribeTable("gets JSON where no person reads it",
		func(path string, headers func() []string) {
			a := get(r.url(path), append(headers(), "Cookie", session())...)
			Expect(a).To(beADenial(403, ""))
			Expect(a.text("error")).To(Equal("insufficient_scope"))
		},
		Entry("behind nginx, which drops it", "/check/nginx?host=app.example.com", func() []string { return nginxAsks("GET", "https://app.example.com/admin", "Accept", html) }),
		Entry("where a role is asked for", "/check/role/admin", func() []string { return []string{"Accept", html} }),
		Entry("when a program asks", "/check/traefik", func() []string { return caddyAsks("GET", "app.example.com", "/admin", "Accept", "application/json") }),
		Entry("when it sends a form", "/check/caddy", func() []string { return caddyAsks("POST", "app.example.com", "/admin", "Accept", html) }),
	)

	It("still sees what everybody may", func() {
		a := asks("/public/x")
		Expect(a.Status).To(Equal(http.StatusOK))
		Expect(a.Header.Get("X-Auth-Request-User")).To(Equal("alice"))
		a = get(r.url("/check/traefik"), caddyAsks("GET", "app.example.com", "/public/x", "Accept", html)...)
		Expect(a.Status).To(Equal(http.StatusOK))
		Expect(a.Header["X-Auth-Request-User"]).To(Equal([]string{""}))
	})
})
