package webhook

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/latchkey-auth/latchkey/webhook/directory"
)

// sessionView is a login as its user sees it. The hour is enough to recognise a login by,
// and too little to follow somebody through the day.
type sessionView struct {
	ID         string    `json:"id"`
	StartedAt  time.Time `json:"startedAt"`
	ExpiresAt  time.Time `json:"expiresAt"`
	LastUsedAt time.Time `json:"lastUsedAt"` // to the hour
	UserAgent  string    `json:"userAgent"`
	Address    string    `json:"address"`
	Current    bool      `json:"current"`
}

// listSessions shows the caller's logins, newest first. They are read from the API
// server: no replica keeps them.
func (s *Service) listSessions(w http.ResponseWriter, r *http.Request, realm *directory.Realm, _ *call) error {
	who, err := s.require(r, realm)
	if err != nil {
		return err
	}
	logins, err := s.logins(r, realm, who)
	if err != nil {
		return err
	}
	views := make([]sessionView, 0, len(logins))
	for _, l := range logins {
		views = append(views, sessionView{
			ID: l.SessionID, StartedAt: l.StartedAt.UTC(), ExpiresAt: l.ExpiresAt.UTC(), LastUsedAt: l.LastUsedAt.UTC().Truncate(time.Hour),
			UserAgent: l.UserAgent, Address: l.Address, Current: l.SessionID == who.claims.SessionID,
		})
	}
	writeJSON(w, http.StatusOK, struct {
		Sessions []sessionView `json:"sessions"`
	}{views})
	return nil
}

// logins returns who's logins that are alive, newest first.
func (s *Service) logins(r *http.Request, realm *directory.Realm, who caller) ([]StoredLogin, error) {
	ctx, cancel := context.WithTimeout(r.Context(), storeTimeout)
	defer cancel()
	logins, err := s.Sessions.List(ctx, realm.Namespace(), who.user.UID)
	if err != nil {
		return nil, unavailable(err)
	}
	logins = slices.DeleteFunc(logins, func(l StoredLogin) bool { return !who.owns(&l, s.Now()) || l.Ending || s.dead(realm, who.user, &l) })
	slices.SortFunc(logins, func(a, b StoredLogin) int {
		return cmp.Or(b.StartedAt.Compare(a.StartedAt), cmp.Compare(a.SessionID, b.SessionID))
	})
	return logins, nil
}

// endSession ends one of the caller's logins. Somebody else's is as unknown as one that
// never was. One whose Session is being deleted is ended all the same: until the leader
// has seen it, its tokens work.
func (s *Service) endSession(w http.ResponseWriter, r *http.Request, realm *directory.Realm, c *call) error {
	who, err := s.require(r, realm)
	if err != nil {
		return err
	}
	if err := s.endOwn(r, realm, c, who); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// endOwn ends the login of who's that the path names.
func (s *Service) endOwn(r *http.Request, realm *directory.Realm, c *call, who caller) error {
	unknown := notFound("You have no such login")
	if !isName(c.param) {
		return unknown
	}
	ctx, cancel := context.WithTimeout(r.Context(), storeTimeout)
	defer cancel()
	login, err := s.Sessions.Get(ctx, realm.Namespace(), c.param)
	switch {
	case errors.Is(err, ErrNotFound):
		return unknown
	case err != nil:
		return unavailable(err)
	case !who.owns(login, s.Now()):
		return unknown
	}
	if err := s.Sessions.End(ctx, realm.Namespace(), login.SessionID, "ended by its user"); err != nil {
		return unavailable(err)
	}
	s.audit.record(r, c, eventSessionEnded, userAttr(who.user.Name), slog.String("sid", login.SessionID), slog.String("by", who.claims.SessionID))
	return nil
}

// endSessions signs the caller out everywhere, here too. The leader deletes the Sessions;
// nothing waits for that, since their tokens are dead already.
func (s *Service) endSessions(w http.ResponseWriter, r *http.Request, realm *directory.Realm, c *call) error {
	who, err := s.require(r, realm)
	if err != nil {
		return err
	}
	if err := s.endEverywhere(r, realm, c, who); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// endEverywhere ends all of who's logins.
func (s *Service) endEverywhere(r *http.Request, realm *directory.Realm, c *call, who caller) error {
	ctx, cancel := context.WithTimeout(r.Context(), storeTimeout)
	defer cancel()
	if err := s.Sessions.EndAll(ctx, realm.Namespace(), who.user, who.claims.ID, "signed out everywhere"); err != nil {
		return unavailable(err)
	}
	s.audit.record(r, c, eventSignedOut, userAttr(who.user.Name), slog.String("sid", who.claims.SessionID))
	return nil
}

// owns tells whether l is a login of the caller's that hasn't expired.
func (c caller) owns(l *StoredLogin, now time.Time) bool {
	return l.UserUID == c.user.UID && now.Before(l.ExpiresAt)
}

// dead tells whether l is revoked, as far as this replica has heard.
func (s *Service) dead(realm *directory.Realm, user *directory.User, l *StoredLogin) bool {
	return realm.Revoked("", l.SessionID, user, l.StartedAt)
}
