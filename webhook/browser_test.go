package webhook_test

import (
	"net/http"
	"net/url"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const html = "text/html,application/xhtml+xml,*/*;q=0.8"

var _ = Describe("A browser that isn't logged in", Ordered, func() {
	var r realm
	BeforeAll(func(ctx SpecContext) { r = aRealm(ctx) })

	// back is where a redirect to the login page says to go on to.
	back := func(a answer) string {
		GinkgoHelper()
		Expect(a.Status).To(Equal(http.StatusFound), a.Body)
		login, err := url.Parse(a.Header.Get("Location"))
		Expect(err).NotTo(HaveOccurred())
		Expect(login.Scheme + "://" + login.Host + login.Path).To(Equal(externalURL + "/realms/" + r.namespace + "/login"))
		Expect(a.Header.Get("Cache-Control")).To(Equal("no-store"))
		Expect(a.Header.Get("X-Latchkey-Reason")).To(Equal("no_credentials"))
		return login.Query().Get("rd")
	}

	DescribeTable("is sent to log in and back, query included",
		func(path string, headers []string, want string) {
			a := get(r.url(path), append(headers, "Accept", html)...)
			Expect(back(a)).To(Equal(want))
		},
		Entry("behind Traefik", "/check/traefik", caddyAsks("GET", "app.example.com", "/reports/q3?x=1&y=%2F"), "https://app.example.com/reports/q3?x=1&y=%2F"),
		Entry("behind Caddy", "/check/caddy", caddyAsks("HEAD", "app.example.com:8443", "/reports//;a"), "https://app.example.com:8443/reports//;a"),
	)

	It("is known by HTML among what it takes, wherever and in whatever case that stands", func() {
		for _, accept := range [][]string{{"Text/HTML"}, {"application/xml;q=0.9 , text/html;level=1;q=0.001"}, {"image/png", "*/*,\ttext/html"}} {
			headers := caddyAsks("GET", "app.example.com", "/reports")
			for _, line := range accept {
				headers = append(headers, "Accept", line)
			}
			Expect(back(get(r.url("/check/caddy"), headers...))).To(Equal("https://app.example.com/reports"))
		}
	})

	It("is sent back by https whatever the proxy says, but on this very machine (K45)", func() {
		asks := func(proto, host string) []string {
			return []string{"Accept", html, "X-Forwarded-Method", "GET", "X-Forwarded-Proto", proto, "X-Forwarded-Host", host, "X-Forwarded-Uri", "/"}
		}
		Expect(back(get(r.url("/check/traefik"), asks("http", "app.example.com")...))).To(Equal("https://app.example.com/"))
		Expect(back(get(r.url("/check/traefik"), asks("http", "app.localhost:8080")...))).To(Equal("http://app.localhost:8080/"))
		Expect(get(r.url("/check/traefik"), asks("javascript", "app.example.com")...)).To(beADenial(403, "header_malformed"))
		Expect(get(r.url("/check/traefik"), asks("https,http", "app.example.com")...)).To(beADenial(403, "header_malformed"))
	})

	It("is sent there by Envoy's check, which is the request itself", func() {
		a := rawGet("/realms/"+r.namespace+"/check/envoy/reports/q3?x=1", "Accept: text/html")
		Expect(back(a)).To(Equal("https://latchkey/reports/q3?x=1"))
	})

	It("is told where to log in by a header of nginx's 401, and by that of nothing else", func() {
		check := r.url("/check/nginx?host=app.example.com")
		asks := func(method string, more ...string) []string {
			return nginxAsks(method, "http://app.example.com/reports//q3;a?x=1&rd=%2F", more...)
		}

		a := get(check, asks("GET", "Accept", html)...)

		Expect(a).To(beADenial(401, "no_credentials"))
		login := externalURL + "/realms/" + r.namespace + "/login?rd="
		Expect(a.Header.Get("X-Latchkey-Login")).To(Equal(login + url.QueryEscape("https://app.example.com/reports//q3;a?x=1&rd=%2F")))
		for _, headers := range [][]string{asks("GET"), asks("POST", "Accept", html), {"Accept", html}, nginxAsks("GET", "https://app.example.com/public/x", "Accept", html)} {
			Expect(get(check, headers...).Header).NotTo(HaveKey("X-Latchkey-Login"))
		}
		Expect(get(r.url("/check/role/viewer"), "Accept", html).Header).NotTo(HaveKey("X-Latchkey-Login"))
	})

	DescribeTable("is told so by a plain 401",
		func(path string, headers []string) {
			Expect(get(r.url(path), headers...)).To(beADenial(401, "no_credentials"))
		},
		Entry("behind nginx, which would make a 500 of it", "/check/nginx?host=app.example.com", nginxAsks("GET", "https://app.example.com/reports", "Accept", html)),
		Entry("where a role is asked for, since nobody knows where to go back to", "/check/role/viewer", []string{"Accept", html}),
		Entry("when what runs in a page asks", "/check/traefik", caddyAsks("GET", "app.example.com", "/reports", "Accept", "application/json")),
		Entry("when HTML is what it won't take", "/check/traefik", caddyAsks("GET", "app.example.com", "/reports", "Accept", "application/json, text/html;q=0")),
		Entry("when HTML is what it won't take, however that is written", "/check/caddy", caddyAsks("GET", "app.example.com", "/reports", "Accept", "text/html ; charset=utf-8 ; Q=0.000,*/*")),
		Entry("when HTML stands in another type's name", "/check/caddy", caddyAsks("GET", "app.example.com", "/reports", "Accept", "application/x-text/html, text/html5, multipart/related;type=\"text/html\"")),
		Entry("without Accept", "/check/traefik", caddyAsks("GET", "app.example.com", "/reports")),
		Entry("when it sends a form", "/check/caddy", caddyAsks("POST", "app.example.com", "/reports", "Accept", html)),
	)
})
