package webhook

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"io"
	"time"

	"github.com/maypok86/otter/v2"
	"golang.org/x/sync/singleflight"

	"github.com/latchkey-auth/latchkey/webhook/directory"
)

const (
	// basicFor is how long verified credentials are remembered.
	basicFor = time.Minute
	// maxBasics bounds how many: to about 2 MiB.
	maxBasics = 10_000
)

// basicMemory remembers which Basic credentials were verified, for a minute and by names
// from which nobody learns them without the key, which never leaves this process.
//
// What is remembered ends with the user, with a revocation of theirs and with another
// password Secret; so a check by it says nothing else than one that hashes, but for a hash
// that was replaced within the Secret until its revocation is there.
type basicMemory struct {
	key       [sha256.Size]byte
	verified  *otter.Cache[basicName, basicEntry]
	verifying singleflight.Group // by basicName and where the try comes from
}

// basicName is the HMAC-SHA-256 of a realm, a user's UID and credentials.
type basicName [sha256.Size]byte

// basicEntry is what credentials were verified against, and when.
type basicEntry struct {
	secret string // name of the Secret
	began  time.Time
}

func newBasicMemory() *basicMemory {
	m := &basicMemory{verified: otter.Must(&otter.Options[basicName, basicEntry]{MaximumSize: maxBasics})}
	_, _ = rand.Read(m.key[:]) // never fails: it ends the process instead
	return m
}

// nameOf names credentials of a user, nil for nobody.
func (m *basicMemory) nameOf(realm *directory.Realm, user *directory.User, c basicPair) (n basicName) {
	uid := ""
	if user != nil {
		uid = user.UID
	}
	mac := hmac.New(sha256.New, m.key[:])
	for _, part := range []string{realm.Namespace(), uid, c.username, c.secret} {
		_, _ = io.WriteString(mac, part) // never fails
		_, _ = mac.Write([]byte{0})      // no part holds one
	}
	mac.Sum(n[:0])
	return n
}

// holds reports whether the credentials of that name are remembered and still count.
func (m *basicMemory) holds(n basicName, realm *directory.Realm, user *directory.User, now time.Time) bool {
	e, found := m.verified.GetIfPresent(n)
	if !found {
		return false
	}
	if age := now.Sub(e.began); 0 <= age && age < basicFor && e.counts(realm, user) {
		return true
	}
	m.verified.Invalidate(n)
	return false
}

// remember notes that credentials of a user were good when the hash was read, at began, and
// reports whether they still count. The user is who they were verified for.
func (m *basicMemory) remember(n basicName, realm *directory.Realm, user *directory.User, began time.Time) bool {
	e := basicEntry{user.PasswordSecret, began}
	if live := realm.User(user.Name); live == nil || live.UID != user.UID || !e.counts(realm, live) {
		return false
	}
	m.verified.Set(n, e)
	return true
}

// counts reports whether what was verified still says who calls: the user is there and may
// log in, with the same Secret, and no revocation of theirs is of that moment or later.
// Revocations count whole seconds, and the second itself belongs to them.
func (e basicEntry) counts(realm *directory.Realm, user *directory.User) bool {
	if !user.Active() || user.PasswordSecret != e.secret {
		return false
	}
	latest, covered := realm.RevokedUserAt(user)
	return !covered || e.began.Truncate(time.Second).After(latest)
}
