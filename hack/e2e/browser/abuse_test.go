package browser_test

import (
	"net/http"

	"github.com/chromedp/chromedp"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/latchkey-auth/latchkey/hack/chromium"
)

// posts makes the page that is there send a form, and waits for the answer.
func posts(tab *chromium.Tab, action string, fields string) chromium.Answer {
	GinkgoHelper()
	_, err := chromium.Read(tab, chromedp.Evaluate[bool](`(() => {
		const form = document.createElement("form")
		form.method = "post"
		form.action = "`+action+`"
		form.id = "forged"
		form.innerHTML = '`+fields+`<button id="send">send</button>'
		document.body.append(form)
		return true
	})()`))
	Expect(err).NotTo(HaveOccurred())
	return then(tab, chromedp.Click(chromedp.CSS("#send")))
}

var _ = Describe("A page of another app of the same domain, to which browsers send the cookie along", func() {
	for action, fields := range map[string]string{
		"/account/logout":   "",
		"/account/password": `<input type="hidden" name="oldPassword" value="x"><input type="hidden" name="newPassword" value="longenough123">`,
		"/login":            `<input type="hidden" name="username" value="mallory"><input type="hidden" name="password" value="x">`,
	} {
		It("can't act for a person (B04): POST "+action, func(ctx SpecContext) {
			tab := signedIn(aUser(ctx, "vera-forged", "viewer"))
			goTo(tab, wiki+"/public/welcome")

			answer := posts(tab, auth+action, fields)

			Expect(answer.Status).To(Equal(http.StatusForbidden))
			Expect(asked(tab, reader+"/reports/q3")).To(BeFalse(), "nothing has changed")
		})
	}

	It("can't put somebody else's cookie in the place of theirs (B08)", func(ctx SpecContext) {
		mallory, vera := signedIn(aUser(ctx, "mallory", "viewer")), signedIn(aUser(ctx, "vera-tossed", "viewer"))
		stolen := cookieOf(mallory)
		goTo(vera, wiki+"/public/welcome")
		evaluate[bool](vera, `(document.cookie = "`+stolen.Name+`=`+stolen.Value+`; domain=example.com; path=/; secure", true)`)
		Expect(asked(vera, reader+"/reports/q3")).To(BeFalse())
		Expect(seen(vera)).To(HaveKeyWithValue("X-Auth-Request-User", "vera-tossed"), "a script can't write over it")

		goTo(vera, wiki+"/public/welcome")
		evaluate[bool](vera, `(document.cookie = "`+stolen.Name+`=`+stolen.Value+`; domain=example.com; path=/reports; secure", true)`)

		Expect(asked(vera, reader+"/reports/q3")).To(BeTrue(), "of two neither counts")
	})
})
