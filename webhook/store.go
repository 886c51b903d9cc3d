package webhook

import (
	"context"
	"errors"
	"time"

	"github.com/latchkey-auth/latchkey/webhook/directory"
	"github.com/latchkey-auth/latchkey/webhook/refresh"
)

// Errors of a store, which are matched with errors.Is.
var (
	// ErrNotFound says that there is no such object.
	ErrNotFound = errors.New("not found")
	// ErrExists says that an object of that name exists.
	ErrExists = errors.New("already exists")
	// ErrConflict says that somebody else was faster; nothing was changed.
	ErrConflict = errors.New("changed at the same time")
	// ErrUnavailable says that the API server can't be reached or asked to wait; the
	// write may or may not have happened, and trying it again is safe.
	ErrUnavailable = errors.New("API server unavailable")
	// ErrNotAdmitted says that the user can't log in any more.
	ErrNotAdmitted = errors.New("user changed during the login")
)

// InvalidField says that an account can't be as asked for.
type InvalidField struct {
	Field   string // a JSON member of the users endpoint
	Problem string // what is wrong and what to write instead
}

// Error names the field and the problem.
func (e *InvalidField) Error() string { return e.Field + ": " + e.Problem }

// Refused says that admission at the API server lets nobody store an account as asked for, or not the service.
type Refused struct {
	Sentence string // what whoever refuses says, for a person
}

// Error is the sentence, and who says it.
func (e *Refused) Error() string { return "Refused at admission: " + e.Sentence }

// Login is what a Session is made of.
type Login struct {
	SessionID           string
	User                *directory.User
	ExpiresAt           time.Time
	PasswordFingerprint string
	UserAgent, Address  string
	Browser             bool // it has a cookie, which lives until ExpiresAt, instead of refresh tokens
}

// StoredLogin is a login as the API server holds it.
type StoredLogin struct {
	SessionID           string
	UserName, UserUID   string
	StartedAt           time.Time // by the API server's clock, in whole seconds
	ExpiresAt           time.Time
	PasswordFingerprint string
	UserAgent, Address  string
	LastUsedAt          time.Time // when it was last refreshed; StartedAt if it never was
	Ending              bool      // its Session is being deleted
	Version             string    // what a compare-and-swap compares
	Refresh             refresh.State
}

// Account is a user as the users endpoint takes it. Password is for creation and change
// alone; nothing returns it.
type Account struct {
	Username, DisplayName, Email string
	Roles                        []string
	Disabled                     bool
}

// sessions begins and ends logins. Each method returns when the API server has stored
// the change and this replica's directory has it too.
type sessions interface {
	// Begin stores a login and returns when it began, by the API server's clock.
	Begin(ctx context.Context, realm string, l Login) (began time.Time, err error)
	// Get reads a login from the API server, never from a cache; ErrNotFound.
	Get(ctx context.Context, realm, sessionID string) (*StoredLogin, error)
	// Advance stores next as how far l has come, if nothing about l has changed since it was
	// read: else ErrConflict, or ErrNotFound if it is gone.
	Advance(ctx context.Context, realm string, l *StoredLogin, next refresh.State) error
	// End revokes a login, whether or not its Session still exists, and then deletes
	// the Session. Doing it twice is doing it once.
	End(ctx context.Context, realm, sessionID, reason string) error
	// EndAll revokes every login of user that began until now, by the API server's clock.
	// Doing it twice for the same cause is doing it once.
	EndAll(ctx context.Context, realm string, user *directory.User, cause, reason string) error
	// List reads the logins of the user with a UID, in no order.
	List(ctx context.Context, realm, userUID string) ([]StoredLogin, error)
}

// passwords reads what a login is verified against, from the API server.
type passwords interface {
	// Hash returns the PHC string of a password Secret; ErrNotFound if there is none to
	// verify against: no Secret, one of another type, or one that isn't hashed yet.
	Hash(ctx context.Context, realm, secret string) (phc string, err error)
	// Admit returns once logins that were made with another password than fingerprint
	// names have been revoked; ErrNotAdmitted if the user is gone, another or disabled.
	Admit(ctx context.Context, realm string, user *directory.User, fingerprint string) error
}

// accounts manages users. Errors are ErrNotFound, ErrExists, ErrConflict, ErrUnavailable,
// *InvalidField and *Refused.
type accounts interface {
	Create(ctx context.Context, realm string, a Account, passwordHash string) (*directory.User, error)
	Get(ctx context.Context, realm, name string) (*directory.User, error)
	// List returns at most limit users, and where to continue ("" at the end).
	List(ctx context.Context, realm string, limit int64, from string) (users []*directory.User, next string, err error)
	// Change applies change to the current account and stores it; passwordHash "" keeps
	// the password.
	Change(ctx context.Context, realm, name string, change func(*Account), passwordHash string) (*directory.User, error)
	Delete(ctx context.Context, realm, name string) error
	// ReplacePassword gives user, as the caller knows them, another password and ends
	// their logins; ErrConflict if somebody else gave them one meanwhile.
	ReplacePassword(ctx context.Context, realm string, user *directory.User, passwordHash string) error
}
