package webhook

import (
	"net/http"
	"strings"

	"github.com/latchkey-auth/latchkey/webhook/directory"
)

// Cookies are named with the prefixes of RFC 6265bis section 4.1.3, which only we can set:
// a browser takes __Host- from this very host alone, and __Secure- over HTTPS alone. Where
// apps share a domain the first can't be, since it has none.
const (
	hostPrefix   = "__Host-"
	domainPrefix = "__Secure-"
	cookieStem   = "latchkey"
)

// sessionCookie is the name of a realm's session cookie: __Host-latchkey, or
// __Secure-latchkey where apps share a domain; for a realm that doesn't answer at the root,
// followed by a hyphen and its namespace.
func (s *Service) sessionCookie(realm *directory.Realm) string {
	shared := realm.Settings().CookieDomain != ""
	switch atRoot := realm.Namespace() == s.DefaultRealm; {
	case atRoot && shared:
		return domainPrefix + cookieStem
	case atRoot:
		return hostPrefix + cookieStem
	case shared:
		return domainPrefix + cookieStem + "-" + realm.Namespace()
	default:
		return hostPrefix + cookieStem + "-" + realm.Namespace()
	}
}

// cookie returns the value of the one cookie of that name. Two are none: whoever could add
// a second one, from a sibling's subdomain perhaps, shall not choose which counts. One that
// stands behind a comma is such a second one, since a proxy may have joined two lines by it
// (Envoy does in a gRPC check); it never counts as the one, or a value would make cookies. It is
// read here, and not by net/http, because that would make a list of all cookies for each
// check.
func cookie(h http.Header, name string) (value string, found bool) {
	for _, line := range h["Cookie"] {
		for line != "" {
			var pair string
			pair, line, _ = strings.Cut(line, ";")
			if behindComma(pair, name) {
				return "", false
			}
			n, v, ok := strings.Cut(strings.Trim(pair, " \t"), "=")
			if !ok || n != name {
				continue
			}
			if found {
				return "", false
			}
			value, found = v, true
		}
	}
	return value, found
}

// behindComma tells whether a part of a Cookie header holds a cookie of that name behind a comma.
func behindComma(part, name string) bool {
	for {
		var found bool
		if _, part, found = strings.Cut(part, ","); !found {
			return false
		}
		if rest, named := strings.CutPrefix(strings.TrimLeft(part, " \t"), name); named && strings.HasPrefix(rest, "=") {
			return true
		}
	}
}
