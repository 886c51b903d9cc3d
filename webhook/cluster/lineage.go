package cluster

// +kubebuilder:rbac:groups=auth.latchkey.dev,resources=sessions,verbs=get;patch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/webhook"
	"github.com/latchkey-auth/latchkey/webhook/refresh"
)

// Get reads a login's Session.
func (s *Store) Get(ctx context.Context, realm, sessionID string) (*webhook.StoredLogin, error) {
	session := &v1alpha1.Session{}
	if err := s.client.Get(ctx, types.NamespacedName{Namespace: realm, Name: sessionID}, session); err != nil {
		return nil, translate("get Session", err)
	}
	login := storedLogin(session)
	return &login, nil
}

// Advance is the compare-and-swap of a login's chain of refresh tokens: a patch of that field alone,
// which the API server takes only if the Session is of the version that was read.
func (s *Store) Advance(ctx context.Context, realm string, l *webhook.StoredLogin, next refresh.State) error {
	if l.Version == "" { // which the API server would take for any
		return errors.New("advance Session: the login has no version to compare")
	}
	patch, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"resourceVersion": l.Version},
		"spec": map[string]any{"refresh": v1alpha1.SessionRefresh{
			Generation: next.Generation, TokenID: next.TokenID, At: &metav1.Time{Time: next.At},
		}},
	})
	if err != nil {
		return fmt.Errorf("encode patch of Session: %w", err)
	}
	session := &v1alpha1.Session{ObjectMeta: metav1.ObjectMeta{Namespace: realm, Name: l.SessionID}}
	return translate("advance Session", s.client.Patch(ctx, session, client.RawPatch(types.MergePatchType, patch)))
}
