package browser_test

import (
	"net/http"
	"strings"

	"github.com/chromedp/chromedp"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/latchkey-auth/latchkey/hack/app"
	"github.com/latchkey-auth/latchkey/hack/chromium"
	"github.com/latchkey-auth/latchkey/hack/stack"
)

var _ = Describe("Somebody who opens an app", func() {
	DescribeTable("logs in, is exactly back there, and is known at the other app, too",
		func(ctx SpecContext, name, site, other string) {
			vera := aUser(ctx, name, "viewer")
			tab := aPerson()

			answer := goTo(tab, site+"/reports/q3?x=1&y=%2F&z=a+b%20c;d='e'#page-2")
			Expect(answer.Status).To(Equal(http.StatusOK))
			Expect(answer.URL).To(HavePrefix(loginFor(site + "/reports/q3?x=1&y=%2F&z=a+b%20c;d=")))
			Expect(text(tab, "main")).To(ContainSubstring(strings.TrimPrefix(site, "https://")), "the page says where to")
			Expect(focused(tab)).To(Equal("username"))

			answer = signIn(tab, vera)

			const target = "/reports/q3?x=1&y=%2F&z=a+b%20c;d=%27e%27" // Chromium itself sends an apostrophe so
			Expect(answer).To(Equal(chromium.Answer{Status: http.StatusOK, URL: site + target}))
			Expect(seen(tab)).To(And(
				HaveKeyWithValue(app.Target, target),
				HaveKeyWithValue(app.Host, strings.TrimPrefix(site, "https://")),
				HaveKeyWithValue("X-Auth-Request-User", vera.User),
				HaveKeyWithValue("X-Auth-Request-Email", vera.User+"@"+domain),
				HaveKeyWithValue("X-Auth-Request-Groups", "viewer"),
			))

			before := len(tab.Requests())
			answer = goTo(tab, other+"/reports/home")
			Expect(answer.URL).To(Equal(other + "/reports/home"))
			Expect(seen(tab)).To(HaveKeyWithValue("X-Auth-Request-User", vera.User))
			for _, r := range tab.Requests()[before:] {
				Expect("https://"+r.Host()).To(Equal(other), "nobody asked again who they are")
			}
		},
		Entry("first at the one behind Caddy", "vera-caddy", reader, wiki),
		Entry("first at the one behind nginx", "vera-nginx", wiki, reader),
	)

	It("gets a cookie that no script and no other site sees, and that ends with the login", func(ctx SpecContext) {
		vera := aUser(ctx, "vera-cookie", "viewer")
		tab := aPerson()
		goTo(tab, loginFor(reader+"/reports/"))
		signIn(tab, vera)

		cookie := cookieOf(tab)
		Expect(cookie).NotTo(BeNil())
		Expect(cookie.Domain).To(Equal("." + domain))
		Expect(cookie.Path).To(Equal("/"))
		Expect(cookie.HTTPOnly).To(BeTrue())
		Expect(cookie.Secure).To(BeTrue())
		Expect(string(cookie.SameSite)).To(Equal("Lax"))
		Expect(evaluate[string](tab, "document.cookie")).To(BeEmpty())
		tab.Forgive("PerformanceIssue") // Chromium would rather have another way to ask
	})

	It("is told of a wrong password where they are, loses nothing, and tries again", func(ctx SpecContext) {
		vera := aUser(ctx, "vera-mistypes", "viewer")
		tab := aPerson()
		goTo(tab, reader+"/reports/q3?x=1")

		answer := signIn(tab, stack.Login{User: vera.User, Password: "not it"})

		Expect(answer.Status).To(Equal(http.StatusUnauthorized))
		Expect(answer.URL).To(Equal(auth + "/login"))
		Expect(alerts(tab)).To(ContainElement(ContainSubstring("is wrong")), "a screen reader reads it out")
		Expect(focused(tab)).To(Equal("password"), "what has to be typed again")
		Expect(evaluate[string](tab, `document.querySelector("#username").value`)).To(Equal(vera.User))
		Expect(evaluate[string](tab, `document.querySelector("#password").value`)).To(BeEmpty())
		Expect(cookieOf(tab)).To(BeNil())

		answer = then(tab, write(password, vera.Password), chromedp.Click(called("Sign in")))
		Expect(answer.URL).To(Equal(reader + "/reports/q3?x=1"))
	})

	It("finds public pages without a login", func() {
		tab := aPerson()

		answer := goTo(tab, reader+"/public/welcome")

		Expect(answer.URL).To(Equal(reader + "/public/welcome"))
		Expect(seen(tab)).To(HaveKeyWithValue("X-Auth-Request-User", ""))
	})

	It("doesn't see the page of an app in the frame of another, nor ours", func(ctx SpecContext) {
		tab := aPerson()
		response, err := http.Get(latchkey.URL() + "/login")
		Expect(err).NotTo(HaveOccurred())
		defer response.Body.Close()
		Expect(response.Header.Get("Content-Security-Policy")).To(ContainSubstring("frame-ancestors 'none'"))

		goTo(tab, reader+"/public/welcome")
		framed := evaluate[bool](tab, `new Promise(done => {
			const frame = document.createElement("iframe")
			frame.onload = () => { try { done(frame.contentDocument !== null && frame.contentDocument.body.innerText.includes("Sign in")) } catch { done(false) } }
			frame.src = "`+auth+`/login"
			document.body.append(frame)
		})`)
		Expect(framed).To(BeFalse())
		Expect(tab.Forgive("frame-ancestors", "Refused to frame", "X-Frame-Options")).NotTo(BeZero(), "Chromium refused to show it")
	})
})
