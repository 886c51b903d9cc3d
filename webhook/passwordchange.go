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
		unchanged := func(a *Account) error { return mayTakeOver(realm, a) }
		_, err := s.Accounts.Change(ctx, realm.Namespace(), c.param, unchanged, hash)
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
	user, fingerprint, err := s.replacePassword(r, realm, c, who.user, old, sent)
	if err != nil {
		return err
	}
	issued, err := s.begin(r, realm, user, fingerprint)
	if err != nil {
		return s.refusedLogin(r, c, user.Name, changedButOut(err))
	}
	s.metrics.logins.WithLabelValues("ok").Inc()
	s.audit.record(r, c, eventLogin, userAttr(user.Name), slog.String("sid", issued.sessionID))
	writeJSON(w, http.StatusOK, issued)
	return nil
}

// replacePassword gives who another password in exchange for the old one and ends all of
// their logins. It returns what a new one begins with.
func (s *Service) replacePassword(r *http.Request, realm *directory.Realm, c *call, who *directory.User, old string, sent member[string]) (*directory.User, string, error) {
	user, _, err := s.authenticate(r, realm, who.Name, old)
	if err == nil && user.UID != who.UID { // deleted and made again meanwhile
		err = wrongCredentials
	}
	if err == nil {
		err = s.limited(realm, user)
	}
	if err != nil {
		return nil, "", s.refusedLogin(r, c, who.Name, err)
	}
	hash, err := s.hash(r, realm, "newPassword", sent)
	if err != nil {
		return nil, "", err
	}
	ctx, cancel := context.WithTimeout(r.Context(), storeTimeout)
	defer cancel()
	if err := s.Accounts.ReplacePassword(ctx, realm.Namespace(), user, hash); err != nil {
		return nil, "", accountFailure(err)
	}
	s.audit.record(r, c, eventPasswordChanged, userAttr(user.Name), slog.String("by", user.Name))
	return user, password.Fingerprint(hash), nil
}

// readPasswordChange reads {oldPassword, newPassword}.
func readPasswordChange(r *http.Request, realm *directory.Realm) (old string, sent member[string], err error) {
	var body struct {
		Old member[string] `json:"oldPassword"`
		New member[string] `json:"newPassword"`
	}
	if err := readJSON(r, &body, "application/json"); err != nil {
		return "", member[string]{}, err
	}
	return body.Old.value, body.New, checkPasswordChange(realm, body.Old.value, body.New.value)
}

// checkPasswordChange judges the new password, which says nothing of the old: nobody should
// have to type both again for a rule they didn't know.
func checkPasswordChange(realm *directory.Realm, old, chosen string) error {
	if old == "" {
		return invalidField("oldPassword", "it is required")
	}
	if err := password.CheckNew(chosen, realm.Settings().MinPasswordLength); err != nil {
		return invalidField("newPassword", err.Error())
	}
	if chosen == old {
		return invalidField("newPassword", "choose another password than the old one")
	}
	return nil
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
