package webhook

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/latchkey-auth/latchkey/webhook/directory"
	"github.com/latchkey-auth/latchkey/webhook/token"
)

// logout ends the caller's login. It is dead on every path through this replica when
// the answer is sent, and on the others as soon as they hear of it.
func (s *Service) logout(w http.ResponseWriter, r *http.Request, realm *directory.Realm, c *call) error {
	who, err := s.require(r, realm)
	if err != nil {
		return err
	}
	if err := s.endCurrent(r, realm, c, who); err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, struct {
		Message string `json:"message"`
	}{"Successfully logged out"})
	return nil
}

// endCurrent ends the login that who comes from.
func (s *Service) endCurrent(r *http.Request, realm *directory.Realm, c *call, who caller) error {
	if err := s.end(r, realm, who.claims, storeTimeout, "logged out"); err != nil {
		return err
	}
	s.audit.record(r, c, eventLogout, userAttr(who.user.Name), slog.String("sid", who.claims.SessionID))
	return nil
}

// revoke ends the login that a token belongs to (RFC 7009). An unknown token is a
// success: there is nothing left to revoke, and nothing to learn.
func (s *Service) revoke(w http.ResponseWriter, r *http.Request, realm *directory.Realm, c *call) error {
	form, err := readForm(r, c.query)
	if err != nil {
		return err
	}
	raw := form["token"]
	if raw == "" {
		return badRequest("token is missing")
	}
	if claims := s.ours(realm, raw); claims != nil {
		if err := s.end(r, realm, claims, storeTimeout, "token revoked"); err != nil {
			return err
		}
		s.audit.record(r, c, eventRevoked, userAttr(claims.Username), slog.String("sid", claims.SessionID))
	}
	writeJSON(w, http.StatusOK, struct{}{})
	return nil
}

// ours returns the claims of an access or refresh token of this realm that isn't revoked
// yet; nil for all else. Only such a token causes a write.
func (s *Service) ours(realm *directory.Realm, raw string) *token.Claims {
	settings := realm.Settings()
	for _, t := range []token.Type{token.Access, token.Refresh} {
		claims, err := realm.Keys().Verify(raw, token.Expect{Type: t, Issuer: settings.Issuer, Audiences: settings.Audiences}, s.Now())
		if err != nil {
			continue
		}
		// The tokens of a user who is gone are dead already; nil is revoked.
		if realm.Revoked(claims.ID, claims.SessionID, realm.User(claims.Username), claims.AuthTime) {
			return nil
		}
		return claims
	}
	return nil
}

// end stores the revocation of a login within a time.
func (s *Service) end(r *http.Request, realm *directory.Realm, claims *token.Claims, within time.Duration, reason string) error {
	ctx, cancel := context.WithTimeout(r.Context(), within)
	defer cancel()
	if err := s.Sessions.End(ctx, realm.Namespace(), claims.SessionID, reason); err != nil {
		return unavailable(err)
	}
	return nil
}
