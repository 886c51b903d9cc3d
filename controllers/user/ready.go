package user

import (
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
)

// findings are what the steps found out about a user: all that Ready depends on.
type findings struct {
	noRealm      bool
	disabled     bool
	password     problem // none: there is a hash that can be verified
	weak         bool    // the hash is cheaper to guess against than those that Latchkey makes
	unknownRoles []string
}

// problem is why nobody can log in with the password of a user.
type problem struct{ reason, message string }

// blame keeps the first problem with the password: solving it comes before the next.
func (f *findings) blame(p problem) {
	if f.password == (problem{}) {
		f.password = p
	}
}

// judge says whether the user can log in with all their roles. What keeps more of it away comes first.
func (f findings) judge() (ready metav1.ConditionStatus, reason, message string) {
	switch {
	case f.noRealm:
		return metav1.ConditionFalse, v1alpha1.ReasonNoRealm,
			"this namespace holds no Realm, so nobody can log in here: create a Realm named default"
	case f.disabled:
		return metav1.ConditionFalse, v1alpha1.ReasonDisabled,
			"spec.disabled is true, so every login, refresh and token of this user is refused"
	case f.password != problem{}:
		return metav1.ConditionFalse, f.password.reason, f.password.message
	case len(f.unknownRoles) > 0:
		return metav1.ConditionFalse, v1alpha1.ReasonUnknownRole, fmt.Sprintf(
			"there is no Role %s in this namespace, so it grants nothing, while the user's other roles hold: create it, or remove it from spec.roles",
			`"`+strings.Join(f.unknownRoles, `", "`)+`"`)
	case f.weak:
		return metav1.ConditionTrue, v1alpha1.ReasonReady,
			"the user can log in; the password hash is weaker than what Latchkey makes, and nothing rehashes it by itself: set the password again"
	default:
		return metav1.ConditionTrue, v1alpha1.ReasonReady, "the user can log in"
	}
}
