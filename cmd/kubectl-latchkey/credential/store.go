package credential

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// Token is an access or refresh token. It prints as [redacted].
type Token string

// Format prints [redacted], whatever the verb.
func (Token) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[redacted]") }

// Kept is what is kept of a login.
type Kept struct {
	Login
	// Access is good until Expires, unless somebody ends the login before.
	Access  Token     `json:"accessToken"`
	Expires time.Time `json:"expires"`
	// Refresh gets the next pair.
	Refresh Token `json:"refreshToken"`
}

// Store is a folder of logins, one file each, that only their owner can read.
type Store struct{ folder string }

// NewStore returns the Store in folder, which need not exist.
func NewStore(folder string) Store { return Store{folder} }

const (
	// lockPatience is how long a command waits for another one that uses the same login.
	lockPatience = time.Minute
	lockPoll     = 20 * time.Millisecond
)

// held is one login that nobody else uses at the moment: a refresh token that two commands present, or
// an older one that overwrites a newer, could end the login as stolen.
type held struct {
	login Login
	file  string
	lock  *flock.Flock
}

// hold waits until nobody else uses l. The file that is locked stays: one that is removed could be held by two.
func (s Store) hold(ctx context.Context, l Login) (*held, error) {
	if err := s.private(); err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(l.Server + "\x00" + l.Realm + "\x00" + l.User))
	file := filepath.Join(s.folder, hex.EncodeToString(sum[:16]))
	lock := flock.New(file+".lock", flock.SetPermissions(0o600))
	waiting, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	if _, err := lock.TryLockContext(waiting, lockPoll); err != nil {
		if ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
			return nil, fmt.Errorf("another command is using the login of %s: end it or wait for it", l)
		}
		return nil, fmt.Errorf("lock the login of %s: %w", l, err)
	}
	return &held{login: l, file: file + suffix, lock: lock}, nil
}

// suffix is that of a login's file.
const suffix = ".json"

// private makes the folder what it must be.
func (s Store) private() error {
	if err := os.MkdirAll(s.folder, 0o700); err != nil {
		return fmt.Errorf("make the folder for logins: %w", err)
	}
	if err := os.Chmod(s.folder, 0o700); err != nil { //nolint:gosec // a folder that nobody can enter is of no use
		return fmt.Errorf("keep the folder for logins private: %w", err)
	}
	return nil
}

func (h *held) release() { _ = h.lock.Close() }

// load returns what is kept, nil if nothing is. What can't be read is nothing: a login makes it anew.
func (h *held) load() (*Kept, error) {
	k, err := read(h.file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case k.Login != h.login || k.Refresh == "":
		return nil, nil
	}
	return k, nil
}

func read(file string) (*Kept, error) {
	text, err := os.ReadFile(file) //nolint:gosec // its name is a hash, in our own folder
	if err != nil {
		return nil, fmt.Errorf("read login: %w", err)
	}
	k := &Kept{}
	if json.Unmarshal(text, k) != nil {
		return &Kept{}, nil
	}
	return k, nil
}

// save replaces what is kept as a whole: whoever reads meanwhile, and a machine that fails, sees one or the other.
func (h *held) save(k Kept) error {
	k.Login = h.login
	text, err := json.Marshal(k)
	if err != nil {
		return fmt.Errorf("write login: %w", err)
	}
	fresh, err := os.CreateTemp(filepath.Dir(h.file), ".fresh-") // mode 0600
	if err != nil {
		return fmt.Errorf("write login: %w", err)
	}
	_, err = fresh.Write(text)
	if err == nil {
		err = fresh.Sync()
	}
	if err = errors.Join(err, fresh.Close()); err == nil {
		err = os.Rename(fresh.Name(), h.file)
	}
	if err != nil {
		_ = os.Remove(fresh.Name())
		return fmt.Errorf("write login: %w", err)
	}
	return nil
}

func (h *held) drop() error {
	if err := os.Remove(h.file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("forget login: %w", err)
	}
	return nil
}

// Logins lists what is kept, in the order of file names, which means nothing.
func (s Store) Logins() ([]Login, error) {
	entries, err := os.ReadDir(s.folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list logins: %w", err)
	}
	var logins []Login
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), suffix) {
			continue
		}
		k, err := read(filepath.Join(s.folder, entry.Name()))
		if errors.Is(err, fs.ErrNotExist) || err == nil && k.Check() != nil {
			continue // it has just gone, or was never ours
		}
		if err != nil {
			return nil, err
		}
		logins = append(logins, k.Login)
	}
	return logins, nil
}
