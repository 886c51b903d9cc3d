package webhook_test

import (
	"net/http"
	"net/url"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
)

var _ = Describe("Where the login page sends people", Ordered, func() {
	var alone, shared realm // without and with a cookieDomain
	BeforeAll(func(ctx SpecContext) {
		alone = aRealm(ctx)
		shared = aRealm(ctx, func(s *v1alpha1.RealmSpec) {
			s.Sessions.CookieDomain = "example.com"
			s.Sessions.AllowedRedirects = []string{"app.example.com", "*.apps.example.com"}
		})
		for _, r := range []realm{alone, shared} {
			r.user(ctx, "alice", "viewer")
		}
	})

	DescribeTable("is exactly where they were, query included",
		func(rd, location, host string) {
			b := shared.browser()
			a := b.open("/login?rd=" + url.QueryEscape(rd))
			Expect(a).To(beAPage(200, "<strong>"+host+"</strong>"))
			Expect(b.send("/login", "username", "alice", "password", goodPassword, "cookies", "1", "rd", hidden(a, "rd"))).To(goTo(location))
			Expect(b.open("/login?rd="+url.QueryEscape(rd))).To(beAPage(200, "You are signed in", "Continue to "+host, `href="https://`), "once they are in, they choose")
		},
		Entry("on an app", "https://app.example.com/a//b;x=%2F?q=1&r=|&u=https://x/", "https://app.example.com/a//b;x=%2F?q=1&r=|&u=https://x/", "app.example.com"),
		Entry("on an app's other port", "https://app.example.com:8443/", "https://app.example.com:8443/", "app.example.com:8443"),
		Entry("on one of many apps", "https://one.apps.example.com", "https://one.apps.example.com/", "one.apps.example.com"),
		Entry("on the issuer's host", "https://auth.example.com/docs?x", "https://auth.example.com/docs?x", "auth.example.com"),
		Entry("on this host, by a path (O19)", "/x?y=1", "https://auth.example.com/x?y=1", "auth.example.com"),
	)

	It("isn't what the Host header says (O19)", func() {
		path := "/realms/" + shared.namespace + "/login"
		form := url.Values{"username": {"alice"}, "password": {goodPassword}, "rd": {"/x"}}.Encode()
		for _, header := range []string{"Host: evil.test", "Host: latchkey\r\nX-Forwarded-Host: evil.test"} {
			a := raw(baseURL, "GET "+path+"?rd=/x HTTP/1.1\r\n"+header+"\r\nAccept: text/html\r\nConnection: close\r\n\r\n")
			Expect(a).To(beAPage(200, "auth.example.com"))
			Expect(a.Body).NotTo(ContainSubstring("evil"))
			a = raw(baseURL, "POST "+path+" HTTP/1.1\r\n"+header+"\r\nContent-Type: "+formType+"\r\nConnection: close\r\nContent-Length: "+itoa(len(form))+"\r\n\r\n"+form)
			Expect(a).To(goTo("https://auth.example.com/x"))
		}
		a := raw(baseURL, "GET /realms/"+shared.namespace+"/check/traefik HTTP/1.1\r\nHost: evil.test\r\nAccept: text/html\r\nConnection: close\r\n"+
			"X-Forwarded-Method: GET\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: app.example.com\r\nX-Forwarded-Uri: /\r\n\r\n")
		Expect(a.Header.Get("Location")).To(HavePrefix(externalURL + "/realms/" + shared.namespace + "/login?rd="))
	})

	DescribeTable("is never what only looks allowed",
		func(rds ...string) {
			for _, rd := range rds {
				lines := shared.auditLines()
				for _, a := range []answer{
					shared.browser().open("/login?rd=" + url.QueryEscape(rd)),
					shared.browser().send("/login", "username", "alice", "password", goodPassword, "rd", rd),
				} {
					Expect(a).To(beAPage(400, "Sign in and stay here"), rd)
					Expect(a.Header).NotTo(HaveKey("Location"))
					Expect(a.Header).NotTo(HaveKey("Set-Cookie"))
					Expect(a.Body).NotTo(ContainSubstring("<script"))
					Expect(a.Body).NotTo(ContainSubstring("alert("))
				}
				Expect(shared.auditLines()).To(Equal(lines), "no password was looked at")
			}
		},
		Entry("O01", "//evil.test"),
		Entry("O04", "///evil.test", "/.//evil.test", "/..//evil.test", "/;@evil.test"),
		Entry("O05", "https://app.example.com@evil.test/", "https://app.example.com:443@evil.test", "https://app.example.com%40evil.test"),
		Entry("O07", "javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\nscript:alert(1)", "data:text/html,<script>alert(1)</script>"),
		Entry("O09", "https://app.example.com/\r\nSet-Cookie:x=1", "https://app.example.com/%0d%0aSet-Cookie:x=1", "/%0d%0aX:1"),
		Entry("O10", "http://app.example.com/"),
		Entry("O13", `https://evil.test\@app.example.com/`, `https://app.example.com\.evil.test`),
		Entry("O14", "https:evil.test", "https:/evil.test", "https:///evil.test"),
		Entry("O17", "/"+strings.Repeat("a", 20_000), "/%00//evil.test"),
		Entry("another host", "https://evil.test/", "https://example.com/", "https://app.example.com.evil.test/", "https://evilexample.com/", "https://a.b.apps.example.com/"),
	)

	It("names the field that is missing, instead of a loop", func() {
		a := alone.browser().open("/login?rd=" + url.QueryEscape("https://APP.example.com/reports?secret=1"))
		Expect(a).To(beAPage(400, "app.example.com", "Realm.spec.sessions.cookieDomain", "Realm.spec.sessions.allowedRedirects"))
		Expect(a.Body).NotTo(Or(ContainSubstring("reports"), ContainSubstring("secret"), ContainSubstring("APP")))
		a = shared.browser().open("/login?rd=https://other.example.com/")
		Expect(a).To(beAPage(400, "other.example.com", "Realm.spec.sessions.allowedRedirects"))
		a = get(shared.url("/login?rd=http://app.example.com/"))
		Expect(a.Status).To(Equal(http.StatusBadRequest))
		Expect(a.text("error")).To(Equal("invalid_request"))
	})

	It("is refused when it comes twice, or can't be read", func() {
		for _, query := range []string{"rd=/x&rd=/y", "rd=%zz", "rd=%", "rd=&rd="} {
			status := http.StatusBadRequest
			Expect(shared.browser().open("/login?"+query)).To(beAPage(status), query)
		}
		Expect(shared.browser().open("/login?rd=")).To(beAPage(200), "an empty one is none")
		Expect(shared.browser().open("/login?prompt=login;x&rd=/x&%zz")).To(beAPage(200), "what isn't ours is nothing to us")
	})

	It("is allowed by the page's policy, which browsers hold against the redirect, too", func() {
		Expect(shared.browser().open("/login").Header.Get("Content-Security-Policy")).To(HaveSuffix("form-action 'self' https:"))
		Expect(alone.browser().open("/login?rd=http://localhost:8080/").Status).To(Equal(http.StatusBadRequest))
	})
})

// hidden is the value of a hidden field as a browser would send it.
func hidden(a answer, name string) string {
	GinkgoHelper()
	_, after, found := strings.Cut(a.Body, `<input type="hidden" name="`+name+`" value="`)
	Expect(found).To(BeTrue(), a.Body)
	value, _, _ := strings.Cut(after, `"`)
	return unescape(value)
}
