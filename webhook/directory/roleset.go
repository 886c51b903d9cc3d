package directory

import (
	"strings"
	"sync/atomic"

	"github.com/latchkey-auth/latchkey/webhook/policy"
)

// roleSet is what all users with the same roles share: the list of names and what
// follows from it. There are few in a realm, however many users.
type roleSet struct {
	key     string   // the names, joined
	names   []string // parts of key
	users   int      // that hold it; only for writers
	granted atomic.Pointer[granted]
}

// granted is what a set of roles is worth under one policy.
type granted struct {
	policy *policy.Policy
	grant  policy.Grant
	groups []string // one header value: effective roles, comma-separated
}

// roleSetKey joins names, which are ascending and, being names of objects, hold no
// comma.
func roleSetKey(names []string) string { return strings.Join(names, ",") }

// share returns names in the slice that all users with these roles have.
func (r *Realm) share(names []string) []string {
	if len(names) == 0 {
		return nil
	}
	joined := roleSetKey(names)
	s := r.roleSets.get(joined)
	if s == nil {
		s = &roleSet{key: joined, names: make([]string, len(names))}
		rest := joined
		for i, n := range names {
			s.names[i] = rest[:len(n)]
			rest = strings.TrimPrefix(rest[len(n):], ",")
		}
		r.roleSets.put(s)
	}
	s.users++
	return s.names
}

// unshare says that one user fewer has these roles.
func (r *Realm) unshare(names []string) {
	if s := r.roleSets.get(roleSetKey(names)); s != nil {
		if s.users--; s.users == 0 {
			r.roleSets.remove(s.key)
		}
	}
}

// grant returns what users with these roles may reach under p.
func (r *Realm) grant(names []string, p *policy.Policy) *granted {
	s := r.roleSets.get(roleSetKey(names))
	if s != nil {
		if g := s.granted.Load(); g != nil && g.policy == p {
			return g
		}
	}
	g := &granted{policy: p, grant: p.Grant(names)}
	g.groups = []string{strings.Join(g.grant.Roles(), ",")}
	if s != nil {
		s.granted.Store(g)
	}
	return g
}
