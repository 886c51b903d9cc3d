package redirect_test

import (
	"strings"
	"testing"
)

// words stand for what a fuzzer doesn't come upon byte by byte.
var words = []string{
	"S", "https://", "P", "http://", "A", "app.example.test", "H", "auth.example.test", "W", ".apps.example.test", "T", "team-a.example.test",
	"E", "evil.test", "L", "localhost", "N", "127.0.0.1", "I", "[::1]", "X", "xn--", "D", "%2e", "F", "%2f",
}

// FuzzCheck holds that whatever Check accepts, a browser reads as an allowed place, and the same
// one as what it was made of. The browser is an implementation of the WHATWG standard, and what is
// allowed a second reading of the rules.
func FuzzCheck(f *testing.F) {
	spelt := strings.NewReplacer(words...)
	short := make([]string, len(words))
	for i := range words {
		short[i] = words[i^1]
	}
	shorten := strings.NewReplacer(short...)
	for _, list := range attacks {
		for _, rd := range list {
			if len(rd) < 1<<10 {
				f.Add(shorten.Replace(rd))
			}
		}
	}
	for _, form := range forms {
		f.Add(shorten.Replace(strings.NewReplacer("BAD", "E", "GOOD", "A").Replace(form)))
	}
	for _, rd := range []string{
		"SA/a//b;x=%2F?q=1&r=|", "SA.:8443?x#y", "PI:3000/", "/account?x=1#y", "PN/", "SxW/D%2E/..", "SXaW/", "Pone.apps.L/", "S[::ffff:N]/", "S10.0.0.1/", "PN:80/\\",
		"SH", "SH:443//E", "SxT/?\\#", "Sx.T/#\\", "ST/@E", "SA?@E", "SA#@E", "SA:8@E", "SW/", "SxWE/", "SEW/", "SE.W/",
	} {
		f.Add(rd)
	}
	f.Fuzz(func(t *testing.T, rd string) {
		for _, rules := range realms {
			staysHome(t, rules, rd)
			staysHome(t, rules, spelt.Replace(rd))
		}
	})
}
