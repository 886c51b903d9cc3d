package browser_test

import (
	"context"
	"io"
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/hack/chromium"
)

// loginPage is what the login page says to somebody who wants to go on to an app.
func loginPage(ctx context.Context) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, latchkey.URL()+"/login?rd=https%3A%2F%2Fapp.example.com%2F", nil)
	if err != nil {
		return "", err
	}
	request.Header.Set("Accept", "text/html")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	page, err := io.ReadAll(response.Body)
	return string(page), err
}

var _ = Describe("Cookies", func() {
	It("that are blocked are what the page speaks of, instead of asking for ever", func(ctx SpecContext) {
		vera := aUser(ctx, "vera-blocks", "viewer")
		tab := aPersonWith(aBrowser(chromium.Launch{BlocksCookies: true}))

		goTo(tab, reader+"/reports/q3")
		before := len(tab.Requests())
		answer := signIn(tab, vera)

		Expect(answer.URL).To(HavePrefix(auth + "/login"))
		Expect(text(tab, "main")).To(MatchRegexp("(?i)cookies"))
		Expect(len(tab.Requests())-before).To(BeNumerically("<=", 2), "no round trip through the app")
		Expect(tab.Cookies()).To(BeEmpty())
	})

	It("die with the login, whose end the realm sets", func(ctx SpecContext) {
		vera := aUser(ctx, "vera-expires", "viewer")
		changeRealm(ctx, func(s *v1alpha1.RealmSpec) { s.Sessions.CookieTTL = metav1.Duration{Duration: time.Minute} })
		DeferCleanup(func(ctx context.Context) {
			changeRealm(ctx, func(s *v1alpha1.RealmSpec) { s.Sessions.CookieTTL = metav1.Duration{Duration: 12 * time.Hour} })
		})

		Eventually(func() time.Duration { // until Latchkey has heard of it
			before := time.Now()
			cookie := cookieOf(signedIn(vera))
			return time.Unix(int64(cookie.Expires), 0).Sub(before)
		}).WithTimeout(patience).Should(And(BeNumerically(">", 30*time.Second), BeNumerically("<=", 2*time.Minute)))
	})

	It("that apps can't share are what the page speaks of: which field to set", func(ctx SpecContext) {
		changeRealm(ctx, func(s *v1alpha1.RealmSpec) { s.Sessions.CookieDomain, s.Sessions.AllowedRedirects = "", nil })
		DeferCleanup(func(ctx context.Context) {
			changeRealm(ctx, func(s *v1alpha1.RealmSpec) {
				s.Sessions.CookieDomain, s.Sessions.AllowedRedirects = domain, []string{"app.example.com", "wiki.example.com"}
			})
			Eventually(loginPage).WithArguments(ctx).WithTimeout(patience).ShouldNot(ContainSubstring("cookieDomain"))
		})
		Eventually(loginPage).WithArguments(ctx).WithTimeout(patience).Should(ContainSubstring("cookieDomain"))
		tab := aPerson()

		answer := goTo(tab, reader+"/reports/q3")

		Expect(answer.URL).To(HavePrefix(auth + "/login?rd="))
		Expect(text(tab, "main")).To(ContainSubstring("spec.sessions.cookieDomain"))
		Expect(evaluate[bool](tab, `document.querySelector("#password") === null`)).To(BeTrue(), "nobody types a password for nothing")
	})
})
