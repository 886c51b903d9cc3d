package webhook

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/latchkey-auth/latchkey/webhook/directory"
	"github.com/latchkey-auth/latchkey/webhook/lockout"
	"github.com/latchkey-auth/latchkey/webhook/password"
	"github.com/latchkey-auth/latchkey/webhook/token"
)

// wrongCredentials is the one answer to an unknown, wrong, disabled or unset password.
// The status is this product's contract, not RFC 6749's 400.
var wrongCredentials = &failure{status: http.StatusUnauthorized, code: codeInvalidGrant, description: "Invalid credentials"}

// noSuchSecret is read where there is no Secret to read, so that an unknown user costs
// the same round trip as a known one. No object can have this name.
const noSuchSecret = "latchkey..no-such-user"

// resultLocked is what logs and metrics call a try that a locked budget refused. The
// client never hears of it.
const resultLocked = "locked"

// wrongTry is wrongCredentials and what the audit log has to know beside it.
type wrongTry struct {
	locked bool           // a budget refused the try, right or wrong
	locks  []lockout.Lock // the budgets that this try used up
}

func (*wrongTry) Error() string { return wrongCredentials.Error() }
func (*wrongTry) Unwrap() error { return wrongCredentials }

// authenticate returns the user whose password this is. Whatever is wrong, it does the
// same work: one read from the API server and one verification. Logins queue before the
// read, so that a flood reaches neither the API server nor the hashing. Wrong tries use
// up budgets, and a locked one refuses even the right password; what verifies a password
// elsewhere than by compare and charge would be a way round them.
func (s *Service) authenticate(r *http.Request, realm *directory.Realm, username, secret string) (*directory.User, string, error) {
	user := realm.User(username)
	device := s.device(r, realm)
	source := s.source(r)
	var compared comparison
	var err error
	busy := s.Logins.Do(r.Context(), source, func() {
		compared, err = s.compare(r.Context(), realm, user, secret, func(work func()) error {
			return s.Hashing.Do(r.Context(), source, work)
		})
	})
	err = cmp.Or(busy, err)
	switch {
	case errors.Is(err, password.ErrBusy):
		return nil, "", tooMany("Too many logins at once: try again in a moment", time.Second)
	case err != nil:
		return nil, "", unavailable(err)
	case !compared.judged: // nobody has this password, so that there is nothing to guess
		return nil, "", wrongCredentials
	}
	if err := s.charge(r, realm, user, device, compared.matches); err != nil {
		return nil, "", err
	}
	return user, compared.fingerprint, nil
}

// comparison is what a password came to. The zero comparison says that it is nobody's.
type comparison struct {
	judged      bool // there is a hash to hold it against
	matches     bool
	fingerprint string // of that hash
}

// compare holds a password against the live hash of user, or of nobody where there is none
// that counts, at the same cost. Hashing is done within hash, whose errors it returns, as it
// does those of reading.
func (s *Service) compare(ctx context.Context, realm *directory.Realm, user *directory.User, secret string, hash func(work func()) error) (comparison, error) {
	usable := user != nil && user.Active() && user.PasswordSecret != ""
	name := noSuchSecret
	if usable {
		name = user.PasswordSecret
	}
	reading, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	phc, err := s.Passwords.Hash(reading, realm.Namespace(), name)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return comparison{}, err
	}
	stored, unparsable := password.Parse(phc)
	c := comparison{judged: err == nil && unparsable == nil && usable, fingerprint: password.Fingerprint(phc)}
	if !c.judged {
		stored = s.dummy
	}
	err = hash(func() { c.matches = stored.Verify(secret) })
	return c, err
}

// charge holds a try against the budgets of its user: nil if it is the right password and
// none of them is locked.
func (s *Service) charge(r *http.Request, realm *directory.Realm, user *directory.User, device *token.Claims, right bool) error {
	try := lockout.Try{Realm: realm.Namespace(), User: user.UID, Network: lockout.NetworkOf(s.proxies.client(r))}
	if device != nil && device.Subject == user.UID {
		try.Device = device.ID
	}
	settings := realm.Settings()
	rules := lockout.Rules{Failures: settings.LockoutFailures, Window: settings.LockoutWindow, Duration: settings.LockoutDuration}
	outcome, locks := s.budgets.Judge(try, rules, right, s.Now())
	if outcome == lockout.Right {
		return nil
	}
	return &wrongTry{locked: outcome == lockout.Refused, locks: locks}
}

// limited bounds successful logins per user, since each leaves an object in etcd.
func (s *Service) limited(realm *directory.Realm, user *directory.User) error {
	if wait := s.quota.take(user.UID, realm.Settings().MaxLoginsPerHour, s.Now()); wait > 0 {
		return tooMany("This user logs in too often: keep and reuse the token", wait)
	}
	return nil
}
