package directory

import (
	"iter"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// User is somebody who can log in to a realm. It is immutable: a change makes
// another. The zero User is not active.
type User struct {
	Name, UID, DisplayName, Email string
	Roles                         []string // names as the User object says, ascending; unknown ones among them
	PasswordSecret                string   // name of the Secret; "" if there is none
	CreatedAt                     time.Time
	Disabled                      bool
	Unusable                      bool // the object can't be read or is being deleted

	own *member // what holds this very User; a copy isn't it
}

// Active reports whether the user may log in and use tokens.
func (u *User) Active() bool {
	return u != nil && !u.Disabled && !u.Unusable && u.Name != "" && u.UID != ""
}

// same reports whether u and o say the same.
func (u *User) same(o *User) bool {
	return u.Name == o.Name && u.UID == o.UID && u.DisplayName == o.DisplayName && u.Email == o.Email &&
		u.PasswordSecret == o.PasswordSecret && u.CreatedAt.Equal(o.CreatedAt) &&
		u.Disabled == o.Disabled && u.Unusable == o.Unusable && slices.Equal(u.Roles, o.Roles)
}

// member is a User as its realm keeps it: with two allocations, this and the bytes
// of all of its strings.
type member struct {
	User
	subject atomic.Pointer[memo]
	version Version // only for writers
}

// userRows hold the users of a namespace.
type userRows struct{ realm *Realm }

func (r userRows) get(name string) (key, bool) {
	m := r.realm.users.get(name)
	if m == nil {
		return key{}, false
	}
	return key{m.UID, m.version}, true
}

func (r userRows) put(i Item[User]) {
	u := i.Value
	u.Name, u.UID = i.Name, i.UID
	u.Roles = sorted(u.Roles)
	before := r.realm.users.get(i.Name)
	if before != nil && before.same(&u) { // most changes are of status
		before.version = i.Version
		return
	}
	m := &member{User: u, version: i.Version}
	m.own = m
	m.Roles = r.realm.share(u.Roles)
	m.pack()
	r.realm.users.put(m)
	if before != nil {
		r.realm.unshare(before.Roles)
	}
}

func (r userRows) remove(name string) {
	m := r.realm.users.get(name)
	r.realm.users.remove(name)
	r.realm.unshare(m.Roles)
}

func (userRows) apply() {}

func (r userRows) len() int { return r.realm.users.live }

func (r userRows) all() iter.Seq2[string, key] {
	return func(yield func(string, key) bool) {
		for m := range r.realm.users.all() {
			if !yield(m.Name, key{m.UID, m.version}) {
				return
			}
		}
	}
}

// pack moves the strings of u into one allocation, in which those that are part of
// another, as names are of addresses, take no room.
func (u *User) pack() {
	fields := []*string{&u.Email, &u.PasswordSecret, &u.DisplayName, &u.Name, &u.UID}
	var all strings.Builder
	for _, f := range fields {
		if !strings.Contains(all.String(), *f) {
			all.WriteString(*f)
		}
	}
	bytes := strings.Clone(all.String()) // without the builder's spare room
	for _, f := range fields {
		at := strings.Index(bytes, *f)
		*f = bytes[at : at+len(*f)]
	}
}

// sorted returns names ascending and once each, in a slice of its own.
func sorted(names []string) []string {
	names = slices.Clone(names)
	slices.Sort(names)
	return slices.Compact(names)
}
