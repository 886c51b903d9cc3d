package admission

import (
	"context"
	"fmt"
	"strings"

	cradmission "sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
)

// judgeUser lets nobody give a User what they may not grant, nor take it by choosing the password with which somebody
// logs in as that User.
func (h *handler) judgeUser(ctx context.Context, request cradmission.Request) (verdict, error) {
	user, old := &v1alpha1.User{}, &v1alpha1.User{}
	existed, err := decode(request, user, old)
	if err != nil {
		return verdict{}, err
	}
	given := added(user.Spec.Roles, old.Spec.Roles)
	aimed := existed && aims(user, old) // a new User's password opens nothing but the roles that it is given with
	if len(given) == 0 && !aimed {
		return verdict{}, nil
	}
	roles := h.rolesOf(request.Namespace)
	unknown, err := roles.missing(ctx, given)
	if err != nil {
		return verdict{}, err
	}
	now, err := roles.follow(ctx, texts(user.Spec.Roles))
	if err != nil {
		return verdict{}, err
	}
	before, err := roles.follow(ctx, texts(old.Spec.Roles))
	if err != nil {
		return verdict{}, err
	}
	if request.UserInfo.Username == h.ServiceUser {
		if aimed && !ownSecret(request.Name, user.Spec.PasswordSecretRef.Name) {
			return verdict{forbidden: []string{fmt.Sprintf("spec.passwordSecretRef: over HTTP a new password gets a Secret of its own, %s and %d characters",
				v1alpha1.PasswordSecretPrefix(request.Name), v1alpha1.PasswordSecretRandom)}}, nil
		}
		return roles.staysWithinRealm(ctx, unknown, now.without(before))
	}
	var v verdict
	by, gained := givenBySpec, now.without(before)
	if aimed {
		by, gained = givenByPassword, now.without(reach{}) // whoever knows the password gets all of them
	}
	refusal, err := h.author(request.UserInfo, request.Namespace).mayGrant(ctx, by, gained)
	if err != nil {
		return verdict{}, err
	}
	if refusal != "" {
		v.forbidden = append(v.forbidden, refusal)
	}
	for _, name := range unknown {
		v.warnings = append(v.warnings, fmt.Sprintf("spec.roles: there is no Role %q in this namespace: it grants nothing until there is one", name))
	}
	return v, nil
}

// aims reports whether a User gets another password Secret. Without one nobody can log in, so taking it away is none.
func aims(user, old *v1alpha1.User) bool {
	now, before := user.Spec.PasswordSecretRef, old.Spec.PasswordSecretRef
	return now != nil && (before == nil || now.Name != before.Name)
}

// ownSecret reports whether a Secret has a name that the service gives to the new password of a user. So the service
// aims no User at the Secret of another.
func ownSecret(username, secret string) bool {
	random, found := strings.CutPrefix(secret, v1alpha1.PasswordSecretPrefix(username))
	return found && len(random) == v1alpha1.PasswordSecretRandom
}

// staysWithinRealm judges what the service writes for a holder of adminRole, who is the root of the realm: any
// Role that there is, but none that reaches into the API server. The service refuses the same before; this holds
// also for one that is in somebody else's hands.
func (r *roles) staysWithinRealm(ctx context.Context, unknown, gained []string) (verdict, error) {
	if len(unknown) > 0 {
		return verdict{forbidden: []string{fmt.Sprintf("spec.roles: over HTTP only Roles that exist can be given, unlike %s", listed(unknown))}}, nil
	}
	var reaching []string
	for _, name := range gained {
		role, err := r.get(ctx, name)
		if err != nil {
			return verdict{}, err
		}
		if role != nil && len(role.Spec.KubernetesRules) > 0 {
			reaching = append(reaching, name)
		}
	}
	if len(reaching) == 0 {
		return verdict{}, nil
	}
	return verdict{forbidden: []string{fmt.Sprintf("spec.roles: the roles %s have kubernetesRules, so they can't be given over HTTP: use kubectl", listed(reaching))}}, nil
}
