package directory

import (
	"reflect"

	"github.com/latchkey-auth/latchkey/webhook/policy"
)

// Role is what its holders may reach.
type Role = policy.Role

// roleRows hold the Roles of a namespace.
type roleRows struct {
	realm *Realm
	items[Role]
	changed bool
	swept   int // policies ago
}

// sweepEvery bounds how many old policies idle users keep alive (see sweep).
const sweepEvery = 16

func (r *roleRows) put(i Item[Role]) {
	known, found := r.items[i.Name]
	r.items[i.Name] = i
	r.changed = r.changed || !found || !reflect.DeepEqual(known.Value, i.Value) // most changes are of status
}

func (r *roleRows) remove(name string) {
	delete(r.items, name)
	r.changed = true
}

// apply compiles the policy anew. What doesn't compile grants nothing; the Role's
// status says so to its author.
func (r *roleRows) apply() {
	if !r.changed {
		return
	}
	r.changed = false
	roles := make([]Role, 0, len(r.items))
	for name, i := range r.items {
		if i.Value.Name == name { // else it can't be read
			roles = append(roles, i.Value)
		}
	}
	compiled, _ := policy.Compile(roles)
	r.realm.policy.Store(compiled)
	if r.swept++; r.swept >= sweepEvery || len(r.items) == 0 {
		r.swept = 0
		r.realm.sweep(compiled)
	}
}
