package directory

import (
	"iter"
	"sync/atomic"

	"github.com/latchkey-auth/latchkey/webhook/policy"
	"github.com/latchkey-auth/latchkey/webhook/token"
)

// Realm is what is known of one realm. Its methods take no lock and may be called
// from any goroutine.
type Realm struct {
	namespace string
	tables    int // that hold something of this namespace; guarded by Directory.mu

	exists     atomic.Bool // there is a Realm object
	settings   atomic.Pointer[Settings]
	keys       atomic.Pointer[token.Ring]
	policy     atomic.Pointer[policy.Policy]
	kubernetes atomic.Pointer[kubernetes] // nil: no Role has kubernetesRules
	users      *index[member]
	roleSets   *index[roleSet]

	// What is revoked, by tokenID, by sessionID, and of users by name (whoever
	// bears it) or by UID.
	revokedTokens, revokedSessions *index[tally]
	revokedNames, revokedUIDs      *index[covered]
}

func newRealm(namespace string) *Realm {
	r := &Realm{
		namespace:       namespace,
		users:           newIndex(func(m *member) string { return m.Name }),
		roleSets:        newIndex(func(s *roleSet) string { return s.key }),
		revokedTokens:   newIndex(func(t *tally) string { return t.key }),
		revokedSessions: newIndex(func(t *tally) string { return t.key }),
		revokedNames:    newIndex(func(c *covered) string { return c.key }),
		revokedUIDs:     newIndex(func(c *covered) string { return c.key }),
	}
	r.settings.Store(&Settings{Unusable: noRealm})
	nothing, _ := policy.Compile(nil)
	r.policy.Store(nothing)
	return r
}

// Namespace is the namespace that this is the realm of.
func (r *Realm) Namespace() string { return r.namespace }

// Settings returns what the Realm object says. It is never nil; once the object
// is deleted, it is unusable.
func (r *Realm) Settings() *Settings { return r.settings.Load() }

// Keys returns the trusted keys: nil, which trusts nothing, until there is a valid
// key document and after its Secret was deleted.
func (r *Realm) Keys() *token.Ring { return r.keys.Load() }

// Policy returns the rules of all Roles. It is never nil.
func (r *Realm) Policy() *policy.Policy { return r.policy.Load() }

// User returns the user of that name, or nil if there is none. Ask Active before
// trusting it.
func (r *Realm) User(name string) *User {
	m := r.users.get(name)
	if m == nil {
		return nil
	}
	return &m.User
}

// items are the objects of kinds of which there are few in a namespace.
type items[T any] map[string]Item[T]

func (s items[T]) get(name string) (key, bool) {
	i, ok := s[name]
	return key{i.UID, i.Version}, ok
}

func (s items[T]) len() int { return len(s) }

func (s items[T]) all() iter.Seq2[string, key] {
	return func(yield func(string, key) bool) {
		for name, i := range s {
			if !yield(name, key{i.UID, i.Version}) {
				return
			}
		}
	}
}
