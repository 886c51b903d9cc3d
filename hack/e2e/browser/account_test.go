package browser_test

import (
	"context"
	"net/http"
	"strings"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/latchkey-auth/latchkey/hack/chromium"
	"github.com/latchkey-auth/latchkey/hack/stack"
)

// signedIn is a person who is logged in and sees the account page.
func signedIn(login stack.Login) *chromium.Tab {
	GinkgoHelper()
	tab := aPerson()
	goTo(tab, auth+"/account")
	answer := signIn(tab, login)
	Expect(answer.URL).To(Equal(auth + "/account"))
	Expect(answer.Status).To(Equal(http.StatusOK))
	return tab
}

// asked tells whether an app sends the person to log in.
func asked(tab *chromium.Tab, address string) bool {
	GinkgoHelper()
	return strings.HasPrefix(goTo(tab, address).URL, auth+"/login?")
}

// checked is what Latchkey answers to a check with a cookie, whoever still has it.
func checked(ctx context.Context, cookie *network.Cookie) int {
	GinkgoHelper()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, latchkey.URL()+"/check/role/authenticated", nil)
	Expect(err).NotTo(HaveOccurred())
	request.Header.Set("Cookie", cookie.Name+"="+cookie.Value)
	response, err := http.DefaultClient.Do(request)
	Expect(err).NotTo(HaveOccurred())
	defer response.Body.Close()
	return response.StatusCode
}

var _ = Describe("The account page", func() {
	It("says who somebody is and where they are signed in", func(ctx SpecContext) {
		tab := signedIn(aUser(ctx, "vera-account", "viewer"))

		Expect(text(tab, "main")).To(And(ContainSubstring("Vera-account"), ContainSubstring("vera-account@example.com"), ContainSubstring("viewer"), ContainSubstring("this browser")))
		Expect(evaluate[int](tab, `document.querySelectorAll("li").length`)).To(Equal(1))
	})

	It("signs out of all apps at once", func(ctx SpecContext) {
		tab := signedIn(aUser(ctx, "vera-leaves", "viewer"))
		Expect(asked(tab, reader+"/reports/q3")).To(BeFalse())
		Expect(asked(tab, wiki+"/reports/q3")).To(BeFalse())
		cookie := cookieOf(tab)
		goTo(tab, auth+"/account")

		answer := press(tab, "Sign out")

		Expect(answer.URL).To(HavePrefix(auth + "/login"))
		Expect(text(tab, "main")).To(ContainSubstring("signed out"))
		Expect(cookieOf(tab)).To(BeNil(), "the browser has forgotten it")
		Expect(checked(ctx, cookie)).To(Equal(http.StatusUnauthorized), "and it counts for nothing, whoever kept a copy")
		Expect(asked(tab, reader+"/reports/q3")).To(BeTrue())
		Expect(asked(tab, wiki+"/reports/q3")).To(BeTrue())
		goTo(tab, auth+"/account")
		Expect(text(tab, "main")).NotTo(ContainSubstring("vera-leaves"))
	})

	It("isn't shown by the back button once somebody has signed out", func(ctx SpecContext) {
		tab := signedIn(aUser(ctx, "vera-looks-back", "viewer"))
		press(tab, "Sign out")

		do(tab, chromedp.NavigateBack())

		Expect(tab.Location()).To(HavePrefix(auth + "/login"))
		Expect(text(tab, "main")).NotTo(ContainSubstring("vera-looks-back"))
	})

	It("ends the login of another browser, which has to log in again", func(ctx SpecContext) {
		vera := aUser(ctx, "vera-twice", "viewer")
		lost, tab := signedIn(vera), signedIn(vera)
		Expect(asked(lost, reader+"/reports/q3")).To(BeFalse())
		Expect(evaluate[int](tab, `document.querySelectorAll("li").length`)).To(Equal(2))

		answer := press(tab, "End")

		Expect(answer.URL).To(HavePrefix(auth + "/account"))
		Expect(evaluate[int](tab, `document.querySelectorAll("li").length`)).To(Equal(1))
		Expect(asked(lost, reader+"/reports/q3")).To(BeTrue())
		Expect(asked(tab, reader+"/reports/q3")).To(BeFalse(), "this one goes on")
	})

	It("signs out everywhere", func(ctx SpecContext) {
		vera := aUser(ctx, "vera-everywhere", "viewer")
		lost, tab := signedIn(vera), signedIn(vera)

		answer := press(tab, "Sign out everywhere")

		Expect(answer.URL).To(HavePrefix(auth + "/login"))
		Expect(asked(lost, reader+"/reports/q3")).To(BeTrue())
		Expect(asked(tab, reader+"/reports/q3")).To(BeTrue())
	})

	It("changes a password, which ends every other login", func(ctx SpecContext) {
		vera := aUser(ctx, "vera-changes", "viewer")
		other, tab := signedIn(vera), signedIn(vera)
		fresh := stack.Login{User: vera.User, Password: stack.RandomPassword()}
		change := func(old, new string) chromium.Answer {
			return then(tab, write("#old", old), write("#new", new), chromedp.Click(called("Change password")))
		}

		Expect(change("not it", fresh.Password).Status).To(Equal(http.StatusUnauthorized))
		Expect(alerts(tab)).NotTo(BeEmpty())
		Expect(focused(tab)).To(Equal("old"))
		Expect(change(vera.Password, "short").Status).To(Equal(http.StatusUnprocessableEntity))
		Expect(alerts(tab)).NotTo(BeEmpty())
		Expect(focused(tab)).To(Equal("new"))
		answer := change(vera.Password, fresh.Password)

		Expect(answer.Status).To(Equal(http.StatusOK))
		Expect(answer.URL).To(HavePrefix(auth + "/account"))
		Expect(asked(tab, reader+"/reports/q3")).To(BeFalse(), "this browser stays signed in")
		Expect(asked(other, reader+"/reports/q3")).To(BeTrue())
		Expect(signIn(other, vera).Status).To(Equal(http.StatusUnauthorized), "the old password is no more")
		Expect(signIn(other, fresh).URL).To(Equal(reader + "/reports/q3"))
	})

	It("is closed at once when an operator ends the login", func(ctx SpecContext) {
		tab := signedIn(aUser(ctx, "vera-ended", "viewer"))
		Expect(asked(tab, reader+"/reports/q3")).To(BeFalse())

		k(ctx, "delete", "lksession", "--all")

		Eventually(asked).WithArguments(tab, reader+"/reports/q3").WithTimeout(patience).Should(BeTrue())
	})
})
