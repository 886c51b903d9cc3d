package redirect_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/latchkey-auth/latchkey/webhook/redirect"
)

func TestCheckLeadsExactlyBack(t *testing.T) {
	for sentence, test := range map[string]struct {
		realm, rd string
		want      string // rd, if empty
	}{
		"to an app":                                  {"of a domain", "https://app.example.test/", ""},
		"to a path and query, byte for byte":         {"of a domain", "https://app.example.test/a//b;x=%2F?q=1&r=|", ""},
		"to any harmless byte":                       {"of a domain", "https://app.example.test/!$%25&'()*+,-./:;=@[]^_`{|}~?!$%&'()*+,-./:;=?@[]^_`{|}~", ""},
		"to escapes in either case":                  {"of a domain", "https://app.example.test/%c3%BC%2e%2E/?%zz=%", ""},
		"to a line break in a query":                 {"of a domain", "https://app.example.test/search?text=a%0D%0Ab", ""},
		"to another URL in a query":                  {"of a domain", "https://app.example.test/go?to=https://evil.test//", ""},
		"to a fragment":                              {"of a domain", "https://app.example.test/#/settings?a=b", ""},
		"to dot segments":                            {"of a domain", "https://app.example.test/a/../b/./c", ""},
		"to an at sign in a path":                    {"of a domain", "https://app.example.test/@ann", ""},
		"to a query of an empty path":                {"of a domain", "https://app.example.test?q=1", "https://app.example.test/?q=1"},
		"to a fragment of an empty path":             {"of a domain", "https://app.example.test#x", "https://app.example.test/#x"},
		"to a host alone":                            {"of a domain", "https://app.example.test", "https://app.example.test/"},
		"to a port":                                  {"of a domain", "https://app.example.test:8443/x", ""},
		"to the usual port":                          {"of a domain", "https://app.example.test:443/x", ""},
		"to a canonical host":                        {"of a domain", "https://APP.example.TEST.:8443/X", "https://app.example.test:8443/X"},
		"to what a browser doesn't escape":           {"of a domain", `https://app.example.test/?q=\d+"<b>"`, "https://app.example.test/?q=%5Cd+%22%3Cb%3E%22"},
		"to an app below a wildcard":                 {"of a domain", "https://one.apps.example.test/", ""},
		"to the login page":                          {"of a domain", "https://auth.example.test/account", ""},
		"to the issuer":                              {"of a domain", "https://issuer.example.test/x", ""},
		"to a path of the login page":                {"of a domain", "/account?x=1#y", "https://auth.example.test/account?x=1#y"},
		"to a query that looks like a way out":       {"of a domain", `/?/../\evil.test/..//`, "https://auth.example.test/?/../%5Cevil.test/..//"},
		"to the root of the login page":              {"of a domain", "/", "https://auth.example.test/"},
		"to a path of the host below /realms":        {"below /realms", "/realms/team-a/account", "https://auth.example.test/realms/team-a/account"},
		"to the domain itself":                       {"below /realms", "https://team-a.example.test/", ""},
		"to the login page of a realm alone":         {"without a domain", "https://auth.example.test/account", ""},
		"to an international domain":                 {"of an international domain", "https://app.xn--bcher-kva.test/", ""},
		"to an international host by its name":       {"of an international domain", "https://xn--GRN-ioa.xn--bcher-kva.test/", "https://xn--grn-ioa.xn--bcher-kva.test/"},
		"to localhost without TLS":                   {"on this machine", "http://localhost:3000/x", ""},
		"to localhost with TLS":                      {"on this machine", "https://localhost/x", ""},
		"to a name below localhost":                  {"on this machine", "http://one.apps.localhost:3000/", ""},
		"to a path at the port of a local login":     {"on this machine", "/account", "http://localhost:8080/account"},
		"to another port of 127.0.0.1":               {"at addresses", "http://127.0.0.1:3000/", ""},
		"to ::1":                                     {"at addresses", "http://[0:0::1]:3000/", "http://[::1]:3000/"},
		"to an address with TLS":                     {"at addresses", "https://10.0.0.1/", ""},
		"to an IPv6 address without a port":          {"at addresses", "https://[2001:db8::1]/", ""},
		"to an IPv6 address with TLS":                {"at addresses", "https://[2001:DB8::1]:8443/", "https://[2001:db8::1]:8443/"},
		"to 4 KiB":                                   {"of a domain", "https://app.example.test/" + strings.Repeat("a", 4<<10-len("https://app.example.test/")), ""},
		"to a path of 4 KiB with the host before it": {"of a domain", "/" + strings.Repeat("a", 4<<10-len("https://auth.example.test/")), "https://auth.example.test/" + strings.Repeat("a", 4<<10-len("https://auth.example.test/"))},
	} {
		t.Run(sentence, func(t *testing.T) {
			if test.want == "" {
				test.want = test.rd
			}
			if got, err := redirect.Check(test.rd, realms[test.realm]); got != test.want || err != nil {
				t.Errorf("Check(%.200q) = %q, %v; want %q", test.rd, got, err, test.want)
			}
			staysHome(t, realms[test.realm], test.rd)
		})
	}
}

func TestCheckSaysWhatItRefuses(t *testing.T) {
	for sentence, test := range map[string]struct {
		realm, rd string
		want      redirect.Refusal
	}{
		"nothing":                                     {"of a domain", "", redirect.Refusal{Reason: redirect.Malformed}},
		"another host":                                {"of a domain", "https://evil.test/", redirect.Refusal{redirect.NotAllowed, "evil.test"}},
		"another host in its canonical spelling":      {"of a domain", "https://EVIL.test.:443/", redirect.Refusal{redirect.NotAllowed, "evil.test"}},
		"a listed host out of the domain":             {"of a domain", "https://evil.test/", redirect.Refusal{redirect.NotAllowed, "evil.test"}},
		"a listed wildcard out of the domain":         {"of a domain", "https://x.test/", redirect.Refusal{redirect.NotAllowed, "x.test"}},
		"a host of the domain that isn't listed":      {"of a domain", "https://other.example.test/", redirect.Refusal{redirect.NotAllowed, "other.example.test"}},
		"the domain where it isn't listed":            {"of a domain", "https://apps.example.test/", redirect.Refusal{redirect.NotAllowed, "apps.example.test"}},
		"two labels for a wildcard":                   {"of a domain", "https://a.b.apps.example.test/", redirect.Refusal{redirect.NotAllowed, "a.b.apps.example.test"}},
		"an international label for a wildcard":       {"of an international domain", "https://xn--rot-ioa.xn--bcher-kva.test/", redirect.Refusal{redirect.NotAllowed, "xn--rot-ioa.xn--bcher-kva.test"}},
		"punycode of nothing for a wildcard":          {"of a domain", "https://xn--.apps.example.test", redirect.Refusal{redirect.NotAllowed, "xn--.apps.example.test"}},
		"punycode of ASCII for a wildcard":            {"of a domain", "https://xn--evil-.apps.example.test", redirect.Refusal{redirect.NotAllowed, "xn--evil-.apps.example.test"}},
		"a name below a listed host":                  {"of a domain", "https://x.app.example.test/", redirect.Refusal{redirect.NotAllowed, "x.app.example.test"}},
		"a name that ends in a listed one":            {"of a domain", "https://xapp.example.test/", redirect.Refusal{redirect.NotAllowed, "xapp.example.test"}},
		"a name that ends in the domain":              {"below /realms", "https://xteam-a.example.test/", redirect.Refusal{redirect.NotAllowed, "xteam-a.example.test"}},
		"a listed host out of a tenant's domain":      {"below /realms", "https://app.example.test/", redirect.Refusal{redirect.NotAllowed, "app.example.test"}},
		"another host without a domain":               {"without a domain", "https://app.example.test/", redirect.Refusal{redirect.NoCookieDomain, "app.example.test"}},
		"another address within a domain by its text": {"at addresses", "https://192.0.0.1/", redirect.Refusal{redirect.NotAllowed, "192.0.0.1"}},
		"O10: http to an allowed host":                {"of a domain", "http://app.example.test/", redirect.Refusal{redirect.NotHTTPS, "app.example.test"}},
		"http to the login page":                      {"of a domain", "http://auth.example.test/", redirect.Refusal{redirect.NotHTTPS, "auth.example.test"}},
		"http to another host":                        {"without a domain", "http://evil.test/", redirect.Refusal{redirect.NotHTTPS, "evil.test"}},
		"http to an address":                          {"at addresses", "http://10.0.0.1/", redirect.Refusal{redirect.NotHTTPS, "10.0.0.1"}},
		"http to a name that ends in localhost":       {"on this machine", "http://evillocalhost/", redirect.Refusal{redirect.NotHTTPS, "evillocalhost"}},
		"http to a mapped loopback address":           {"at addresses", "http://[::ffff:127.0.0.1]/", redirect.Refusal{redirect.NotHTTPS, "[::ffff:127.0.0.1]"}},
		"loopback where nobody allowed it":            {"of a domain", "http://localhost/", redirect.Refusal{redirect.NotAllowed, "localhost"}},
		"a path of a login page without TLS":          {"at http", "/account", redirect.Refusal{redirect.NotHTTPS, "auth.example.test"}},
		"a path of no login page":                     {"that says nothing", "/account", redirect.Refusal{Reason: redirect.Malformed}},
		"a host without rules":                        {"that says nothing", "https://app.example.test/", redirect.Refusal{redirect.NoCookieDomain, "app.example.test"}},
		"a path by nonsense":                          {"that says nonsense", "/account", redirect.Refusal{Reason: redirect.Malformed}},
		"a host by nonsense":                          {"that says nonsense", "https://app.example.test/", redirect.Refusal{redirect.NotAllowed, "app.example.test"}},
		"an upper-case scheme":                        {"of a domain", "HTTPS://app.example.test/", redirect.Refusal{Reason: redirect.Malformed}},
		"an underscore":                               {"of a domain", "https://a_b.apps.example.test/", redirect.Refusal{Reason: redirect.Malformed}},
		"an empty port":                               {"of a domain", "https://app.example.test:/", redirect.Refusal{Reason: redirect.Malformed}},
		"port 0":                                      {"of a domain", "https://app.example.test:0/", redirect.Refusal{Reason: redirect.Malformed}},
		"port 65536":                                  {"of a domain", "https://app.example.test:65536/", redirect.Refusal{Reason: redirect.Malformed}},
		"a shortened address":                         {"at addresses", "http://127.1/", redirect.Refusal{Reason: redirect.Malformed}},
		"an octal address":                            {"at addresses", "http://0177.0.0.1/", redirect.Refusal{Reason: redirect.Malformed}},
		"a hexadecimal address":                       {"at addresses", "http://0x7F000001/", redirect.Refusal{Reason: redirect.Malformed}},
		"a name that ends in a number":                {"of a domain", "https://app.example.0x/", redirect.Refusal{Reason: redirect.Malformed}},
		"raw letters beyond ASCII":                    {"of a domain", "https://app.example.test/ü", redirect.Refusal{Reason: redirect.Malformed}},
		"a relative one with raw letters":             {"of a domain", "/ü", redirect.Refusal{Reason: redirect.Malformed}},
		"a malformed escape in a path":                {"of a domain", "https://app.example.test/%zz", redirect.Refusal{Reason: redirect.Malformed}},
		"a space in a query":                          {"of a domain", "https://app.example.test/?a b", redirect.Refusal{Reason: redirect.Malformed}},
		"two fragments":                               {"of a domain", "https://app.example.test/#a#b", redirect.Refusal{Reason: redirect.Malformed}},
		"an ambiguous path of the login page":         {"of a domain", "/a;b", redirect.Refusal{Reason: redirect.Malformed}},
		"a path without a slash":                      {"of a domain", "account", redirect.Refusal{Reason: redirect.Malformed}},
		"a query alone":                               {"of a domain", "?a", redirect.Refusal{Reason: redirect.Malformed}},
		"more than 4 KiB":                             {"of a domain", "https://app.example.test/" + strings.Repeat("a", 4<<10), redirect.Refusal{Reason: redirect.Malformed}},
		"more than 4 KiB that would become less":      {"of a domain", "https://app.example.test./" + strings.Repeat("a", 4<<10-len("https://app.example.test/")), redirect.Refusal{Reason: redirect.Malformed}},
		"4 KiB that would become more":                {"of a domain", "https://app.example.test/?" + strings.Repeat(`\`, 2<<10), redirect.Refusal{Reason: redirect.Malformed}},
		"a path of 4 KiB without the host":            {"of a domain", "/" + strings.Repeat("a", 4<<10-1), redirect.Refusal{Reason: redirect.Malformed}},
	} {
		t.Run(sentence, func(t *testing.T) {
			location, err := redirect.Check(test.rd, realms[test.realm])
			var refusal *redirect.Refusal
			if !errors.As(err, &refusal) || *refusal != test.want || location != "" {
				t.Errorf("Check(%.200q) = %q, %v (%+v); want %+v", test.rd, location, err, refusal, test.want)
			}
			staysHome(t, realms[test.realm], test.rd)
		})
	}
}

func TestRefusalsDoNotRepeatTheClient(t *testing.T) {
	for _, rd := range []string{"https://canary.test/canary", "http://canary.test/?canary", "canary", "https://canary@app.example.test/"} {
		if _, err := redirect.Check(rd, realms["of a domain"]); err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("Check(%q): %v", rd, err)
		}
	}
}
