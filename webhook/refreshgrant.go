package webhook

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"github.com/latchkey-auth/latchkey/webhook/directory"
	"github.com/latchkey-auth/latchkey/webhook/password"
	"github.com/latchkey-auth/latchkey/webhook/refresh"
	"github.com/latchkey-auth/latchkey/webhook/token"
)

// deadRefreshToken is the one answer to a refresh token that isn't accepted, whatever is wrong with it.
var deadRefreshToken = &failure{status: http.StatusBadRequest, code: codeInvalidGrant, description: "The refresh token is not valid, or not any more: log in again"}

// noRefresh is why a refresh token isn't accepted: for the audit line, since clients get one sentence.
type noRefresh string

func (n noRefresh) Error() string { return "refresh refused: " + string(n) }

// Every reason for it.
const (
	refreshForged          noRefresh = "token_invalid" // or expired, another realm's, of another type
	refreshUserGone        noRefresh = "user_gone"     // deleted, another of that name, disabled
	refreshRevoked         noRefresh = "token_revoked"
	refreshLoginGone       noRefresh = "login_gone" // ended, expired, another one's
	refreshPasswordChanged noRefresh = "password_changed"
	refreshOvertaken       noRefresh = "token_overtaken" // or of a generation that nobody was given
	refreshReused          noRefresh = "token_reused"    // overtaken for longer than the leeway: the login was ended
)

// renewal is a refresh token that is ours, and whose it is. A token that isn't leaves it empty.
type renewal struct {
	claims    token.Claims
	user      *directory.User
	presented refresh.Presented
}

// refreshGrant answers a refresh token with new tokens (RFC 6749 section 6). Nothing that fails on
// the way, and no answer that gets lost, costs the login: see package refresh.
func (s *Service) refreshGrant(w http.ResponseWriter, r *http.Request, realm *directory.Realm, c *call, raw string) error {
	if raw == "" {
		return badRequest("refresh_token is missing")
	}
	ctx, cancel := context.WithTimeout(r.Context(), storeTimeout)
	defer cancel()
	of, err := s.recognise(realm, raw)
	if err != nil {
		return s.refusedRefresh(r, c, of, err)
	}
	issued, outcome, err := s.renew(ctx, realm, of)
	if err != nil {
		return s.refusedRefresh(r, c, of, err)
	}
	result, event := "ok", eventRefreshed
	switch outcome {
	case refresh.Repeat:
		result = "repeated"
	case refresh.Sibling:
		result, event = "sibling", eventRefreshSibling
	}
	s.metrics.refreshes.WithLabelValues(result).Inc()
	s.audit.record(r, c, event, of.attrs()...)
	writeJSON(w, http.StatusOK, issued)
	return nil
}

// recognise finds whose refresh token this is, in memory: what is forged never reaches the API server.
func (s *Service) recognise(realm *directory.Realm, raw string) (renewal, error) {
	now := s.Now()
	claims, err := realm.Keys().Verify(raw, token.Expect{Type: token.Refresh, Issuer: realm.Settings().Issuer}, now)
	if err != nil {
		return renewal{}, refreshForged
	}
	of := renewal{
		claims: *claims, user: realm.User(claims.Username),
		presented: refresh.Presented{Generation: claims.Generation, TokenID: claims.ID, Arrived: now},
	}
	switch {
	case of.user == nil || of.user.UID != claims.Subject || !of.user.Active():
		return of, refreshUserGone
	case realm.Revoked(claims.ID, claims.SessionID, of.user, claims.AuthTime):
		return of, refreshRevoked
	}
	return of, nil
}

// renew decides by what the API server holds now, stores that the chain has come further, and makes
// the next tokens. Whoever is overtaken by another request on the way decides again, until ctx ends.
func (s *Service) renew(ctx context.Context, realm *directory.Realm, of renewal) (*issue, refresh.Outcome, error) {
	if realm.Keys().ActiveKeyID() == "" { // before anything is written
		return nil, refresh.Refused, unavailable(token.ErrNoActiveKey)
	}
	login, err := s.standing(ctx, realm, of)
	for err == nil {
		d := refresh.Decide(login.Refresh, of.presented, realm.Settings().RefreshLeeway, s.Now())
		switch d.Outcome {
		case refresh.Advance:
			err = s.Sessions.Advance(ctx, realm.Namespace(), login, d.Next)
		case refresh.Repeat, refresh.Sibling:
		case refresh.Reuse:
			err = s.endReused(ctx, realm, of)
		default:
			err = refreshOvertaken
		}
		switch {
		case errors.Is(err, ErrConflict):
			login, err = s.session(ctx, realm, of)
		case errors.Is(err, ErrNotFound):
			err = refreshLoginGone
		case err == nil:
			issued, err := s.sign(realm, Login{SessionID: login.SessionID, User: of.user, ExpiresAt: login.ExpiresAt}, login.StartedAt, d.Issue)
			return issued, d.Outcome, err
		}
	}
	return nil, refresh.Refused, err
}

// standing returns the login of a refresh token, if it is still what it was when it began: there, of
// that user, with that password. Session and password are read at once.
func (s *Service) standing(ctx context.Context, realm *directory.Realm, of renewal) (*StoredLogin, error) {
	if of.user.PasswordSecret == "" {
		return nil, refreshPasswordChanged
	}
	type secret struct {
		phc string
		err error
	}
	read := make(chan secret, 1)
	go func() {
		phc, err := s.Passwords.Hash(ctx, realm.Namespace(), of.user.PasswordSecret)
		read <- secret{phc, err}
	}()
	login, err := s.session(ctx, realm, of)
	if err != nil {
		return nil, err
	}
	now := <-read
	switch {
	case errors.Is(now.err, ErrNotFound):
		return nil, refreshPasswordChanged
	case now.err != nil:
		return nil, unavailable(now.err)
	case password.Fingerprint(now.phc) != login.PasswordFingerprint:
		return nil, refreshPasswordChanged
	}
	return login, nil
}

// session reads the login of a refresh token.
func (s *Service) session(ctx context.Context, realm *directory.Realm, of renewal) (*StoredLogin, error) {
	login, err := s.Sessions.Get(ctx, realm.Namespace(), of.claims.SessionID)
	switch {
	case errors.Is(err, ErrNotFound):
		return nil, refreshLoginGone
	case err != nil:
		return nil, unavailable(err)
	case login.Ending, login.UserUID != of.user.UID, !login.StartedAt.Equal(of.claims.AuthTime), !s.Now().Before(login.ExpiresAt):
		return nil, refreshLoginGone
	}
	return login, nil
}

// endReused ends the login of an overtaken token, and returns that as the reason for the refusal:
// it isn't said before it is done.
func (s *Service) endReused(ctx context.Context, realm *directory.Realm, of renewal) error {
	if err := s.Sessions.End(ctx, realm.Namespace(), of.claims.SessionID, "refresh token reused"); err != nil {
		return unavailable(err)
	}
	return refreshReused
}

// refusedRefresh counts and audits a refresh that failed, and returns what to answer.
func (s *Service) refusedRefresh(r *http.Request, c *call, of renewal, err error) error {
	var why noRefresh
	refused := errors.As(err, &why)
	result, event, reason := "refused", eventRefreshRefused, string(why)
	switch {
	case !refused:
		result, reason = "unavailable", asFailure(err).code
	case why == refreshReused:
		result, event = "reused", eventRefreshReused
	}
	s.metrics.refreshes.WithLabelValues(result).Inc()
	s.audit.record(r, c, event, append(of.attrs(), slog.String("reason", reason))...)
	if refused {
		return deadRefreshToken
	}
	return err
}

// attrs says in an audit line which token this is about.
func (of renewal) attrs() []slog.Attr {
	return []slog.Attr{userAttr(of.claims.Username), slog.String("sid", of.claims.SessionID), slog.Int64("generation", of.claims.Generation)}
}
