package directory

import "github.com/latchkey-auth/latchkey/webhook/policy"

// Subject is a user as a decision and an app see one. It is immutable, and shared
// by all requests of that user.
type Subject struct {
	Grant policy.Grant

	// Values of the identity headers, one each, ready to be assigned into an
	// http.Header: printable ASCII, or "" where there is nothing to say.
	User, UID, Email, Groups []string
}

// memo is the Subject of a member under one policy.
type memo struct {
	Subject
	policy *policy.Policy
	values [3]string // behind User, UID and Email
}

// Subject returns u under the current policy. It is made once for each change of
// the user or a Role. The Subject of a user who is not active, or nil, holds
// nothing, not even what everybody may.
func (r *Realm) Subject(u *User) *Subject {
	p := r.policy.Load()
	if u == nil || u.own == nil || &u.own.User != u {
		return &r.describe(u, p).Subject
	}
	m := u.own.subject.Load()
	if m == nil || m.policy != p {
		m = r.describe(u, p)
		u.own.subject.Store(m)
	}
	return &m.Subject
}

func (r *Realm) describe(u *User, p *policy.Policy) *memo {
	m := &memo{policy: p}
	if u.Active() {
		g := r.grant(u.Roles, p)
		m.Grant, m.Groups = g.grant, g.groups
		m.values = [3]string{printable(u.Name), printable(u.UID), printable(u.Email)}
	} else {
		m.Groups = []string{""}
	}
	m.User, m.UID, m.Email = m.values[0:1:1], m.values[1:2:2], m.values[2:3:3]
	return m
}

// printable returns s if all of it is printable ASCII, else "".
func printable(s string) string {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return ""
		}
	}
	return s
}

// sweep drops what was made under another policy than current. A Subject that
// nobody asks for would keep its policy alive; so now and then all are looked at.
func (r *Realm) sweep(current *policy.Policy) {
	for m := range r.users.all() {
		if s := m.subject.Load(); s != nil && s.policy != current {
			m.subject.CompareAndSwap(s, nil)
		}
	}
	for s := range r.roleSets.all() {
		if g := s.granted.Load(); g != nil && g.policy != current {
			s.granted.CompareAndSwap(g, nil)
		}
	}
}
