package webhook

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"github.com/latchkey-auth/latchkey/webhook/directory"
	"github.com/latchkey-auth/latchkey/webhook/password"
)

// setPassword gives a user another password, by an administrator. Every login of that
// user is dead on this replica when the answer is sent.
func (s *Service) setPassword(w http.ResponseWriter, r *http.Request, realm *directory.Realm, c *call) error {
	admin, err := s.administrator(r, realm)
	if err != nil {
		return err
	}
	var body struct {
		Password member[string] `json:"password"`
	}
	if err := readJSON(r, &body, "application/json"); err != nil {
		return err
	}
	if !body.Password.sent {
		return invalidField("password", "it is required")
	}
	hash, err := s.hash(r, realm, "password", body.Password)
	if err != nil {
		return err
	}
	return s.withUser(w, r, c, http.StatusNoContent, func(ctx context.Context) (*directory.User, error) {
		_, err := s.Accounts.Change(ctx, realm.Namespace(), c.param, func(*Account) {}, hash)
		if err == nil {
			s.audit.record(r, c, eventPasswordChanged, userAttr(c.param), slog.String("by", admin.user.Name))
		}
		return nil, err
	})
}

// changePassword gives the caller another password in exchange for the old one, ends all
// of their logins and begins a new one.
func (s *Service) changePassword(w http.ResponseWriter, r *http.Request, realm *directory.Realm, c *call) error {
	who, err := s.require(r, realm)
	if err != nil {
		return err
	}
	old, sent, err := readPasswordChange(r, realm)
	if err != nil {
		return err
	}
	user, _, err := s.authenticate(r, realm, who.user.Name, old)
	if err == nil && user.UID != who.user.UID { // deleted and made again meanwhile
		err = wrongCredentials
	}
	if err == nil {
		err = s.limited(realm, user)
	}
	if err != nil {
		return s.refusedLogin(r, c, who.user.Name, err)
	}
	hash, err := s.hash(r, realm, "newPassword", sent)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), storeTimeout)
	defer cancel()
	if err := s.Accounts.ReplacePassword(ctx, realm.Namespace(), user, hash); err != nil {
		return accountFailure(err)
	}
	s.audit.record(r, c, eventPasswordChanged, userAttr(user.Name), slog.String("by", user.Name))
	issued, err := s.begin(r, realm, user, password.Fingerprint(hash))
	if err != nil {
		return s.refusedLogin(r, c, user.Name, changedButOut(err))
	}
	s.metrics.logins.WithLabelValues("ok").Inc()
	s.audit.record(r, c, eventLogin, userAttr(user.Name), slog.String("sid", issued.sessionID))
	writeJSON(w, http.StatusOK, issued)
	return nil
}

// readPasswordChange reads {oldPassword, newPassword} and judges the new one, which says
// nothing of the old: nobody should have to type both again for a rule they didn't know.
func readPasswordChange(r *http.Request, realm *directory.Realm) (old string, sent member[string], err error) {
	var body struct {
		Old member[string] `json:"oldPassword"`
		New member[string] `json:"newPassword"`
	}
	if err := readJSON(r, &body, "application/json"); err != nil {
		return "", member[string]{}, err
	}
	if body.Old.value == "" {
		return "", member[string]{}, invalidField("oldPassword", "it is required")
	}
	if err := password.CheckNew(body.New.value, realm.Settings().MinPasswordLength); err != nil {
		return "", member[string]{}, invalidField("newPassword", err.Error())
	}
	if body.New.value == body.Old.value {
		return "", member[string]{}, invalidField("newPassword", "choose another password than the old one")
	}
	return body.Old.value, body.New, nil
}

// changedButOut says of a login that couldn't begin that the password is the new one.
func changedButOut(err error) error {
	var f *failure
	if !errors.As(err, &f) || f.status != http.StatusServiceUnavailable {
		return err
	}
	said := *f
	said.description = "The password was changed, but no new login could begin: log in with the new password"
	return &said
}
