package webhook

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/latchkey-auth/latchkey/webhook/directory"
	"github.com/latchkey-auth/latchkey/webhook/token"
)

// clientID is the client_id of every token until there are Clients.
const clientID = "latchkey"

// token issues tokens (RFC 6749 sections 4.3 and 6). A scope is ignored until there are Clients.
func (s *Service) token(w http.ResponseWriter, r *http.Request, realm *directory.Realm, c *call) error {
	form, err := readForm(r, c.query)
	if err != nil {
		return err
	}
	switch form["grant_type"] {
	case "":
		return badRequest("grant_type is missing")
	case "password":
		if !realm.Settings().PasswordGrant {
			return &failure{status: http.StatusBadRequest, code: codeUnsupportedGrant, description: "This realm doesn't allow the password grant"}
		}
		return s.passwordGrant(w, r, realm, c, form["username"], form["password"])
	case "refresh_token":
		return s.refreshGrant(w, r, realm, c, form["refresh_token"])
	default:
		return &failure{status: http.StatusBadRequest, code: codeUnsupportedGrant, description: "A grant_type is password or refresh_token"}
	}
}

func (s *Service) passwordGrant(w http.ResponseWriter, r *http.Request, realm *directory.Realm, c *call, username, secret string) error {
	if username == "" || secret == "" {
		return badRequest("username and password are required")
	}
	user, fingerprint, err := s.authenticate(r, realm, username, secret)
	if err == nil {
		err = s.limited(realm, user)
	}
	if err != nil {
		return s.refusedLogin(r, c, username, err)
	}
	issued, err := s.begin(r, realm, user, fingerprint)
	if err != nil {
		return s.refusedLogin(r, c, username, err)
	}
	s.metrics.logins.WithLabelValues("ok").Inc()
	s.audit.record(r, c, eventLogin, userAttr(user.Name), slog.String("sid", issued.sessionID))
	writeJSON(w, http.StatusOK, issued)
	return nil
}

// issue is the body of a successful token response (RFC 6749 section 5.1).
type issue struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int64  `json:"expires_in"`
	RefreshToken string `json:"refresh_token"`
	Scope        string `json:"scope"`

	sessionID string
}

// begin stores a new login of an app and makes its first tokens.
func (s *Service) begin(r *http.Request, realm *directory.Realm, user *directory.User, fingerprint string) (*issue, error) {
	login, began, err := s.store(r, realm, Login{User: user, PasswordFingerprint: fingerprint})
	if err != nil {
		return nil, err
	}
	return s.sign(realm, login, began, 1)
}

// beginBrowser stores a new login of a browser and makes its cookie, which dies with it.
func (s *Service) beginBrowser(r *http.Request, realm *directory.Realm, user *directory.User, fingerprint string) (*token.Claims, string, error) {
	login, began, err := s.store(r, realm, Login{User: user, PasswordFingerprint: fingerprint, Browser: true})
	if err != nil {
		return nil, "", err
	}
	claims := token.Claims{
		Issuer: realm.Settings().Issuer, Subject: user.UID, ClientID: clientID,
		ID: rand.Text(), SessionID: login.SessionID, Username: user.Name,
		IssuedAt: s.Now().Truncate(time.Second), ExpiresAt: login.ExpiresAt, AuthTime: began,
	}
	cookie, err := realm.Keys().Sign(token.Session, claims)
	if err != nil {
		return nil, "", unavailable(err)
	}
	return &claims, cookie, nil
}

// store stores a login that can be signed: what isn't said yet of it is filled in.
func (s *Service) store(r *http.Request, realm *directory.Realm, login Login) (Login, time.Time, error) {
	ctx, cancel := context.WithTimeout(r.Context(), loginTimeout)
	defer cancel()
	if realm.Keys().ActiveKeyID() == "" { // before anything is written: a login that can't be signed leaves no Session
		return Login{}, time.Time{}, unavailable(token.ErrNoActiveKey)
	}
	if err := s.Passwords.Admit(ctx, realm.Namespace(), login.User, login.PasswordFingerprint); err != nil {
		if errors.Is(err, ErrNotAdmitted) {
			return Login{}, time.Time{}, wrongCredentials
		}
		return Login{}, time.Time{}, unavailable(err)
	}
	login.UserAgent, login.Address = printable(r.UserAgent(), 256), s.clientAddress(r)
	began, err := s.bear(ctx, realm, &login)
	if err != nil {
		return Login{}, time.Time{}, unavailable(err)
	}
	return login, began, nil
}

// bear stores a login that no revocation of its user covers. When it began the API server says, whose
// clock may be a little behind what it was taken for: a login that was so born dead is left to the
// leader, which collects it, and another one is tried.
func (s *Service) bear(ctx context.Context, realm *directory.Realm, login *Login) (began time.Time, err error) {
	for {
		if err := s.outwait(ctx, realm, login.User); err != nil {
			return time.Time{}, err
		}
		login.SessionID = strings.ToLower(rand.Text())
		login.ExpiresAt = s.Now().Add(lifetime(realm.Settings(), login.Browser)).Truncate(time.Second)
		began, err := s.Sessions.Begin(ctx, realm.Namespace(), *login)
		if err != nil || !realm.Revoked("", login.SessionID, login.User, began) {
			return began, err
		}
		if err := pause(ctx, bornDeadPause); err != nil {
			return time.Time{}, err
		}
	}
}

// lifetime is how long a login lives: an app's by its refresh tokens, a browser's by its cookie.
func lifetime(settings *directory.Settings, browser bool) time.Duration {
	if browser {
		return min(settings.CookieTTL, settings.RefreshTTL)
	}
	return settings.RefreshTTL
}

// clockMargin is for how much longer than the time asks a login waits, once it has to.
const clockMargin = 50 * time.Millisecond

// bornDeadPause lets the API server's clock get on.
const bornDeadPause = 100 * time.Millisecond

// sign makes the tokens of a login: an access token that says what holds now, and a refresh
// token of a generation. Neither outlives the login.
func (s *Service) sign(realm *directory.Realm, login Login, began time.Time, generation int64) (*issue, error) {
	settings, now := realm.Settings(), s.Now().Truncate(time.Second)
	claims := token.Claims{
		Issuer: settings.Issuer, Subject: login.User.UID, Audience: settings.Audiences, ClientID: clientID,
		ID: rand.Text(), SessionID: login.SessionID, Username: login.User.Name,
		IssuedAt: now, ExpiresAt: earlier(now.Add(settings.AccessTTL), login.ExpiresAt), AuthTime: began,
		Roles: realm.Subject(login.User).Grant.Roles(),
	}
	access, err := realm.Keys().Sign(token.Access, claims)
	if err != nil {
		return nil, unavailable(err)
	}
	refresh := claims
	refresh.ID, refresh.ExpiresAt, refresh.Generation = rand.Text(), login.ExpiresAt, generation
	refreshToken, err := realm.Keys().Sign(token.Refresh, refresh)
	if err != nil {
		return nil, unavailable(err)
	}
	return &issue{
		AccessToken: access, TokenType: "bearer", ExpiresIn: int64(claims.ExpiresAt.Sub(now) / time.Second),
		RefreshToken: refreshToken, sessionID: login.SessionID,
	}, nil
}

// outwait returns when a login that begins now is later than every revocation of its
// user: those count whole seconds, and the second itself belongs to them.
func (s *Service) outwait(ctx context.Context, realm *directory.Realm, user *directory.User) error {
	for {
		latest, any := realm.RevokedUserAt(user)
		wait := latest.Add(time.Second).Sub(s.Now())
		if !any || wait <= 0 {
			return nil
		}
		wait += clockMargin
		if err := pause(ctx, wait); err != nil {
			return err
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// refusedLogin counts and audits a login that failed, and returns err.
func (s *Service) refusedLogin(r *http.Request, c *call, username string, err error) error {
	f := asFailure(err)
	result, reason := "unavailable", f.code
	var try *wrongTry
	switch {
	case errors.As(err, &try) && try.locked:
		result, reason = resultLocked, resultLocked
	case f.status == http.StatusUnauthorized:
		result = "refused"
	case f.status == http.StatusTooManyRequests:
		result = "limited"
	}
	s.metrics.logins.WithLabelValues(result).Inc()
	s.audit.record(r, c, eventLoginRefused, userAttr(username), slog.String("reason", reason))
	s.auditLocks(r, c, username, try)
	return err
}

// auditLocks audits the budgets that a try used up; nil is a try that wasn't charged.
func (s *Service) auditLocks(r *http.Request, c *call, username string, try *wrongTry) {
	if try == nil {
		return
	}
	for _, l := range try.locks {
		s.audit.record(r, c, eventLoginLocked, userAttr(username), slog.String("budget", string(l.Kind)), slog.Time("until", l.Until.UTC().Truncate(time.Second)))
	}
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
