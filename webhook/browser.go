package webhook

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/latchkey-auth/latchkey/webhook/directory"
	"github.com/latchkey-auth/latchkey/webhook/policy"
)

// wantsPage tells whether a person waits for the answer to a request of that method and
// with these headers: a browser that goes somewhere says that it takes HTML, and what runs
// within a page doesn't.
func wantsPage(method string, h http.Header) bool {
	return (method == http.MethodGet || method == http.MethodHead) && takesHTML(h)
}

// takesHTML tells whether headers say so in words: what takes anything is no browser.
func takesHTML(h http.Header) bool {
	for _, line := range h["Accept"] {
		for entry := range strings.SplitSeq(line, ",") {
			if isHTML(entry) {
				return true
			}
		}
	}
	return false
}

// isHTML tells whether an entry of Accept (RFC 9110 section 12.5.1) is HTML, and isn't there to
// say that it won't do: a weight of 0.
func isHTML(entry string) bool {
	const space = " \t"
	mediaType, parameters, _ := strings.Cut(entry, ";")
	if !strings.EqualFold(strings.Trim(mediaType, space), "text/html") {
		return false
	}
	for parameter := range strings.SplitSeq(parameters, ";") {
		name, weight, _ := strings.Cut(parameter, "=")
		if strings.EqualFold(strings.Trim(name, space), "q") && strings.Trim(weight, space+"0.") == "" {
			return false
		}
	}
	return true
}

// refuseBrowser answers a check that doesn't pass as a person can use it, and reports
// whether it did: who has to log in is sent to the login page, which sends them back; who
// may not sees a page that says so.
func (s *Service) refuseBrowser(w http.ResponseWriter, c *call, q Question, who caller, f *failure) bool {
	if f.status != http.StatusUnauthorized {
		return s.showDenied(w, c, q, who, f)
	}
	h := w.Header()
	h.Set("X-Latchkey-Reason", f.reason)
	h.Set("Location", s.loginURL(c.realm, address(q)))
	w.WriteHeader(http.StatusFound)
	return true
}

// headerLogin tells a proxy that keeps our answers to itself where a browser has to log in,
// so that it can send the browser there. It stands on no answer to anything else: API
// clients get a plain 401.
const headerLogin = "X-Latchkey-Login"

// tellLogin sets it on the 401 of a check.
func (s *Service) tellLogin(h http.Header, c *call, q Question, f *failure) {
	if back := address(q); f.status == http.StatusUnauthorized && back != "" {
		h.Set(headerLogin, s.loginURL(c.realm, back))
	}
}

// loginURL is where people log in to a realm, to go on to back, or to the realm's own page
// if that is "".
func (s *Service) loginURL(realm, back string) string {
	login := s.base(realm) + "/login"
	if back == "" {
		return login
	}
	return login + "?rd=" + url.QueryEscape(back)
}

// base is the URL of a realm's endpoints, without a slash at its end.
func (s *Service) base(realm string) string {
	return directory.Issuer("", s.ExternalURL, s.DefaultRealm, realm)
}

// address is the URL of the request that a question is about. Whether a browser may be sent
// there is for the login page to say. It is https whatever the proxy says, which may stand
// behind another that ends TLS, but on this very machine.
func address(q Question) string {
	o := q.Original
	host, err := policy.CanonicalHost(o.Host)
	if err != nil {
		return ""
	}
	scheme := "https://"
	if (o.Scheme == "http" || o.Scheme == "ws") && isLoopback(host) {
		scheme = "http://"
	}
	return scheme + o.Host + o.Target
}

// isLoopback tells whether a canonical host is this machine, as browsers see it.
func isLoopback(host string) bool {
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || host == "127.0.0.1" || host == "[::1]"
}
