package browser_test

import (
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/latchkey-auth/latchkey/hack/app"
)

var _ = Describe("Somebody who is known and may not", func() {
	It("is told who they are and why not, and goes on as somebody else", func(ctx SpecContext) {
		vera, ada := aUser(ctx, "vera-denied", "viewer"), aUser(ctx, "ada-instead", "admin")
		tab := aPerson()
		goTo(tab, loginFor(reader+"/reports/"))
		signIn(tab, vera)
		first := cookieOf(tab)

		answer := goTo(tab, reader+"/settings?tab=2")

		Expect(answer.Status).To(Equal(http.StatusForbidden))
		Expect(answer.URL).To(Equal(reader+"/settings?tab=2"), "the address bar says what was asked for")
		Expect(text(tab, "main")).To(And(ContainSubstring(vera.User), ContainSubstring("app.example.com/settings")))

		answer = press(tab, "Sign in as somebody else")
		Expect(answer.URL).To(HavePrefix(auth + "/login?rd="))
		Expect(text(tab, "main")).To(ContainSubstring("You are signed in as"))
		answer = signIn(tab, ada)

		Expect(answer.URL).To(Equal(reader + "/settings?tab=2"))
		Expect(seen(tab)).To(HaveKeyWithValue("X-Auth-Request-User", ada.User))
		Expect(cookieOf(tab).Value).NotTo(Equal(first.Value))
		Expect(checked(ctx, first)).To(Equal(http.StatusUnauthorized), "the login before ended with it")
	})

	It("goes on where they may, from the login page that knows them", func(ctx SpecContext) {
		vera := aUser(ctx, "vera-returns", "viewer")
		tab := aPerson()
		goTo(tab, loginFor(reader+"/reports/"))
		signIn(tab, vera)

		goTo(tab, loginFor(wiki+"/reports/a?d=%2F"))
		answer := press(tab, "Continue to wiki.example.com")

		Expect(answer.URL).To(Equal(wiki + "/reports/a?d=%2F"))
		Expect(answer.Status).To(Equal(http.StatusOK))
	})

	It("is a 401, not a page, for what runs in a page", func(ctx SpecContext) {
		tab := aPerson()
		goTo(tab, reader+"/public/welcome")

		status := evaluate[int](tab, `fetch("/reports/q3", {headers: {Accept: "application/json"}}).then(r => r.status)`)

		Expect(status).To(Equal(http.StatusUnauthorized))
		Expect(tab.Forgive("status of 401")).To(Equal(1))
		Expect(goTo(tab, reader+"/public/again").Status).To(Equal(http.StatusOK))
		Expect(seen(tab)).To(HaveKey(app.Target))
	})
})
