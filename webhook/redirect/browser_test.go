package redirect_test

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"

	whatwg "github.com/nlnwa/whatwg-url/url"

	"github.com/latchkey-auth/latchkey/webhook/policy"
	"github.com/latchkey-auth/latchkey/webhook/redirect"
)

// realms are rules of every kind.
var realms = map[string]redirect.Rules{
	"of a domain": {
		Home: "https://auth.example.test", Hosts: []string{"auth.example.test", "issuer.example.test"},
		Domain: "example.test", Allowed: []string{"app.example.test", "*.apps.example.test", "evil.test", "*.test"},
	},
	"below /realms": {
		Home: "https://auth.example.test/realms/team-a", Hosts: []string{"auth.example.test"},
		Domain: "team-a.example.test", Allowed: []string{"*.team-a.example.test", "team-a.example.test", "app.example.test"},
	},
	"without a domain": {Home: "https://auth.example.test/", Hosts: []string{"auth.example.test"}, Allowed: []string{"app.example.test"}},
	"on this machine":  {Home: "http://localhost:8080", Hosts: []string{"localhost"}, Domain: "apps.localhost", Allowed: []string{"*.apps.localhost"}},
	"at addresses":     {Home: "http://127.0.0.1:8080", Hosts: []string{"[::1]", "10.0.0.1", "[2001:db8:0::1]"}, Domain: "0.0.1", Allowed: []string{"10.0.0.1", "192.0.0.1"}},
	"of an international domain": {
		Home: "https://auth.xn--bcher-kva.test", Domain: "xn--bcher-kva.test", Allowed: []string{"*.xn--bcher-kva.test", "xn--grn-ioa.xn--bcher-kva.test"},
	},
	"at http":           {Home: "http://auth.example.test", Hosts: []string{"auth.example.test"}, Domain: "example.test", Allowed: []string{"app.example.test"}},
	"that says nothing": {},
	"that says nonsense": {
		Home: "auth.example.test", Hosts: []string{"", "*", "a b"}, Domain: ".", Allowed: []string{"*", "*.", "", "app.example.test"},
	},
}

// asBrowser reads a location as the WHATWG standard says that browsers do, at home.
func asBrowser(home, location string) (*whatwg.Url, error) {
	if home == "" || !strings.Contains(home, "://") {
		return whatwg.Parse(location)
	}
	return whatwg.ParseRef(home, location)
}

var (
	loopback = regexp.MustCompile(`^(?:(?:.+\.)?localhost|127\.\d+\.\d+\.\d+|\[::1\])$`)
	address  = regexp.MustCompile(`^(?:\[.*\]|\d+\.\d+\.\d+\.\d+)$`)
	harmless = regexp.MustCompile(`^https?://[!#-;=?-\[\]-~]+$`)
)

// mayLead is a second reading of the rules, by regular expressions over what a browser makes
// of a location.
func mayLead(rules redirect.Rules, to *whatwg.Url) bool {
	host := to.Hostname()
	if to.Protocol() != "https:" && (to.Protocol() != "http:" || !loopback.MatchString(host)) {
		return false
	}
	own := slices.ContainsFunc(append([]string{strings.TrimPrefix(strings.TrimPrefix(rules.Home, "https://"), "http://")}, rules.Hosts...), func(h string) bool {
		u, err := whatwg.Parse("https://" + h)
		return err == nil && u.Hostname() == host
	})
	within := rules.Domain != "" && !address.MatchString(host) && regexp.MustCompile(`^(?:.+\.)?`+regexp.QuoteMeta(rules.Domain)+`$`).MatchString(host)
	listed := slices.ContainsFunc(rules.Allowed, func(pattern string) bool {
		expression := regexp.QuoteMeta(pattern)
		if strings.HasPrefix(pattern, "*.") {
			expression = `[^.]+` + strings.TrimPrefix(expression, `\*`)
		}
		return regexp.MustCompile(`^` + expression + `$`).MatchString(host)
	})
	return to.Username() == "" && to.Password() == "" && (own || within && listed)
}

// staysHome fails the test unless what Check makes of rd is either a refusal that says nothing
// but its reason and a host, or a location that every browser reads as an allowed one. It reports
// whether rd was accepted.
func staysHome(t *testing.T, rules redirect.Rules, rd string) bool {
	t.Helper()
	location, err := redirect.Check(rd, rules)
	if err != nil {
		var refusal *redirect.Refusal
		if !errors.As(err, &refusal) || location != "" {
			t.Fatalf("Check(%.200q) = %q, %v; want a Refusal and no location", rd, location, err)
		}
		if host, err := policy.CanonicalHost(refusal.Host); refusal.Host != "" && (err != nil || host != refusal.Host) || (refusal.Host == "") != (refusal.Reason == redirect.Malformed) {
			t.Fatalf("Check(%.200q) shows the host %q with reason %s", rd, refusal.Host, refusal.Reason)
		}
		return false
	}
	if !harmless.MatchString(location) || len(location) > redirect.MaxLength {
		t.Fatalf("Check(%.200q) = %q of %d bytes, which isn't harmless", rd, location, len(location))
	}
	if again, err := redirect.Check(location, rules); again != location {
		t.Fatalf("Check(%.200q) = %q, which is %q, %v when checked again", rd, location, again, err)
	}
	to, err := asBrowser(rules.Home, location)
	if err != nil {
		t.Fatalf("Check(%.200q) = %q, which a browser can't read: %v", rd, location, err)
	}
	if !mayLead(rules, to) {
		t.Fatalf("Check(%.200q) = %q, which leads a browser to %s", rd, location, to)
	}
	if sent, err := asBrowser(rules.Home, rd); err != nil || place(sent) != place(to) {
		t.Fatalf("Check(%.200q) leads a browser to %s; rd itself to %s, %v", rd, to, sent, err)
	}
	return true
}

// place is what a browser goes to, in a spelling for which a trailing dot and an escaped
// backslash make no difference.
func place(u *whatwg.Url) string {
	return u.Protocol() + strings.TrimSuffix(u.Hostname(), ".") + ":" + u.Port() + strings.ReplaceAll(u.Pathname()+u.Search()+u.Hash(), `\`, "%5C")
}
