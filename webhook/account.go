package webhook

import (
	"net/http"
	"strings"
	"time"

	"github.com/latchkey-auth/latchkey/webhook/directory"
	"github.com/latchkey-auth/latchkey/webhook/page"
)

// What the account page says of what was done just before, by the parameter that it is
// come back to with. Each changes one sentence.
const (
	doneEnded   = "ended"
	doneChanged = "password_changed"
)

// account is the page that people have about themselves.
func (s *Service) account(w http.ResponseWriter, r *http.Request, realm *directory.Realm, c *call) error {
	who, done, err := s.visitor(w, r, realm, c)
	if done {
		return err
	}
	a, err := s.aboutThem(r, realm, c, who)
	if err != nil {
		return err
	}
	if has(c.query, doneEnded) {
		a.Notice = "That session has ended."
	}
	if has(c.query, doneChanged) {
		a.Notice = "Your password was changed, and all other sessions have ended."
	}
	return s.pages.Account(w, http.StatusOK, a)
}

// aboutThem is what the account page shows.
func (s *Service) aboutThem(r *http.Request, realm *directory.Realm, c *call, who caller) (page.Account, error) {
	logins, err := s.logins(r, realm, who)
	if err != nil {
		return page.Account{}, err
	}
	a := page.Account{
		Root: root(c), Username: who.user.Name, DisplayName: who.user.DisplayName, Email: who.user.Email, Roles: who.subject.Grant.Roles(),
		CanChangePassword: s.Accounts != nil, MinPasswordLength: max(1, realm.Settings().MinPasswordLength),
	}
	for _, l := range logins {
		shown := page.Session{
			ID: l.SessionID, Program: page.Program(l.UserAgent), Address: l.Address,
			StartedAt: l.StartedAt, Current: l.SessionID == who.claims.SessionID,
		}
		if l.LastUsedAt.After(l.StartedAt) { // a browser's logins aren't refreshed, so nobody knows
			shown.UsedAt = l.LastUsedAt.Truncate(time.Hour)
		}
		a.Sessions = append(a.Sessions, shown)
	}
	return a, nil
}

// signOut ends the login of the browser that asks, or all of its user's. It is dead when
// the answer is sent, and its cookie gone. Nothing else of the site is cleared from the
// browser: the host may be an app's, too.
func (s *Service) signOut(w http.ResponseWriter, r *http.Request, realm *directory.Realm, c *call) error {
	form, err := readForm(r, c.query)
	if err != nil {
		return err
	}
	who, problem := s.identifyCookie(r, realm)
	switch {
	case problem != nil && !takesHTML(r.Header):
		return problem.failure()
	case problem != nil: // it is done already
	case form[page.FieldEverywhere] != "":
		err = s.endEverywhere(r, realm, c, who)
	default:
		err = s.endCurrent(r, realm, c, who)
	}
	if err != nil {
		return err
	}
	return s.signedOut(w, realm, c)
}

// signedOut takes the cookie away and says so.
func (s *Service) signedOut(w http.ResponseWriter, realm *directory.Realm, c *call) error {
	s.clearSession(w, realm)
	return goOn(w, root(c)+"login?"+signedOut)
}

// endOnPage ends one of the visitor's logins.
func (s *Service) endOnPage(w http.ResponseWriter, r *http.Request, realm *directory.Realm, c *call) error {
	who, done, err := s.visitor(w, r, realm, c)
	if done {
		return err
	}
	if _, err := readForm(r, c.query); err != nil {
		return err
	}
	if err := s.endOwn(r, realm, c, who); err != nil {
		return err
	}
	if c.param == who.claims.SessionID {
		return s.signedOut(w, realm, c)
	}
	return goOn(w, root(c)+"account?"+doneEnded)
}

// changePasswordOnPage gives the visitor another password in exchange for the old one, ends
// all of their logins and begins a new one in this browser.
func (s *Service) changePasswordOnPage(w http.ResponseWriter, r *http.Request, realm *directory.Realm, c *call) error {
	who, done, err := s.visitor(w, r, realm, c)
	if done {
		return err
	}
	form, err := readForm(r, c.query)
	if err != nil {
		return err
	}
	old, chosen := form[page.FieldOldPassword], form[page.FieldNewPassword]
	if err := checkPasswordChange(realm, old, chosen); err != nil {
		return s.notChanged(r, realm, c, who, err)
	}
	user, fingerprint, err := s.replacePassword(r, realm, c, who.user, old, member[string]{sent: true, value: chosen})
	if err != nil {
		return s.notChanged(r, realm, c, who, err)
	}
	if _, err := s.admit(w, r, realm, c, user, fingerprint); err != nil {
		return s.changedButOutOnPage(c, s.refusedLogin(r, c, user.Name, changedButOut(err)))
	}
	return goOn(w, root(c)+"account?"+doneChanged)
}

// notChanged shows on the account page why the password stays the old one.
func (s *Service) notChanged(r *http.Request, realm *directory.Realm, c *call, who caller, err error) error {
	return &onPage{err, func(w http.ResponseWriter, f *failure) error {
		a, err := s.aboutThem(r, realm, c, who)
		if err != nil {
			return err
		}
		field, problem, _ := strings.Cut(f.description, ": ")
		switch {
		case f.status == http.StatusUnauthorized:
			a.OldProblem = "That isn't your current password."
		case f.code == codeInvalidField && field == page.FieldOldPassword:
			a.OldProblem = sentence(problem)
		case f.code == codeInvalidField && field == page.FieldNewPassword:
			a.NewProblem = sentence(problem)
		default:
			a.Problem = f.description + "."
		}
		return s.pages.Account(w, f.status, a)
	}}
}

// changedButOutOnPage says of a password that it was changed, and of nobody that they are in.
func (s *Service) changedButOutOnPage(c *call, err error) error {
	return &onPage{err, func(w http.ResponseWriter, f *failure) error {
		return s.pages.Message(w, f.status, page.Message{
			Title: "Your password was changed", Text: f.description, Link: page.Href{Text: "Sign in", URL: root(c) + "login"},
		})
	}}
}

// sentence makes one of a problem that stood behind a field's name.
func sentence(problem string) string {
	if problem == "" {
		return ""
	}
	return strings.ToUpper(problem[:1]) + problem[1:] + "."
}
