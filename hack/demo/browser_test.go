package main

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	. "github.com/onsi/gomega"

	"github.com/latchkey-auth/latchkey/hack/chromium"
)

// browse does with a browser what the demo said, or skips where this machine has none and none is required.
func (s stage) browse(t *testing.T, said string) {
	g := NewWithT(t)
	binary, err := chromium.Find()
	if err != nil && os.Getenv("REQUIRE_BROWSER") != "1" {
		t.Skip(err)
	}
	g.Expect(err).NotTo(HaveOccurred())
	answers, err := s.shell(t.Context(), `echo "$APP_PAGE" "$ACCOUNT_PAGE" "$VIEWER_USER" "$VIEWER_PASSWORD"`)
	g.Expect(err).NotTo(HaveOccurred(), answers)
	values := strings.Fields(answers)
	g.Expect(values).To(HaveLen(4))
	for _, value := range values {
		g.Expect(said).To(ContainSubstring(value), "it says what to open, as whom")
	}
	appPage, accountPage, user, password := values[0], values[1], values[2], values[3]
	browser, err := chromium.Launch{Binary: binary}.Start()
	g.Expect(err).NotTo(HaveOccurred())
	defer browser.Stop()
	tab, err := browser.NewPerson()
	g.Expect(err).NotTo(HaveOccurred())

	answer, err := tab.Open(appPage)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(answer.URL).To(HavePrefix(strings.TrimSuffix(accountPage, "account") + "login?rd="))
	answer, err = tab.Then(
		chromedp.SendKeys(chromedp.CSS("#username"), user), chromedp.SendKeys(chromedp.CSS("#password"), password),
		chromedp.Submit(chromedp.CSS("#password")))
	g.Expect(err).NotTo(HaveOccurred())

	g.Expect(answer).To(Equal(chromium.Answer{Status: http.StatusOK, URL: appPage}))
	g.Expect(chromium.Read(tab, chromedp.Text(chromedp.CSS("table")))).To(ContainSubstring(user))
	answer, err = tab.Open(accountPage)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(answer).To(Equal(chromium.Answer{Status: http.StatusOK, URL: accountPage}))
	g.Expect(tab.Complaints()).To(BeEmpty())
}
