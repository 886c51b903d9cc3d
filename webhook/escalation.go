package webhook

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/latchkey-auth/latchkey/webhook/directory"
)

// Whoever manages users over HTTP is the root of their realm, and of nothing else. Roles
// with kubernetesRules reach beyond it, into the API server. So nobody gives one here, and
// nobody sets the password of a user who has one, which would give it to whoever knows the
// new password. Who may do both in Kubernetes is Kubernetes' to say.

// applyWithin is apply, unless it would make somebody more powerful than the realm.
func (b *accountBody) applyWithin(realm *directory.Realm, a *Account) error {
	before := a.Roles
	if b.Password.sent {
		if err := mayTakeOver(realm, a); err != nil {
			return err
		}
	}
	b.apply(a)
	return mayGive(realm, before, a.Roles)
}

// mayGive refuses roles that weren't there before if they reach into the API server,
// themselves or by what they include.
func mayGive(realm *directory.Realm, before, after []string) error {
	for _, role := range after {
		if slices.Contains(before, role) {
			continue
		}
		if reaching := realm.KubernetesRole([]string{role}); reaching != "" {
			return beyond(fmt.Sprintf("roles: Role %s can't be given over HTTP, because %s has kubernetesRules: use kubectl", role, reaching))
		}
	}
	return nil
}

// mayTakeOver refuses to set the password of a user who reaches into the API server.
func mayTakeOver(realm *directory.Realm, a *Account) error {
	if reaching := realm.KubernetesRole(a.Roles); reaching != "" {
		return beyond(fmt.Sprintf("password: this user holds Role %s, which has kubernetesRules, so only they can change it here; or use kubectl", reaching))
	}
	return nil
}

func beyond(description string) error {
	return &failure{status: http.StatusForbidden, code: codeInsufficientScope, description: description, challenge: codeInsufficientScope}
}
