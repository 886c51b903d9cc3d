package webhook

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/latchkey-auth/latchkey/webhook/directory"
	"github.com/latchkey-auth/latchkey/webhook/page"
)

// replaceTimeout bounds what a new login waits for the end of the one that it replaces: its
// answer must not come too late.
const replaceTimeout = 2 * time.Second

// signedOut is the parameter by which the login page knows that somebody has just signed
// out. It changes one sentence, and only for somebody who isn't signed in.
const signedOut = "signed_out"

// showLogin is the login page. Whoever is signed in already is told so and may go on; they
// aren't sent on, because an app that sent them here for want of rights would send them back.
func (s *Service) showLogin(w http.ResponseWriter, r *http.Request, realm *directory.Realm, c *call) error {
	rd, ok := parameter(c.query, page.FieldBack)
	if !ok {
		rd = malformedBack
	}
	back, err := s.destination(realm, c, rd)
	if err != nil {
		return err
	}
	l := page.Login{Root: root(c), Back: back, Probe: true}
	who, problem := s.identifyCookie(r, realm)
	switch {
	case problem == nil:
		l.SignedIn = who.called()
	case has(c.query, signedOut):
		l.Notice = "You have signed out."
	case problem == tokenExpired:
		l.Notice = "Your session has expired. Sign in again."
	case problem == tokenRevoked, problem == userGone:
		l.Notice = "Your session has ended. Sign in again."
	}
	if host := s.outside(realm); host != "" {
		l.Problem = "You won't stay signed in: this page is at " + host + ", outside of the realm's Realm.spec.sessions.cookieDomain " +
			realm.Settings().CookieDomain + ", and browsers drop such a cookie."
	}
	setProbe(w)
	return s.pages.Login(w, http.StatusOK, l)
}

// logIn begins a login from the login page's form.
func (s *Service) logIn(w http.ResponseWriter, r *http.Request, realm *directory.Realm, c *call) error {
	form, err := readForm(r, c.query)
	if err != nil {
		return err
	}
	back, err := s.destination(realm, c, form[page.FieldBack])
	if err != nil {
		return err
	}
	l := page.Login{Root: root(c), Back: back, Username: form[page.FieldUsername], Probe: form[page.FieldProbe] != ""}
	if _, kept := cookie(r.Header, probeCookie); l.Probe && !kept {
		return s.cookiesBlocked(c)
	}
	if form[page.FieldUsername] == "" || form[page.FieldPassword] == "" {
		return s.again(realm, l, badRequest("Type your user name and your password"))
	}
	if err := s.enter(w, r, realm, c, form[page.FieldUsername], form[page.FieldPassword]); err != nil {
		return s.again(realm, l, s.refusedLogin(r, c, form[page.FieldUsername], err))
	}
	if back == "" {
		back = root(c) + "account"
	}
	return goOn(w, back)
}

// enter begins a browser's login with a password, and gives it its cookies. A login that the
// browser had before is ended: nobody would ever see or end it again from there. That comes
// last, and may fail, because otherwise a person could lose the one without getting the
// other; the log says so then, and the account page still lists it.
func (s *Service) enter(w http.ResponseWriter, r *http.Request, realm *directory.Realm, c *call, username, secret string) error {
	user, fingerprint, err := s.authenticate(r, realm, username, secret)
	if err == nil {
		err = s.limited(realm, user)
	}
	if err != nil {
		return err
	}
	before, _ := s.identifyCookie(r, realm)
	sid, err := s.admit(w, r, realm, c, user, fingerprint)
	if err != nil || before.user == nil {
		return err
	}
	if err := s.end(r, realm, before.claims, replaceTimeout, "replaced by another login"); err != nil {
		s.Log.Info("replaced login not ended", "request", c.requestID(r), "realm", c.realm, "sid", before.sessionID(), "error", asFailure(err).cause)
		return nil
	}
	s.audit.record(r, c, eventSessionEnded, userAttr(before.user.Name), slog.String("sid", before.sessionID()), slog.String("by", sid))
	return nil
}

// admit begins a browser's login of somebody whose password was right.
func (s *Service) admit(w http.ResponseWriter, r *http.Request, realm *directory.Realm, c *call, user *directory.User, fingerprint string) (sid string, err error) {
	claims, raw, err := s.beginBrowser(r, realm, user, fingerprint)
	if err != nil {
		return "", err
	}
	s.setSession(w, realm, raw, claims.ExpiresAt)
	s.setDevice(w, r, realm, user)
	s.metrics.logins.WithLabelValues("ok").Inc()
	s.audit.record(r, c, eventLogin, userAttr(user.Name), slog.String("sid", claims.SessionID))
	return claims.SessionID, nil
}

// again shows the login page with what went wrong. Of wrong credentials it says nothing but
// that, and the same bytes whatever is wrong with them.
func (s *Service) again(realm *directory.Realm, l page.Login, err error) error {
	return &onPage{err, func(w http.ResponseWriter, f *failure) error {
		l.Problem, l.Wrong = f.description+".", f.status == http.StatusUnauthorized
		if l.Wrong {
			l.Problem, l.Hint = "The user name or the password is wrong.", lockHint(realm.Settings())
		}
		return s.pages.Login(w, f.status, l)
	}}
}

// cookiesBlocked is the answer to a form whose page set a cookie that didn't come along.
func (s *Service) cookiesBlocked(c *call) error {
	m := page.Message{
		Title: "Your browser doesn't keep cookies",
		Text:  "Without a cookie you can't stay signed in, so your password wasn't looked at",
		Details: []string{
			"Allow cookies for this site, and open this page by https: over plain http, browsers don't keep its cookie.",
		},
		Link: page.Href{Text: "Try again", URL: root(c) + "login"},
	}
	return &onPage{badRequest("The browser doesn't keep cookies for this site: allow them, and open the page by https"), func(w http.ResponseWriter, f *failure) error {
		return s.pages.Message(w, f.status, m)
	}}
}

// called is what to call a person who is known: by the name that they log in with, since a
// display name may be anybody's.
func (c caller) called() string {
	if c.user.DisplayName == "" {
		return c.user.Name
	}
	return c.user.DisplayName + " (" + c.user.Name + ")"
}
