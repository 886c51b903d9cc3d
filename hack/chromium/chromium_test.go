package chromium_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"
	. "github.com/onsi/gomega"

	"github.com/latchkey-auth/latchkey/hack/chromium"
)

// start starts a browser, or skips where this machine has none and none is required.
func start(t *testing.T, l chromium.Launch) *chromium.Browser {
	t.Helper()
	binary, err := chromium.Find()
	if err != nil {
		if os.Getenv("REQUIRE_BROWSER") == "1" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	l.Binary = binary
	b, err := l.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Stop)
	return b
}

func person(t *testing.T, b *chromium.Browser) *chromium.Tab {
	t.Helper()
	tab, err := b.NewPerson()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tab.Close)
	return tab
}

// site shows the cookies that it gets, and sets those of the query's "set" at /set.
func site(t *testing.T) (port string) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, cookie := range r.URL.Query()["set"] {
			w.Header().Add("Set-Cookie", cookie)
		}
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, "<!doctype html><link rel=icon href='data:,'><p>%s", r.Header.Get("Cookie"))
	}))
	t.Cleanup(server.Close)
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return u.Port()
}

func TestEachPersonHasTheirOwnCookies(t *testing.T) {
	g := NewWithT(t)
	b, port := start(t, chromium.Launch{}), site(t)
	one, other := person(t, b), person(t, b)

	answer, err := one.Open("http://127.0.0.1:" + port + "/?set=" + url.QueryEscape("a=1"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(answer.Status).To(Equal(http.StatusOK))
	_, err = other.Open("http://127.0.0.1:" + port + "/")
	g.Expect(err).NotTo(HaveOccurred())

	g.Expect(one.Cookies()).To(HaveLen(1))
	g.Expect(other.Cookies()).To(BeEmpty())
	g.Expect(one.Complaints()).To(BeEmpty())
}

// The demo has no TLS: it relies on what browsers do with names below localhost.
func TestNamesBelowLocalhostTakeSecureCookiesWithoutTLS(t *testing.T) {
	g := NewWithT(t)
	tab, port := person(t, start(t, chromium.Launch{})), site(t)

	_, err := tab.Open("http://auth.latchkey.localhost:" + port + "/?set=" + url.QueryEscape("__Secure-one=1; Secure; HttpOnly; SameSite=Lax; Path=/; Domain=latchkey.localhost") +
		"&set=" + url.QueryEscape("__Host-two=2; Secure; HttpOnly; SameSite=Lax; Path=/"))
	g.Expect(err).NotTo(HaveOccurred())
	_, err = tab.Open("http://app.latchkey.localhost:" + port + "/")
	g.Expect(err).NotTo(HaveOccurred())

	g.Expect(chromium.Read(tab, chromedp.Text(chromedp.CSS("p")))).To(Equal("__Secure-one=1"))
	g.Expect(tab.Cookies()).To(HaveLen(2))
}

func TestABrowserThatBlocksCookiesKeepsNone(t *testing.T) {
	g := NewWithT(t)
	tab, port := person(t, start(t, chromium.Launch{BlocksCookies: true})), site(t)

	for range 2 {
		_, err := tab.Open("http://127.0.0.1:" + port + "/?set=" + url.QueryEscape("a=1"))
		g.Expect(err).NotTo(HaveOccurred())
	}

	g.Expect(chromium.Read(tab, chromedp.Text(chromedp.CSS("p")))).To(BeEmpty())
	g.Expect(tab.Cookies()).To(BeEmpty())
}

func TestNoOtherNameResolves(t *testing.T) {
	g := NewWithT(t)
	tab := person(t, start(t, chromium.Launch{}))

	_, err := tab.Open("https://example.com/")

	g.Expect(err).To(MatchError(ContainSubstring("ERR_NAME_NOT_RESOLVED")))
	g.Expect(slices.ContainsFunc(tab.Requests(), func(r chromium.Request) bool { return r.Host() == "example.com" && r.Document })).To(BeTrue())
}
