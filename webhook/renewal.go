package webhook

import (
	"context"
	"errors"

	"github.com/latchkey-auth/latchkey/webhook/directory"
	"github.com/latchkey-auth/latchkey/webhook/password"
	"github.com/latchkey-auth/latchkey/webhook/refresh"
	"github.com/latchkey-auth/latchkey/webhook/token"
)

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

// settled is what a renewal came to.
type settled struct {
	login    *StoredLogin
	decision refresh.Decision
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

// settleOnce settles a renewal. Requests that come with one token while it is being settled share
// what it comes to, as they would by presenting it again: a herd costs the API server no more than one
// request, and its deadline holds. Nobody who goes away takes the others' answer with them.
func (s *Service) settleOnce(ctx context.Context, realm *directory.Realm, of renewal) (settled, error) {
	first := false
	shared, err, _ := s.renewals.Do(realm.Namespace()+"/"+of.claims.ID, func() (any, error) {
		first = true
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
		defer cancel()
		return s.settle(ctx, realm, of)
	})
	got, _ := shared.(settled)
	if !first && got.decision.Outcome == refresh.Advance {
		got.decision.Outcome = refresh.Repeat
	}
	return got, err
}

// settle decides by what the API server holds now, and stores that the chain has come further. If
// another request does so first, it decides again, until ctx ends.
func (s *Service) settle(ctx context.Context, realm *directory.Realm, of renewal) (settled, error) {
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
			return settled{login, d}, nil
		}
	}
	return settled{}, err
}

// standing returns the login of a refresh token, if it is still what it was when it began: there, of
// that user, with that password. Session and password are read at the same time.
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
