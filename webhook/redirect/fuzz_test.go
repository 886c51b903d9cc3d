package redirect_test

import "testing"

// FuzzCheck holds that whatever Check accepts, a browser reads as an allowed place, and the same
// one as what it was made of. The browser is an implementation of the WHATWG standard, and what is
// allowed a second reading of the rules.
func FuzzCheck(f *testing.F) {
	for _, list := range attacks {
		for _, rd := range list {
			if len(rd) < 1<<10 {
				f.Add(rd)
			}
		}
	}
	for _, form := range forms {
		f.Add(form)
	}
	for _, rd := range []string{
		"https://app.example.test/a//b;x=%2F?q=1&r=|", "https://APP.example.TEST.:8443?x#y", "http://[::1]:3000/", "/account?x=1#y", "http://127.0.0.1/",
		"https://x.apps.example.test/%2e%2e/..", "https://xn--a.apps.example.test/", "http://one.apps.localhost/", "https://[::ffff:127.0.0.1]/", "https://10.0.0.1/",
	} {
		f.Add(rd)
	}
	f.Fuzz(func(t *testing.T, rd string) {
		for _, rules := range realms {
			staysHome(t, rules, rd)
		}
	})
}
