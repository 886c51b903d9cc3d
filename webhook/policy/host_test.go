package policy_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/latchkey-auth/latchkey/webhook/policy"
)

func TestCanonicalHost(t *testing.T) {
	longLabel := strings.Repeat("a", 63)
	longName := strings.Repeat(longLabel+".", 3) + strings.Repeat("a", 61)
	for sentence, test := range map[string]struct {
		host, want string // refused if want is empty
	}{
		"a name stays as it is":                            {"app.example.test", "app.example.test"},
		"K18: upper case becomes lower case":               {"APP.Example.TEST", "app.example.test"},
		"K18: one trailing dot goes":                       {"app.example.test.", "app.example.test"},
		"K18: a second trailing dot is refused":            {"app.example.test..", ""},
		"K18: everything at once":                          {"APP.example.:8443", "app.example"},
		"K17: the port goes":                               {"app.example.test:443", "app.example.test"},
		"K17: the highest port goes":                       {"app.example.test:65535", "app.example.test"},
		"K17: port 0 is refused":                           {"app.example.test:0", ""},
		"K17: port 65536 is refused":                       {"app.example.test:65536", ""},
		"K17: port 99999 is refused":                       {"app.example.test:99999", ""},
		"K17: an empty port is refused":                    {"app.example.test:", ""},
		"K17: a signed port is refused":                    {"app.example.test:+80", ""},
		"K17: a port with leading zeros is refused":        {"app.example.test:0080", ""},
		"K17: two ports are refused":                       {"app.example.test:80:80", ""},
		"K17: a port that is a name is refused":            {"app.example.test:http", ""},
		"K17: a port with other digits is refused":         {"app.example.test:８０", ""},
		"K17: a lone port is refused":                      {":80", ""},
		"a name in one label is a host":                    {"localhost", "localhost"},
		"an IPv4 address is a host":                        {"127.0.0.1:8080", "127.0.0.1"},
		"K20: punycode is a name like any other":           {"xn--pp-viac.example.test", "xn--pp-viac.example.test"},
		"K20: full-width letters are refused":              {"ａpp.example.test", ""},
		"K20: a full-width dot is refused":                 {"app。example.test", ""},
		"K20: a letter that lower-cases to k is refused":   {"boo\u212a.example.test", ""},
		"K20: an escape is refused":                        {"app%2eexample.test", ""},
		"K20: an escaped NUL is refused":                   {"app.example.test%00.evil", ""},
		"K20: a raw NUL is refused":                        {"app.example.test\x00.evil", ""},
		"K20: invalid UTF-8 is refused":                    {"app\xff.example.test", ""},
		"K21: a list is refused":                           {"app.example.test, evil", ""},
		"K21: a list without a space is refused":           {"app.example.test,evil", ""},
		"K21: a space is refused":                          {"app.example.test evil", ""},
		"K21: a space before is refused":                   {" app.example.test", ""},
		"K21: a line break is refused":                     {"app.example.test\r\n", ""},
		"K21: an underscore is refused":                    {"app_example.test", ""},
		"K22: an IPv6 literal is a host":                   {"[::1]", "[::1]"},
		"K22: an IPv6 literal has one spelling":            {"[0:0:0::0001]:443", "[::1]"},
		"K22: an IPv6 literal is lower-cased":              {"[FE80::A]", "[fe80::a]"},
		"K22: a mapped IPv4 address stays an IPv6 literal": {"[::ffff:127.0.0.1]:80", "[::ffff:127.0.0.1]"},
		"K22: a zone is refused":                           {"[fe80::1%eth0]", ""},
		"K22: an escaped zone is refused":                  {"[fe80::1%25eth0]", ""},
		"K22: IPv4 in brackets is refused":                 {"[127.0.0.1]", ""},
		"K22: a name in brackets is refused":               {"[app.example.test]", ""},
		"K22: an IPv6 address without brackets is refused": {"::1", ""},
		"K22: an open bracket is refused":                  {"[::1", ""},
		"K22: text after the bracket is refused":           {"[::1].evil", ""},
		"K22: a dot after the bracket is refused":          {"[::1].", ""},
		"K22: a bad port after the bracket is refused":     {"[::1]:0", ""},
		"K22: an empty port after the bracket is refused":  {"[::1]:", ""},
		"nothing is refused":                               {"", ""},
		"a dot is refused":                                 {".", ""},
		"an empty label is refused":                        {"app..example.test", ""},
		"an empty first label is refused":                  {".example.test", ""},
		"a wildcard is refused":                            {"*.example.test", ""},
		"user information is refused":                      {"app.example.test@evil", ""},
		"a path is refused":                                {"app.example.test/x", ""},
		"a query is refused":                               {"x&role=admin,y", ""},
		"a label of 63 bytes is a host":                    {longLabel + ".test", longLabel + ".test"},
		"a label of 64 bytes is refused":                   {longLabel + "a.test", ""},
		"a name of 253 bytes is a host":                    {longName, longName},
		"a name of 254 bytes is refused":                   {longName + "a", ""},
		"a name of 200 KiB is refused":                     {strings.Repeat("a.", 100<<10), ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			got, err := policy.CanonicalHost(test.host)
			if got != test.want {
				t.Errorf("CanonicalHost(%.80q) = %q, %v; want %q", test.host, got, err, test.want)
			}
			if test.want == "" {
				wantRequestError(t, err, policy.ReasonHostInvalid)
			} else if err != nil {
				t.Errorf("CanonicalHost(%.80q): %v", test.host, err)
			}
		})
	}
}

func wantRequestError(t *testing.T, err error, reason policy.Reason) {
	t.Helper()
	var refused *policy.RequestError
	if !errors.As(err, &refused) || refused.Reason != reason {
		t.Errorf("error is %v; want a RequestError of reason %s", err, reason)
	}
}

func TestHostsMatch(t *testing.T) {
	for sentence, test := range map[string]struct {
		pattern, host string
		want          bool
	}{
		"a name matches itself":                              {"app.example.test", "app.example.test", true},
		"a name matches with any port":                       {"app.example.test", "app.example.test:8443", true},
		"a name matches in any case":                         {"app.example.test", "APP.Example.TEST", true},
		"a name matches with a trailing dot":                 {"app.example.test", "app.example.test.", true},
		"a rule may be written in upper case":                {"APP.example.TEST.", "app.example.test", true},
		"a name does not match its parent":                   {"app.example.test", "example.test", false},
		"a name does not match a child":                      {"app.example.test", "x.app.example.test", false},
		"a name does not match a longer name":                {"app.example.test", "app.example.test.evil", false},
		"a name does not match another ending in it":         {"example.test", "evilexample.test", false},
		"K20: a name does not match its punycode look-alike": {"app.example.test", "xn--pp-viac.example.test", false},
		"an open name matches one label":                     {"*.example.test", "app.example.test", true},
		"an open name matches one label in any case":         {"*.Example.test", "APP.EXAMPLE.test", true},
		"an open name does not match two labels":             {"*.example.test", "x.app.example.test", false},
		"an open name does not match the domain":             {"*.example.test", "example.test", false},
		"an open name does not match an empty label":         {"*.example.test", ".example.test", false},
		"an open name does not match another ending in it":   {"*.example.test", "evilexample.test", false},
		"an open name may have one label":                    {"*.test", "example.test", true},
		"any host matches a name":                            {"*", "app.example.test", true},
		"any host matches a label":                           {"*", "localhost", true},
		"any host matches an address":                        {"*", "10.0.0.1:80", true},
		"any host matches an IPv6 literal":                   {"*", "[::1]:80", true},
		"any host does not match what is no host":            {"*", "app.example.test, evil", false},
		"any host does not match nothing":                    {"*", "", false},
		"an IPv6 literal matches in another spelling":        {"[0:0::1]", "[::1]:443", true},
		"K22: IPv4 does not match its IPv6 mapping":          {"127.0.0.1", "[::ffff:127.0.0.1]", false},
	} {
		t.Run(sentence, func(t *testing.T) {
			rule := policy.Rule{Hosts: []string{test.pattern}, Paths: []string{"/**"}, Methods: []string{"*"}}
			if got := may(t, rule, "GET", test.host, "/"); got != test.want {
				t.Errorf("rule for %q allows host %q: %t; want %t", test.pattern, test.host, got, test.want)
			}
		})
	}
}
