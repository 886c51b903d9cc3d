package cluster

import (
	"context"

	"k8s.io/apimachinery/pkg/types"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/webhook"
)

// Get reads a login as it is stored now.
func (s *Store) Get(ctx context.Context, realm, sessionID string) (*webhook.StoredLogin, error) {
	session := &v1alpha1.Session{}
	if err := s.client.Get(ctx, types.NamespacedName{Namespace: realm, Name: sessionID}, session); err != nil {
		return nil, translate("get Session", err)
	}
	l := storedLogin(session)
	return &l, nil
}
