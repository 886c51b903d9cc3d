package webhook

import (
	"errors"
	"log/slog"
	"net/http"

	"github.com/latchkey-auth/latchkey/webhook/directory"
	"github.com/latchkey-auth/latchkey/webhook/refresh"
	"github.com/latchkey-auth/latchkey/webhook/token"
)

// deadRefreshToken is the one answer to a refresh token that isn't accepted, whatever is wrong with it.
var deadRefreshToken = &failure{status: http.StatusBadRequest, code: codeInvalidGrant, description: "The refresh token is not valid, or not any more: log in again"}

// refreshGrant answers a refresh token with new tokens (RFC 6749 section 6). Nothing that fails on
// the way, and no answer that gets lost, costs the login: see package refresh.
func (s *Service) refreshGrant(w http.ResponseWriter, r *http.Request, realm *directory.Realm, c *call, raw string) error {
	if raw == "" {
		return badRequest("refresh_token is missing")
	}
	of, err := s.recognise(realm, raw)
	if err != nil {
		return s.refusedRefresh(r, c, of, err)
	}
	issued, outcome, err := s.renew(r, realm, of)
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

// renew makes the tokens that follow a refresh token, once it is settled that there may be some.
func (s *Service) renew(r *http.Request, realm *directory.Realm, of renewal) (*issue, refresh.Outcome, error) {
	if realm.Keys().ActiveKeyID() == "" { // before anything is written
		return nil, refresh.Refused, unavailable(token.ErrNoActiveKey)
	}
	got, err := s.settleOnce(r.Context(), realm, of)
	switch {
	case err != nil:
		return nil, refresh.Refused, err
	case !got.decision.Accepted():
		return nil, refresh.Refused, refreshOvertaken
	}
	login := Login{SessionID: got.login.SessionID, User: of.user, ExpiresAt: got.login.ExpiresAt}
	issued, err := s.sign(realm, login, got.login.StartedAt, got.decision.Issue)
	return issued, got.decision.Outcome, err
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
