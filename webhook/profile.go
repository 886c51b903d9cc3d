package webhook

import (
	"net/http"

	"github.com/latchkey-auth/latchkey/webhook/directory"
)

// profile tells the caller who they are.
func (s *Service) profile(w http.ResponseWriter, r *http.Request, realm *directory.Realm, _ *call) error {
	who, err := s.require(r, realm)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, struct {
		ID       string   `json:"id"`
		Username string   `json:"username"`
		Roles    []string `json:"roles"`
	}{who.user.UID, who.user.Name, who.subject.Grant.Roles()})
	return nil
}

// userinfo tells the caller who they are, in the claims of OpenID Connect Core section
// 5.1. Nothing verified the email address, and so email_verified is not claimed.
func (s *Service) userinfo(w http.ResponseWriter, r *http.Request, realm *directory.Realm, _ *call) error {
	who, err := s.require(r, realm)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, struct {
		Subject  string   `json:"sub"`
		Username string   `json:"preferred_username"`
		Name     string   `json:"name,omitempty"`
		Email    string   `json:"email,omitempty"`
		Roles    []string `json:"roles"`
	}{who.user.UID, who.user.Name, who.user.DisplayName, who.user.Email, who.subject.Grant.Roles()})
	return nil
}
