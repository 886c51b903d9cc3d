package cluster

import (
	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/webhook"
	"github.com/latchkey-auth/latchkey/webhook/refresh"
)

// storedLogin shows a Session as the service knows logins.
func storedLogin(s *v1alpha1.Session) webhook.StoredLogin {
	l := webhook.StoredLogin{
		SessionID: s.Name,
		UserName:  s.Spec.User.Name, UserUID: string(s.Spec.User.UID),
		StartedAt: s.CreationTimestamp.UTC(), ExpiresAt: s.Spec.ExpiresAt.UTC(), LastUsedAt: s.CreationTimestamp.UTC(),
		PasswordFingerprint: s.Spec.PasswordFingerprint,
		UserAgent:           s.Spec.Client.UserAgent, Address: s.Spec.Client.Address,
		Ending: s.DeletionTimestamp != nil, Version: s.ResourceVersion,
		Refresh: refresh.State{Generation: s.Spec.Refresh.Generation, TokenID: s.Spec.Refresh.TokenID},
	}
	if at := s.Spec.Refresh.At; at != nil {
		l.LastUsedAt, l.Refresh.At = at.UTC(), at.UTC()
	}
	return l
}
