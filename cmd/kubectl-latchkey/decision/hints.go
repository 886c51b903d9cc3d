package decision

import (
	"fmt"
	"strings"

	"github.com/latchkey-auth/latchkey/webhook/policy"
)

// tellHints says what of the objects themselves is amiss.
func (r *Realm) tellHints(e *Explanation, who caller) {
	hint := func(format string, args ...any) { e.Hints = append(e.Hints, fmt.Sprintf(format, args...)) }
	if who.reason == reasonUserGone && e.Reason != reasonUserGone {
		hint("%s", who.why)
	}
	if who.valid && len(who.held) == 0 {
		hint("%s holds no Role: name some in spec.roles", who)
	}
	for _, name := range who.held {
		if !r.HasRole(name) {
			hint("%s holds Role %q, and there is no such Role, so it grants nothing", who, name)
		}
	}
	var pending []string
	for _, name := range who.effective() {
		role := r.roles[name]
		if role == nil {
			continue
		}
		for _, include := range role.grants.Includes {
			if !r.HasRole(include) {
				hint("Role %s includes %q, and there is no such Role, so it grants nothing", name, include)
			}
		}
		for i, p := range role.probes() {
			if p.problem != nil {
				hint("rules[%d] of Role %s grants nothing: %v", i, name, p.problem)
			}
		}
		if role.meta.Generation > 0 && !role.inForce() {
			pending = append(pending, name)
		}
	}
	if len(pending) > 0 {
		hint("not known to be in force on all replicas: Role %s; some may still judge by an earlier generation", strings.Join(pending, ", "))
	}
	for _, problem := range r.problems {
		hint("%v", problem)
	}
}

// Problems are what no rule of the realm grants though it is written, by Role.
func (r *Realm) Problems() []error {
	var roles []policy.Role
	for _, name := range r.roleNames() {
		if role := r.roles[name].grants; role.Name != "" {
			roles = append(roles, role)
		}
	}
	_, problems := policy.Compile(roles)
	return problems
}
