package webhook

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/latchkey-auth/latchkey/webhook/directory"
	"github.com/latchkey-auth/latchkey/webhook/page"
	"github.com/latchkey-auth/latchkey/webhook/policy"
	"github.com/latchkey-auth/latchkey/webhook/redirect"
)

// malformedBack stands for a parameter that can't be read; no address is like it.
const malformedBack = ":"

// destination returns where a browser may be sent after a login that was asked to go on to
// back; "" is the account page. Nothing of a refused address is ever shown but a host, and
// that only if it is a name.
func (s *Service) destination(realm *directory.Realm, c *call, back string) (string, error) {
	if back == "" {
		return "", nil
	}
	settings := realm.Settings()
	location, err := redirect.Check(back, redirect.Rules{
		Home:  s.base(realm.Namespace()),
		Hosts: hostsOf(s.ExternalURL, settings.Issuer), Domain: settings.CookieDomain, Allowed: settings.AllowedRedirects,
	})
	if err == nil {
		return location, nil
	}
	m := page.Message{
		Title: "You can't be sent on from here",
		Link:  page.Href{Text: "Sign in and stay here", URL: root(c) + "login"},
	}
	refusal := &redirect.Refusal{}
	errors.As(err, &refusal)
	m.Text, m.Details = explain(refusal, settings)
	return "", &onPage{badRequest(m.Text), func(w http.ResponseWriter, f *failure) error {
		return s.pages.Message(w, f.status, m)
	}}
}

// explain says why a person can't be sent somewhere, and what their administrator could do.
func explain(refusal *redirect.Refusal, settings *directory.Settings) (text string, details []string) {
	switch {
	case refusal.Reason == redirect.NotHTTPS:
		return "The address to go on to (rd) doesn't begin with https://", nil
	case refusal.Host == "":
	case refusal.Reason == redirect.NoCookieDomain:
		return "This login doesn't hold at " + refusal.Host, []string{
			"The realm has no Realm.spec.sessions.cookieDomain, and so its cookie stays at this address.",
			"An administrator can set cookieDomain to the parent domain that this page and " + refusal.Host + " share, and list " +
				refusal.Host + " in Realm.spec.sessions.allowedRedirects.",
		}
	case refusal.Reason == redirect.NotAllowed:
		return "This page doesn't send anybody to " + refusal.Host, []string{
			refusal.Host + " isn't in the realm's Realm.spec.sessions.allowedRedirects. An administrator can list it there, if it lies within the cookieDomain " +
				settings.CookieDomain + ".",
		}
	}
	return "The address to go on to (rd) is malformed", []string{"It has to be one https URL, escaped as a whole."}
}

// hostsOf are the hosts of URLs, as policy.CanonicalHost has them.
func hostsOf(urls ...string) []string {
	var hosts []string
	for _, each := range urls {
		u, err := url.Parse(each)
		if err != nil {
			continue
		}
		if host, err := policy.CanonicalHost(u.Host); err == nil {
			hosts = append(hosts, host)
		}
	}
	return hosts
}
