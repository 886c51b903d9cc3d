package cluster

// +kubebuilder:rbac:groups=auth.latchkey.dev,resources=sessions,verbs=list

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/webhook"
	"github.com/latchkey-auth/latchkey/webhook/directory"
)

// List reads the logins of a user by the label of their Sessions. What the label says is
// held against the spec, which can't be changed.
func (s *Store) List(ctx context.Context, realm, userUID string) ([]webhook.StoredLogin, error) {
	list := &v1alpha1.SessionList{}
	if err := s.client.List(ctx, list, client.InNamespace(realm), client.MatchingLabels{v1alpha1.SessionUserUIDLabel: userUID}); err != nil {
		return nil, translate("list Sessions", err)
	}
	logins := make([]webhook.StoredLogin, 0, len(list.Items))
	for i := range list.Items {
		if string(list.Items[i].Spec.User.UID) == userUID {
			logins = append(logins, storedLogin(&list.Items[i]))
		}
	}
	return logins, nil
}

// EndAll writes one RevokedToken for all of a user's logins. Its creation, by the API
// server's clock, is the moment until which they are revoked; it is named after cause, so
// that an answer that got lost can be asked for again. The leader deletes the Sessions.
func (s *Store) EndAll(ctx context.Context, realm string, user *directory.User, cause, reason string) error {
	ctx, cancel := detached(ctx)
	defer cancel()
	return s.revoke(ctx, &v1alpha1.RevokedToken{
		ObjectMeta: metav1.ObjectMeta{Namespace: realm, Name: v1alpha1.SignOutRevocationName(user.UID, cause)},
		Spec:       v1alpha1.RevokedTokenSpec{User: &v1alpha1.RevokedUser{Name: user.Name, UID: types.UID(user.UID)}, Reason: reason},
	})
}
