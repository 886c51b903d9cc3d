// Package redirect says where the login page may send a browser: Check is the one
// function that decides it.
//
// A location is never parsed and trusted. It is read strictly by hand, refused where
// two parsers could differ, judged by its parts, and written anew from them:
//
//   - location.go: the parts, from text and back.
//   - host.go: whether a host is allowed, and whether it is this machine.
//
// The package is pure: standard library, policy's hosts and urlpath's plain paths.
// Everything in it is safe for concurrent use.
package redirect

import "strings"

// MaxLength bounds, in bytes, both what Check reads and what it returns.
const MaxLength = 4 << 10

// Rules say where the login page of a realm may send a browser. The zero value
// allows nothing. Entries that can't be read allow nothing.
type Rules struct {
	// Home is the absolute URL of the login page's own realm root, such as
	// https://auth.example.com or https://auth.example.com/realms/team-a. Its host is
	// always allowed, and a relative location is on it: its path doesn't count.
	Home string
	// Hosts are always allowed, too: those of the external URL and of the issuer.
	Hosts []string
	// Domain is the realm's spec.sessions.cookieDomain. Without one no other host
	// would get the cookie, so none is allowed.
	Domain string
	// Allowed is the realm's spec.sessions.allowedRedirects: app.example.com, or
	// *.example.com for exactly one label. What isn't within Domain isn't allowed.
	Allowed []string
}

// Reason is why a location is refused, from a fixed set.
type Reason string

// Every Reason.
const (
	// Malformed: not a URL that all parsers read alike, neither relative nor of https or
	// http, or longer than MaxLength.
	Malformed Reason = "malformed"
	// NotHTTPS: http, and the host isn't this machine's loopback.
	NotHTTPS Reason = "not_https"
	// NoCookieDomain: another host, and the realm has no cookieDomain.
	NoCookieDomain Reason = "no_cookie_domain"
	// NotAllowed: another host that isn't in allowedRedirects, or not within cookieDomain.
	NotAllowed Reason = "not_allowed"
)

// Refusal says why a location is refused.
type Refusal struct {
	Reason Reason
	Host   string // canonical, fit to be shown; empty if Malformed
}

// Error returns the reason, and nothing that the client sent.
func (r *Refusal) Error() string { return "redirect refused: " + string(r.Reason) }

// Check returns rd as it may stand in a Location header: absolute, visible ASCII, of
// https or, on loopback hosts, http. A relative rd (`/path?query`) is on Home's host.
// The error is a *Refusal, also for an empty rd: what to do without one is the caller's
// matter.
//
// The browser comes exactly to where rd points. Path, query and fragment keep their
// bytes, but for a backslash, a quote, `<` and `>` behind the path, which are escaped;
// the host becomes canonical, and an empty path `/`. The port is kept and never compared:
// cookies have no port either (RFC 6265 section 8.5), and all ports of a host are whoever
// runs that host. A fragment is kept, since the pages of some apps say by it where one was,
// and it never leaves the browser.
func Check(rd string, rules Rules) (string, error) {
	if len(rd) > MaxLength {
		return "", &Refusal{Reason: Malformed}
	}
	home, _ := parse(rules.Home)
	to, ok := parse(rd)
	if strings.HasPrefix(rd, "/") {
		to, ok = home.at(rd)
	}
	if !ok {
		return "", &Refusal{Reason: Malformed}
	}
	switch own := rules.owns(to.host, home.host); {
	case to.scheme != "https" && !isLoopback(to.host):
		return "", &Refusal{NotHTTPS, to.host}
	case !own && rules.Domain == "":
		return "", &Refusal{NoCookieDomain, to.host}
	case !own && !rules.admits(to.host):
		return "", &Refusal{NotAllowed, to.host}
	}
	written := to.String()
	if len(written) > MaxLength {
		return "", &Refusal{Reason: Malformed}
	}
	return written, nil
}
