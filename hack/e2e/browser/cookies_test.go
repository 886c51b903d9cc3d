package browser_test

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
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

// keeps has a browser keep a cookie for longer than it was told, as one does whose clock is slow.
func keeps(c *network.Cookie) chromium.Step {
	yes := true
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, network.SetCookie, network.SetCookieParams{
			Name: c.Name, Value: c.Value, Domain: c.Domain, Path: c.Path, Secure: &yes, HTTPOnly: &yes, SameSite: c.SameSite,
			Expires: cdp.TimeSinceEpoch(time.Now().Add(time.Hour).Unix()),
		})
		return err
	})
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

	It("die with the login, whose end the realm sets, and an app asks for another one and goes on where it was", func(ctx SpecContext) {
		vera := aUser(ctx, "vera-expires", "viewer")
		changeRealm(ctx, func(s *v1alpha1.RealmSpec) { s.Sessions.CookieTTL = metav1.Duration{Duration: time.Minute} })
		DeferCleanup(func(ctx context.Context) {
			changeRealm(ctx, func(s *v1alpha1.RealmSpec) { s.Sessions.CookieTTL = metav1.Duration{Duration: 12 * time.Hour} })
		})

		var tab *chromium.Tab
		Eventually(func() time.Duration { // until Latchkey has heard of it
			before := time.Now()
			tab = signedIn(vera)
			cookie := cookieOf(tab)
			return time.Unix(int64(cookie.Expires), 0).Sub(before)
		}).WithTimeout(patience).Should(And(BeNumerically(">", 30*time.Second), BeNumerically("<=", 2*time.Minute)))

		do(tab, keeps(cookieOf(tab)))
		Eventually(asked).WithArguments(tab, reader+"/reports/q3?x=1").WithTimeout(time.Minute + patience).WithPolling(time.Second).Should(BeTrue())
		Expect(text(tab, "main")).To(ContainSubstring("Your session has expired"))
		Expect(signIn(tab, vera).URL).To(Equal(reader + "/reports/q3?x=1"))
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
