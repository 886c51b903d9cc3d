package browser_test

import (
	"net/url"
	"strings"

	"github.com/chromedp/chromedp"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/latchkey-auth/latchkey/hack/stack"
)

// elsewhere are addresses that somebody could send people to the login page with, so as to have them
// somewhere else afterwards; with their numbers in the list of attacks.
var elsewhere = map[string][]string{
	"no scheme (O01)":                 {"//evil.test", "//evil.test/%2e%2e", "//evil.test@app.example.com", "//app.example.com@evil.test"},
	"triple slashes and dots (O04)":   {"///evil.test", "/.//evil.test", "/..//evil.test", "/;@evil.test"},
	"user information (O05)":          {"https://app.example.com@evil.test/", "https://app.example.com:443@evil.test", "https://app.example.com%40evil.test"},
	"scripts (O07)":                   {"javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\nscript:alert(1)", "data:text/html,<script>alert(1)</script>", "blob:https://app.example.com/x"},
	"line ends in the location (O09)": {"https://app.example.com/%0d%0aSet-Cookie:x=1", "/%0d%0aX:1", "https://app.example.com/\r\nLocation: https://evil.test"},
	"no TLS (O10)":                    {"http://app.example.com/", "http://evil.test"},
	"backslash before @ (O13)":        {`https://evil.test\@app.example.com/`, `https://app.example.com\.evil.test`},
	"missing slashes (O14)":           {"https:evil.test", "https:/evil.test", "https:///evil.test"},
	"long, and NUL (O17)":             {"/" + strings.Repeat("a", 6000), "/%00//evil.test", "/\x00//evil.test"},
	"backslashes":                     {`/\evil.test`, `\\evil.test`, `https:\\evil.test`, `/\/evil.test`, `https:/\evil.test`},
	"tabs and line ends":              {"/\t/evil.test", "/\n/evil.test", "https://\tevil.test", "ht\ntps://evil.test", "/\r/evil.test"},
	"hosts that look alike":           {"https://app.example.com.evil.test", "https://evilexample.com", "https://evil.test/app.example.com", "https://other.example.com"},
	"encoded slashes":                 {"%2f%2fevil.test", "/%2fevil.test", "/%5cevil.test"},
	"what looks like a port":          {"https://app.example.com:8443.evil.test/", "https://app.example.com:x@evil.test"},
	"other forms of a host":           {"https://app。example。com.evil.test", "https://evil。test", "https://0x7f.1/", "https://[::ffff:7f00:1]/"},
	"fragments and queries":           {"https://evil.test#@app.example.com/", "https://evil.test?@app.example.com/", "https://evil.test#.app.example.com"},
	"white space before":              {" https://evil.test", "\u00a0https://evil.test", "\x01https://evil.test"},
}

var _ = Describe("An address to go back to", Ordered, func() {
	var vera stack.Login
	BeforeAll(func(ctx SpecContext) { vera = aUser(ctx, "vera-redirected", "viewer") })

	for name, values := range elsewhere {
		// expectPeace of verbs_test.go holds besides that not one request left for another host.
		It("leads nowhere else: "+name, func() {
			tab := aPerson()
			for _, value := range values {
				By(value)
				for _, page := range []string{
					auth + "/login?rd=" + url.QueryEscape(value),
					auth + "/login?rd=" + raw.Replace(value), // what Chromium makes of it by itself
				} {
					goTo(tab, page)
					staysHere(tab.Location())
					for _, link := range evaluate[[]string](tab, `[...document.links].map(a => a.href)`) {
						staysHere(link, nil)
					}
					if has(tab, username) { // and isn't a page that only says what is wrong
						signIn(tab, vera)
						staysHere(tab.Location())
					}
				}
			}
		})

		It("leads nowhere else when the form is tampered with: "+name, func() {
			tab := aPerson()
			for _, value := range values {
				By(value)
				goTo(tab, loginFor(reader+"/reports/"))
				do(tab, chromedp.SetJavascriptAttribute(chromedp.CSS(`input[name="rd"]`), "value", value))
				signIn(tab, vera)
				staysHere(tab.Location())
			}
		})
	}

	DescribeTable("leads to an app that may be gone back to",
		func(ctx SpecContext, name, rd, want string) {
			tab := aPerson()
			goTo(tab, auth+"/login"+rd)
			answer := signIn(tab, aUser(ctx, name, "admin"))
			Expect(answer.URL).To(Equal(want))
		},
		Entry("as it is, byte for byte", "ada-bytes", "?rd="+url.QueryEscape(reader+"/a//b;x=%2F?q=1&r=|&s=%20+"), reader+"/a//b;x=%2F?q=1&r=|&s=%20+"),
		Entry("with the port of https", "ada-port", "?rd=https://app.example.com:443/reports", reader+"/reports"),
		Entry("on the login's own host", "ada-home", "?rd="+auth+"/account", auth+"/account"),
		Entry("as a path there", "ada-path", "?rd=/account", auth+"/account"),
		Entry("nowhere said, so to the account", "ada-none", "", auth+"/account"),
	)
})

// raw escapes what would end a query, or the typing of an address, and nothing else.
var raw = strings.NewReplacer("%", "%25", "#", "%23", "&", "%26", "\r", "%0d", "\n", "%0a", "\t", "%09", "\x00", "%00")

// staysHere holds that an address is one of the three sites'.
func staysHere(address string, err error) {
	GinkgoHelper()
	Expect(err).NotTo(HaveOccurred())
	Expect(address).To(Or(HavePrefix(auth+"/"), HavePrefix(reader+"/"), HavePrefix(wiki+"/")))
}
