package decision

import (
	"fmt"
	"slices"
	"strings"

	"github.com/latchkey-auth/latchkey/webhook/policy"
)

// caller is who asks, as the service identifies them.
type caller struct {
	name   string // "" for somebody of whom only the roles are known
	held   []string
	grant  policy.Grant
	valid  bool
	reason string // why they aren't known; "" if they are
	why    string // the same for people
}

// String is how sentences call the caller.
func (c caller) String() string {
	switch {
	case c.name != "":
		return c.name
	case len(c.held) == 0:
		return "a user without roles"
	}
	return "somebody who holds " + strings.Join(c.held, ", ")
}

// effective are the names of all roles that count, reserved ones last.
func (c caller) effective() []string {
	names := slices.Clone(c.grant.Roles())
	if c.valid {
		names = append(names, policy.Authenticated)
	}
	return append(names, policy.Anonymous)
}

// caller identifies who asks.
func (r *Realm) caller(q Question) caller {
	switch q.User {
	case "":
		return caller{held: q.Holding, grant: r.directory.Policy().Grant(q.Holding), valid: true}
	case Anonymous:
		who := caller{name: Anonymous, grant: r.directory.Policy().Everyone(), reason: reasonNoCredentials, why: "a login is needed"}
		if !q.ByRoles {
			who.why += ": no rule of Role anonymous allows it"
		}
		return who
	}
	return r.user(q.User)
}

// user is somebody with a login of that User which is alive.
func (r *Realm) user(name string) caller {
	nobody := caller{name: name, grant: r.directory.Policy().Everyone(), reason: reasonUserGone}
	user := r.directory.User(name)
	switch {
	case user == nil:
		nobody.why = fmt.Sprintf("there is no User %q in namespace %q: create it, or correct the name", name, r.namespace)
	case user.Disabled:
		nobody.why = fmt.Sprintf("User %q is disabled: remove spec.disabled to let them log in again", name)
	case !user.Active():
		nobody.why = fmt.Sprintf("User %q is being deleted or can't be read", name)
	default:
		return caller{name: name, held: user.Roles, grant: r.directory.Subject(user).Grant, valid: true}
	}
	return nobody
}
