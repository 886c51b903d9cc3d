package decision

import (
	"maps"
	"slices"

	"github.com/latchkey-auth/latchkey/controllers/feed"
	"github.com/latchkey-auth/latchkey/webhook/directory"
	"github.com/latchkey-auth/latchkey/webhook/policy"
)

// serviceURL stands for the service's --external-url. A Realm without an issuer gets it from there, and no decision
// depends on which it is.
const serviceURL = "https://latchkey.invalid"

// Realm is a realm as its objects say it is. It is for one goroutine.
type Realm struct {
	namespace string
	directory *directory.Realm // nil: there is no Realm object
	roles     map[string]*role // by name, reserved ones and unreadable ones included
	problems  []error          // about objects that can't be read
}

// New returns the realm of a namespace. Objects of other namespaces must not be among these.
func New(namespace string, objects feed.Objects) *Realm {
	d, problems := feed.Snapshot(objects, serviceURL)
	r := &Realm{namespace: namespace, directory: d.Realm(namespace), roles: map[string]*role{}, problems: problems}
	for _, whole := range objects.Roles {
		if read := readRole(whole); read.name != "" {
			r.roles[read.name] = read
		}
	}
	return r
}

// roleNames are all Roles' names, ascending.
func (r *Realm) roleNames() []string { return slices.Sorted(maps.Keys(r.roles)) }

// HasRole reports whether there is a Role of that name that can be held, and can be read.
func (r *Realm) HasRole(name string) bool {
	role := r.roles[name]
	return role != nil && role.grants.Name == name && !policy.Reserved(name)
}

// HasUser reports whether there is a User of that name, active or not.
func (r *Realm) HasUser(name string) bool { return r.directory != nil && r.directory.User(name) != nil }

// Cycle is the shortest way by which a Role includes itself, both ends included; nil if it doesn't.
func (r *Realm) Cycle(name string) []string {
	if !r.HasRole(name) {
		return nil
	}
	if back := r.through(r.roles[name].grants.Includes, name); back != nil {
		return append([]string{name}, back...)
	}
	return nil
}

// through is the shortest way to a Role from what somebody holds, both ends included; nil if there is none.
func (r *Realm) through(held []string, name string) []string {
	from := map[string]string{}
	var queue []string
	reach := func(names []string, by string) {
		for _, n := range names {
			if _, seen := from[n]; !seen && r.HasRole(n) {
				from[n] = by
				queue = append(queue, n)
			}
		}
	}
	reach(held, "")
	for ; len(queue) > 0; queue = queue[1:] {
		if queue[0] == name {
			way := []string{name}
			for at := from[name]; at != ""; at = from[at] {
				way = append(way, at)
			}
			slices.Reverse(way)
			return way
		}
		reach(r.roles[queue[0]].grants.Includes, queue[0])
	}
	return nil
}
