package user

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
)

// revokeLogins makes the RevokedToken of that name, which ends every login of user that has begun; if it is
// there already, somebody else was first. It names no moment, so the API server's clock sets it, by
// which logins begin as well: no clock of ours can leave one out.
func revokeLogins(ctx context.Context, c client.Writer, recorder events.EventRecorder, user *v1alpha1.User, name, reason string) error {
	err := c.Create(ctx, &v1alpha1.RevokedToken{
		ObjectMeta: metav1.ObjectMeta{Namespace: user.Namespace, Name: name},
		Spec: v1alpha1.RevokedTokenSpec{
			User:   &v1alpha1.RevokedUser{Name: user.Name, UID: user.UID},
			Reason: reason,
		},
	})
	switch {
	case apierrors.IsAlreadyExists(err):
		return nil
	case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
		return nil // nothing in it is valid any more
	case err != nil:
		return fmt.Errorf("create revokedtoken %s: %w", name, err)
	}
	recorder.Eventf(user, nil, corev1.EventTypeNormal, v1alpha1.ReasonLoginsRevoked, "RevokeLogins",
		"%s: every login of this user from before has ended", reason)
	return nil
}
