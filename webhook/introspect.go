package webhook

import (
	"net/http"
	"slices"
	"strings"

	"github.com/latchkey-auth/latchkey/webhook/directory"
	"github.com/latchkey-auth/latchkey/webhook/token"
)

// inactive is the whole answer to a token that isn't live: why is nobody's business.
type inactive struct {
	Active bool `json:"active"`
}

// introspection describes a live access token (RFC 7662 section 2.2). Roles are those of
// this moment, not those in the token.
type introspection struct {
	Active    bool     `json:"active"`
	TokenType string   `json:"token_type"`
	ClientID  string   `json:"client_id"`
	Username  string   `json:"username"`
	Subject   string   `json:"sub"`
	Issuer    string   `json:"iss"`
	Audience  []string `json:"aud"`
	ExpiresAt int64    `json:"exp"`
	IssuedAt  int64    `json:"iat"`
	ID        string   `json:"jti"`
	SessionID string   `json:"sid"`
	AuthTime  int64    `json:"auth_time"`
	Roles     []string `json:"roles"`
}

// introspect tells an app whether an access token counts now, and what it says. Like
// /check it asks memory alone.
func (s *Service) introspect(w http.ResponseWriter, r *http.Request, realm *directory.Realm, c *call) error {
	if err := s.mayIntrospect(r, realm); err != nil {
		return err
	}
	form, err := readForm(r, c.query)
	if err != nil {
		return err
	}
	raw := form["token"]
	if raw == "" {
		return badRequest("token is missing")
	}
	who, problem := s.judge(realm, raw, token.Access)
	s.metrics.introspections[problem == nil].Inc()
	if problem != nil {
		writeJSON(w, http.StatusOK, inactive{})
		return nil
	}
	writeJSON(w, http.StatusOK, introspection{
		Active: true, TokenType: "bearer", ClientID: who.claims.ClientID, Username: who.user.Name,
		Subject: who.claims.Subject, Issuer: who.claims.Issuer, Audience: who.claims.Audience,
		ExpiresAt: who.claims.ExpiresAt.Unix(), IssuedAt: who.claims.IssuedAt.Unix(), AuthTime: who.claims.AuthTime.Unix(),
		ID: who.claims.ID, SessionID: who.claims.SessionID, Roles: slices.Concat([]string{}, who.subject.Grant.Roles()),
	})
	return nil
}

// mayIntrospect refuses callers who hold neither the realm's introspectionRole nor its adminRole.
func (s *Service) mayIntrospect(r *http.Request, realm *directory.Realm) error {
	who, err := s.require(r, realm)
	if err != nil {
		return err
	}
	settings := realm.Settings()
	if who.holds(realm, settings.IntrospectionRole) || who.holds(realm, settings.AdminRole) {
		return nil
	}
	named := slices.DeleteFunc([]string{settings.IntrospectionRole, settings.AdminRole}, func(role string) bool { return role == "" })
	return forbidden(reasonRoleMissing, "User does not have "+strings.Join(named, " or ")+" role")
}
