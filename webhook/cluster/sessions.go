package cluster

// +kubebuilder:rbac:groups=auth.latchkey.dev,resources=sessions,verbs=get;create;delete
// +kubebuilder:rbac:groups=auth.latchkey.dev,resources=revokedtokens,verbs=get;create

import (
	"context"
	"errors"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/webhook"
)

// longestAccess is the longest that an access token can live, whatever a realm says.
const longestAccess = 24 * time.Hour

// Begin stores a login as a Session. Its finalizer lets the leader revoke the login before
// a deleted Session goes.
func (s *Store) Begin(ctx context.Context, realm string, l webhook.Login) (time.Time, error) {
	ctx, cancel := detached(ctx)
	defer cancel()
	ctx, end := context.WithTimeout(ctx, callTimeout)
	defer end()
	session := &v1alpha1.Session{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: realm, Name: l.SessionID,
			Finalizers:  []string{v1alpha1.SessionFinalizer},
			Labels:      map[string]string{v1alpha1.SessionUserLabel: l.User.Name, v1alpha1.SessionUserUIDLabel: l.User.UID},
			Annotations: map[string]string{v1alpha1.SessionExpiresAnnotation: l.ExpiresAt.UTC().Format(time.RFC3339)},
		},
		Spec: v1alpha1.SessionSpec{
			User:                v1alpha1.SessionUser{Name: l.User.Name, UID: types.UID(l.User.UID)},
			ExpiresAt:           metav1.NewTime(l.ExpiresAt),
			Client:              v1alpha1.SessionClient{UserAgent: l.UserAgent, Address: l.Address},
			PasswordFingerprint: l.PasswordFingerprint,
		},
	}
	if l.Browser {
		session.Spec.CookieExpiresAt = &session.Spec.ExpiresAt
	}
	if err := s.client.Create(ctx, session); err != nil {
		return time.Time{}, translate("create Session", err)
	}
	return session.CreationTimestamp.UTC(), nil
}

// End writes the RevokedToken first: a login whose Session is gone but whose tokens still
// work is what must never be.
func (s *Store) End(ctx context.Context, realm, sessionID, reason string) error {
	ctx, cancel := detached(ctx)
	defer cancel()
	session := &v1alpha1.Session{}
	key := types.NamespacedName{Namespace: realm, Name: sessionID}
	if err := ignoreNotFound(translate("get Session", s.client.Get(ctx, key, session))); err != nil {
		return err
	}
	expires := s.now().Add(longestAccess)
	if cookie := session.Spec.CookieExpiresAt; cookie != nil && cookie.After(expires) {
		expires = cookie.Time
	}
	err := s.revoke(ctx, &v1alpha1.RevokedToken{
		ObjectMeta: metav1.ObjectMeta{Namespace: realm, Name: v1alpha1.SessionRevocationName(sessionID)},
		Spec:       v1alpha1.RevokedTokenSpec{SessionID: sessionID, Reason: reason, ExpiresAt: &metav1.Time{Time: expires}},
	})
	if err != nil || session.Name == "" {
		return err
	}
	// The login is dead. A Session that stays behind is the leader's to delete.
	_ = s.client.Delete(ctx, session)
	return nil
}

// revoke stores a RevokedToken whose name follows from what it revokes, so that twice is
// once, and shows it to this replica.
func (s *Store) revoke(ctx context.Context, token *v1alpha1.RevokedToken) error {
	err := translate("create RevokedToken", s.client.Create(ctx, token))
	if errors.Is(err, webhook.ErrExists) {
		err = translate("get RevokedToken", s.client.Get(ctx, types.NamespacedName{Namespace: token.Namespace, Name: token.Name}, token))
	}
	if err != nil {
		return err
	}
	s.local.PutRevokedToken(token)
	return nil
}
