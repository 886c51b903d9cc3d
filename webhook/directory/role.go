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
	changed           bool // what a check reads
	kubernetesChanged bool
	swept             int // policies ago
}

// sweepEvery bounds how many old policies idle users keep alive (see sweep).
const sweepEvery = 16

func (r *roleRows) put(i Item[Role]) {
	known, found := r.items[i.Name]
	r.items[i.Name] = i
	before, now := known.Value, i.Value
	r.kubernetesChanged = r.kubernetesChanged || !reflect.DeepEqual(before.KubernetesRules, now.KubernetesRules)
	before.KubernetesRules, now.KubernetesRules = nil, nil
	r.changed = r.changed || !found || !reflect.DeepEqual(before, now) // most changes are of status
}

func (r *roleRows) remove(name string) {
	delete(r.items, name)
	r.changed = true
}

// apply compiles the policy anew, unless only kubernetesRules changed. What doesn't
// compile grants nothing; the Role's status says so to its author.
func (r *roleRows) apply() {
	if !r.changed && !r.kubernetesChanged {
		return
	}
	roles := r.readable()
	if r.changed {
		r.compile(roles)
	}
	r.realm.kubernetes.Store(kubernetesOf(roles, r.realm.policy.Load()))
	r.changed, r.kubernetesChanged = false, false
}

// readable are the Roles that can be read.
func (r *roleRows) readable() []Role {
	roles := make([]Role, 0, len(r.items))
	for name, i := range r.items {
		if i.Value.Name == name {
			roles = append(roles, i.Value)
		}
	}
	return roles
}

func (r *roleRows) compile(roles []Role) {
	compiled, _ := policy.Compile(roles)
	r.realm.policy.Store(compiled)
	if r.swept++; r.swept >= sweepEvery || len(r.items) == 0 {
		r.swept = 0
		r.realm.sweep(compiled)
	}
}
