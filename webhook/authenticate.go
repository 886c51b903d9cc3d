package webhook

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/latchkey-auth/latchkey/webhook/directory"
	"github.com/latchkey-auth/latchkey/webhook/password"
)

// wrongCredentials is the one answer to an unknown, wrong, disabled or unset password.
// The status is this product's contract, not RFC 6749's 400.
var wrongCredentials = &failure{status: http.StatusUnauthorized, code: codeInvalidGrant, description: "Invalid credentials"}

// noSuchSecret is read where there is no Secret to read, so that an unknown user costs
// the same round trip as a known one. No object can have this name.
const noSuchSecret = "latchkey..no-such-user"

// authenticate returns the user whose password this is. Whatever is wrong, it does the
// same work: one read from the API server and one verification. Logins queue before the
// read, so that a flood reaches neither the API server nor the hashing.
func (s *Service) authenticate(r *http.Request, realm *directory.Realm, username, secret string) (*directory.User, string, error) {
	user := realm.User(username)
	usable := user != nil && user.Active() && user.PasswordSecret != ""
	name := noSuchSecret
	if usable {
		name = user.PasswordSecret
	}
	var phc string
	var matches bool
	var readErr, hashBusy error
	source := clientAddress(r)
	busy := s.Logins.Do(r.Context(), source, func() {
		ctx, cancel := context.WithTimeout(r.Context(), storeTimeout)
		defer cancel()
		phc, readErr = s.Passwords.Hash(ctx, realm.Namespace(), name)
		if readErr != nil && !errors.Is(readErr, ErrNotFound) {
			return
		}
		hash, err := password.Parse(phc)
		if err != nil || readErr != nil || !usable {
			hash = s.dummy
		}
		hashBusy = s.Hashing.Do(r.Context(), source, func() { matches = hash.Verify(secret) })
	})
	busy = cmp.Or(busy, hashBusy)
	switch {
	case errors.Is(busy, password.ErrBusy):
		return nil, "", tooMany("Too many logins at once: try again in a moment", time.Second)
	case busy != nil:
		return nil, "", unavailable(busy)
	case readErr != nil && !errors.Is(readErr, ErrNotFound):
		return nil, "", unavailable(readErr)
	case !matches:
		return nil, "", wrongCredentials
	}
	return user, password.Fingerprint(phc), nil
}

// limited bounds successful logins per user, since each leaves an object in etcd.
func (s *Service) limited(realm *directory.Realm, user *directory.User) error {
	if wait := s.quota.take(user.UID, realm.Settings().MaxLoginsPerHour, s.Now()); wait > 0 {
		return tooMany("This user logs in too often: keep and reuse the token", wait)
	}
	return nil
}
