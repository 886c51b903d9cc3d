package browser_test

import (
	"net/http"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("Somebody without a mouse", func() {
	It("logs in by typing, Tab and Enter alone", func(ctx SpecContext) {
		vera := aUser(ctx, "vera-types", "viewer")
		tab := aPerson()
		goTo(tab, reader+"/reports/q3")

		answer := then(tab, chromedp.KeyEvent(vera.User), chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(vera.Password), chromedp.KeyEvent(kb.Enter))

		Expect(answer.URL).To(Equal(reader + "/reports/q3"))
	})

	It("reaches everything on the account page, in the order of reading, sees where they are, and signs out", func(ctx SpecContext) {
		vera := aUser(ctx, "vera-tabs", "viewer")
		signedIn(vera)
		tab := signedIn(vera) // so that there is another login to end
		all := evaluate[[]string](tab, `[...document.querySelectorAll("a[href], button, input:not([hidden])")].map(e => e.innerText || e.id)`)
		Expect(len(all)).To(BeNumerically(">=", 6))

		var reached []string
		for range all {
			do(tab, chromedp.KeyEvent(kb.Tab))
			reached = append(reached, evaluate[string](tab, `document.activeElement.innerText || document.activeElement.id`))
			Expect(evaluate[bool](tab, `(s => s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2)(getComputedStyle(document.activeElement))`)).
				To(BeTrue(), "the focus is seen on "+reached[len(reached)-1])
		}

		Expect(reached).To(Equal(all))
		do(tab, chromedp.Focus(called("Sign out")))
		Expect(then(tab, chromedp.KeyEvent(kb.Enter)).URL).To(HavePrefix(auth + "/login"))
	})
})

var _ = Describe("Somebody without JavaScript", func() {
	It("logs in, is refused, changes nothing for it, and signs out", func(ctx SpecContext) {
		vera := aUser(ctx, "vera-plain", "viewer")
		tab := aPerson()
		Expect(tab.TurnScriptsOff()).To(Succeed())
		goTo(tab, reader+"/reports/q3")

		Expect(signIn(tab, vera).URL).To(Equal(reader + "/reports/q3"))
		Expect(goTo(tab, reader+"/settings").Status).To(Equal(http.StatusForbidden))
		press(tab, "Your account")
		Expect(press(tab, "Sign out").URL).To(HavePrefix(auth + "/login"))
		Expect(asked(tab, reader+"/reports/q3")).To(BeTrue())
	})
})
