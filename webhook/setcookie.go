package webhook

import (
	"net/http"
	"strings"
	"time"

	"github.com/latchkey-auth/latchkey/webhook/directory"
)

// deviceLifetime is for how long a browser is known to its user: as long as a token may live.
const deviceLifetime = 2160 * time.Hour

// probeCookie comes back from a browser that keeps cookies for this site, and says nothing
// else. It is one for all realms.
const probeCookie = hostPrefix + cookieStem + "_probe"

// aCookie has what all of our cookies have; domain "" is this host alone. Lax is what lets a person follow a link from
// somewhere else into an app and be known there; a form from somewhere else comes without.
func aCookie(name, value, domain string, lives time.Duration) *http.Cookie {
	c := &http.Cookie{Name: name, Value: value, Domain: domain, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode}
	switch seconds := int(lives / time.Second); {
	case lives == untilClosed:
	case seconds <= 0:
		c.MaxAge = -1 // Max-Age=0: gone
	default:
		c.MaxAge = seconds
	}
	return c
}

// Lifetimes of cookies that aren't durations.
const (
	untilClosed time.Duration = 0
	gone        time.Duration = -1
)

// setSession gives a browser the cookie of its login, until that ends.
func (s *Service) setSession(w http.ResponseWriter, realm *directory.Realm, value string, until time.Time) {
	s.sendSession(w, realm, value, max(until.Sub(s.Now()), time.Second))
}

// clearSession takes it from the browser again.
func (s *Service) clearSession(w http.ResponseWriter, realm *directory.Realm) {
	s.sendSession(w, realm, "", gone)
}

// sendSession sends the session cookie. A browser replaces or removes a cookie only by one
// of the same name, domain and path.
func (s *Service) sendSession(w http.ResponseWriter, realm *directory.Realm, value string, lives time.Duration) {
	http.SetCookie(w, aCookie(s.sessionCookie(realm), value, realm.Settings().CookieDomain, lives))
}

// outside returns the host of the login page if no browser takes the session cookie from
// there, because it isn't within the realm's cookieDomain; else "".
func (s *Service) outside(realm *directory.Realm) string {
	domain := realm.Settings().CookieDomain
	for _, host := range hostsOf(s.ExternalURL) {
		if domain != "" && host != domain && !strings.HasSuffix(host, "."+domain) {
			return host
		}
	}
	return ""
}

// setProbe asks a browser whether it keeps cookies.
func setProbe(w http.ResponseWriter) { http.SetCookie(w, aCookie(probeCookie, "1", "", untilClosed)) }
