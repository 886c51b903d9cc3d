package webhook

import (
	"errors"
	"net/http"
	"strings"

	"github.com/latchkey-auth/latchkey/webhook/directory"
	"github.com/latchkey-auth/latchkey/webhook/token"
)

// caller is who makes a request. The zero caller is nobody.
type caller struct {
	claims  *token.Claims // nil if no token says who it is
	user    *directory.User
	subject *directory.Subject
}

// sessionID names the login that the caller comes from; "" if there is none.
func (c caller) sessionID() string {
	if c.claims == nil {
		return ""
	}
	return c.claims.SessionID
}

// unidentified says why a request has no caller. Its sentences are a contract.
type unidentified struct {
	reason    string
	sentence  string
	presented bool // credentials were sent, so RFC 6750 wants an error in the challenge
}

func (u *unidentified) Error() string { return u.sentence }

// Every way not to be identified.
var (
	noCredentials = &unidentified{reasonNoCredentials, "Authentication required", false}
	malformed     = &unidentified{reasonMalformed, "Invalid token", true}
	invalidToken  = &unidentified{reasonInvalidToken, "Invalid token", true}
	tokenExpired  = &unidentified{reasonTokenExpired, "Token expired", true}
	tokenRevoked  = &unidentified{reasonTokenRevoked, "Token revoked", true}
	userGone      = &unidentified{reasonUserGone, "User not found or disabled", true}
)

// identify returns whose access token a request carries, judged by what the directory
// holds now. Every endpoint for apps goes through here: a cookie counts for nothing there,
// since a browser sends it along whoever asks for the request.
func (s *Service) identify(r *http.Request, realm *directory.Realm) (caller, *unidentified) {
	raw, problem := bearer(r.Header)
	if problem != nil {
		return caller{}, problem
	}
	return s.judge(realm, raw, token.Access)
}

// identifyCheck returns whose request a check asks about: whose access token it carries,
// whose password, where the realm takes passwords here, or else whose session cookie.
// Credentials that are there and wrong don't fall through to others.
func (s *Service) identifyCheck(r *http.Request, realm *directory.Realm, c *call) (caller, *unidentified) {
	raw, problem := bearer(r.Header)
	switch problem {
	case nil:
		return s.judge(realm, raw, token.Access)
	case noCredentials:
		if sent := r.Header["Authorization"]; len(sent) == 1 && realm.Settings().BasicAuth && isBasic(sent[0]) {
			return s.identifyBasic(r, realm, c, sent[0])
		}
		return s.identifyCookie(r, realm)
	}
	return caller{}, problem
}

// identifyCookie returns whose session cookie a request carries. Pages go by it alone.
func (s *Service) identifyCookie(r *http.Request, realm *directory.Realm) (caller, *unidentified) {
	raw, found := cookie(r.Header, s.sessionCookie(realm))
	if !found {
		return caller{}, noCredentials
	}
	return s.judge(realm, raw, token.Session)
}

// judge verifies a token of type t and then asks the directory whether it still counts.
func (s *Service) judge(realm *directory.Realm, raw string, t token.Type) (caller, *unidentified) {
	settings := realm.Settings()
	claims, err := s.Tokens.Verify(realm.Keys(), raw, token.Expect{Type: t, Issuer: settings.Issuer, Audiences: settings.Audiences}, s.Now())
	switch {
	case errors.Is(err, token.ErrExpired):
		return caller{}, tokenExpired
	case err != nil:
		return caller{}, invalidToken
	}
	user := realm.User(claims.Username)
	switch {
	case user == nil || user.UID != claims.Subject || !user.Active():
		return caller{}, userGone
	case realm.Revoked(claims.ID, claims.SessionID, user, claims.AuthTime):
		return caller{}, tokenRevoked
	}
	return caller{claims, user, realm.Subject(user)}, nil
}

const bearerScheme = "Bearer"

// bearer returns the token of an Authorization header (RFC 6750 section 2.1). Two such
// headers, on one line or on two, or a Bearer without exactly one space and a token, are
// invalid rather than absent; other schemes are not ours.
func bearer(h http.Header) (string, *unidentified) {
	values := h["Authorization"]
	switch {
	case len(values) == 0:
		return "", noCredentials
	case len(values) > 1:
		return "", malformed
	}
	value := values[0]
	switch {
	case isJoined(value):
		return "", malformed
	case !hasScheme(value, bearerScheme):
		return "", noCredentials
	}
	raw, found := strings.CutPrefix(value[len(bearerScheme):], " ")
	if !found || raw == "" {
		return "", malformed
	}
	return raw, nil
}

// isJoined tells whether a value of Authorization has credentials of a scheme of ours behind a
// comma: then a proxy has made one line of two.
func isJoined(value string) bool {
	for {
		var found bool
		if _, value, found = strings.Cut(value, ","); !found {
			return false
		}
		if next := strings.TrimLeft(value, " \t"); hasScheme(next, bearerScheme) || hasScheme(next, basicScheme) {
			return true
		}
	}
}

// hasScheme tells whether a value of Authorization begins with a scheme, in whatever case.
func hasScheme(value, scheme string) bool {
	return len(value) >= len(scheme) && strings.EqualFold(value[:len(scheme)], scheme)
}

// require returns the caller of an endpoint that is for identified users alone.
func (s *Service) require(r *http.Request, realm *directory.Realm) (caller, error) {
	who, problem := s.identify(r, realm)
	if problem != nil {
		return caller{}, problem.failure()
	}
	return who, nil
}

// refusal is the 401 of u where credentials of every kind that the realm takes would do.
func (u *unidentified) refusal(realm *directory.Realm) *failure {
	f := u.failure()
	f.basic = realm.Settings().BasicAuth
	return f
}

// failure is the 401 of u.
func (u *unidentified) failure() *failure {
	f := &failure{status: http.StatusUnauthorized, code: codeInvalidToken, description: u.sentence, reason: u.reason}
	if u.presented {
		f.challenge = codeInvalidToken
	}
	return f
}
