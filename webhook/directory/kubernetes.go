package directory

import "github.com/latchkey-auth/latchkey/webhook/policy"

// KubernetesRules are the kubernetesRules of one Role.
type KubernetesRules struct {
	Role  string
	Rules []policy.KubernetesRule
}

// kubernetes is what Roles allow in the API server: the rules by Role, and the policy
// that says who holds which. It is made with the Roles and replaced whole, so that who
// holds what and what that is worth are always of one moment. Few realms have any, and
// a check doesn't touch it.
type kubernetes struct {
	policy *policy.Policy
	byRole map[string][]policy.KubernetesRule // never empty
}

// kubernetesOf returns what roles allow in the API server, or nil for nothing.
func kubernetesOf(roles []Role, compiled *policy.Policy) *kubernetes {
	byRole := map[string][]policy.KubernetesRule{}
	for _, role := range roles {
		if len(role.KubernetesRules) > 0 && compiled.HasRole(role.Name) {
			byRole[role.Name] = role.KubernetesRules
		}
	}
	if len(byRole) == 0 {
		return nil
	}
	return &kubernetes{compiled, byRole}
}

// of returns the rules of the Roles that are effective for who holds names.
func (k *kubernetes) of(names []string) []KubernetesRules {
	if k == nil {
		return nil
	}
	var found []KubernetesRules
	for _, role := range k.policy.Grant(names).Roles() {
		if rules := k.byRole[role]; rules != nil {
			found = append(found, KubernetesRules{role, rules})
		}
	}
	return found
}

// KubernetesRules returns the kubernetesRules of u's effective Roles, by the names of
// these ascending. A user who is not active, or nil, has none.
func (r *Realm) KubernetesRules(u *User) []KubernetesRules {
	if !u.Active() {
		return nil
	}
	return r.kubernetes.Load().of(u.Roles)
}

// KubernetesRole returns the first Role with kubernetesRules that somebody who holds
// the Roles of these names has, itself or by includes; "" if there is none.
func (r *Realm) KubernetesRole(names []string) string {
	found := r.kubernetes.Load().of(names)
	if len(found) == 0 {
		return ""
	}
	return found[0].Role
}
