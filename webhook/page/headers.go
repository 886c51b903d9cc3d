package page

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
)

// policies are the Content-Security-Policies of pages (CSP level 3). Nothing may be loaded,
// run or framed; the one style sheet is known by its hash.
//
// form-action is two policies, because Chromium holds it against the redirect that answers
// a form, and against each that follows that one, too. Forms of most pages lead back to
// Latchkey. That of the login page leads to an app, and an app may send its users on to
// any other place: if that were listed, a person would press "Sign in", be signed in, and
// see nothing happen. So it is every place by https there; that forms go where they should
// is html/template's doing, by which nobody can add one.
type policies struct{ own, login string }

func newPolicies(style []byte) policies {
	sum := sha256.Sum256(style)
	common := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
	return policies{own: common, login: common + " https:"}
}

// setHeaders sets what every page carries.
//
// Referrer-Policy is same-origin and not no-referrer: with the latter browsers send forms
// with "Origin: null", and those that send no Sec-Fetch-Site, as none does over plain http,
// would be taken for another site's.
func setHeaders(h http.Header, policy string) {
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
}
