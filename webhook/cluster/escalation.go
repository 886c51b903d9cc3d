package cluster

import (
	"context"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/webhook"
)

// Who manages users over HTTP is the root of the realm, not of the cluster. So nobody gives a
// Role with kubernetesRules there, and nobody chooses the password of a user who holds one,
// which would be giving it to whoever knows that password. Roles are read live.

// grantable refuses roles that don't exist or that hold kubernetesRules, transitively.
func (a Accounts) grantable(ctx context.Context, realm string, added []v1alpha1.GrantableRoleName) error {
	if len(added) == 0 {
		return nil
	}
	roles, err := a.roles(ctx, realm)
	if err != nil {
		return err
	}
	for _, role := range added {
		switch {
		case roles[string(role)] == nil:
			return &webhook.InvalidField{Field: "roles", Problem: fmt.Sprintf("there is no Role %q in this realm", role)}
		case roles.reach(role):
			return &webhook.InvalidField{Field: "roles", Problem: fmt.Sprintf("Role %q reaches into the Kubernetes API by its kubernetesRules, so it can't be given over HTTP: use kubectl", role)}
		}
	}
	return nil
}

// ownable refuses a user who holds kubernetesRules, transitively.
func (a Accounts) ownable(ctx context.Context, user *v1alpha1.User) error {
	if len(user.Spec.Roles) == 0 {
		return nil
	}
	roles, err := a.roles(ctx, user.Namespace)
	if err != nil {
		return err
	}
	if roles.reach(user.Spec.Roles...) {
		return &webhook.InvalidField{Field: "password", Problem: "this user reaches into the Kubernetes API by kubernetesRules, so nobody else chooses their password over HTTP: they change it at /password, or use kubectl"}
	}
	return nil
}

// rolesOfRealm are the Roles of a realm by name.
type rolesOfRealm map[string]*v1alpha1.Role

func (a Accounts) roles(ctx context.Context, realm string) (rolesOfRealm, error) {
	list := &v1alpha1.RoleList{}
	if err := a.client.List(ctx, list, client.InNamespace(realm)); err != nil {
		return nil, translate("list Roles", err)
	}
	roles := make(rolesOfRealm, len(list.Items))
	for i := range list.Items {
		roles[list.Items[i].Name] = &list.Items[i]
	}
	return roles, nil
}

// reach reports whether one of names, or what they include, has kubernetesRules.
func (r rolesOfRealm) reach(names ...v1alpha1.GrantableRoleName) bool {
	seen := map[v1alpha1.GrantableRoleName]bool{}
	for pending := names; len(pending) > 0; {
		name := pending[0]
		pending = pending[1:]
		role := r[string(name)]
		if seen[name] || role == nil {
			continue
		}
		seen[name] = true
		if len(role.Spec.KubernetesRules) > 0 {
			return true
		}
		pending = append(pending[:len(pending):len(pending)], role.Spec.Includes...)
	}
	return false
}
