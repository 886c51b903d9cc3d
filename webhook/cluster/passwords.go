package cluster

// +kubebuilder:rbac:groups=auth.latchkey.dev,resources=users,verbs=get

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/webhook"
	"github.com/latchkey-auth/latchkey/webhook/directory"
)

// admission is how long a login waits for the leader to revoke the logins of an older
// password, and how often it looks.
const (
	admissionWait  = 5 * time.Second
	admissionEvery = 50 * time.Millisecond
)

// Hash reads a password Secret live: hashes are never cached. A Secret that still holds a
// plaintext password counts as none until the leader has hashed it.
func (s *Store) Hash(ctx context.Context, realm, name string) (string, error) {
	secret := &corev1.Secret{}
	if err := s.client.Get(ctx, types.NamespacedName{Namespace: realm, Name: name}, secret); err != nil {
		return "", translate("get password Secret", err)
	}
	hash := secret.Data[v1alpha1.PasswordHashDataKey]
	_, plaintext := secret.Data[v1alpha1.PasswordDataKey]
	if secret.Type != v1alpha1.PasswordSecretType || plaintext || len(hash) == 0 {
		return "", webhook.ErrNotFound
	}
	return string(hash), nil
}

// Admit waits until status names the fingerprint of the password that was just given. The
// status can delay a login and nothing else.
func (s *Store) Admit(ctx context.Context, realm string, who *directory.User, fingerprint string) error {
	var last error
	err := wait.PollUntilContextTimeout(ctx, admissionEvery, admissionWait, true, func(ctx context.Context) (bool, error) {
		ctx, cancel := context.WithTimeout(ctx, callTimeout)
		defer cancel()
		user := &v1alpha1.User{}
		last = translate("get User", s.client.Get(ctx, types.NamespacedName{Namespace: realm, Name: who.Name}, user))
		switch {
		case last != nil:
			return false, last
		case string(user.UID) != who.UID, user.Spec.Disabled, user.DeletionTimestamp != nil:
			last = webhook.ErrNotAdmitted
			return false, last
		}
		return user.Status.PasswordFingerprint == fingerprint, nil
	})
	switch {
	case last != nil && ignoreNotFound(last) == nil:
		return webhook.ErrNotAdmitted
	case last != nil:
		return last
	case err != nil:
		return fmt.Errorf("wait for the leader to see the new password: %w: %w", webhook.ErrUnavailable, err)
	}
	return nil
}
