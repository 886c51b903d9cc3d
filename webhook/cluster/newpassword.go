package cluster

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/webhook"
	"github.com/latchkey-auth/latchkey/webhook/directory"
)

// ReplacePassword gives a user another password instead of the one in the Secret that
// known names. If they have another by now, are another or disabled, nothing is changed: who knew
// the old password mustn't overwrite what an administrator has set meanwhile.
func (a Accounts) ReplacePassword(ctx context.Context, realm string, known *directory.User, passwordHash string) error {
	ctx, cancel := detached(ctx)
	defer cancel()
	_, err := a.renewing(passwordHash)(ctx, realm, known.Name, func(user *v1alpha1.User) error {
		ref := user.Spec.PasswordSecretRef
		if string(user.UID) != known.UID || user.Spec.Disabled || ref == nil || ref.Name != known.PasswordSecret {
			return webhook.ErrConflict
		}
		return nil
	})
	return err
}

// SetPassword gives a user another password by the rights of whoever writes: unlike over HTTP, whose password they may
// choose is for the API server alone to say.
func (a Accounts) SetPassword(ctx context.Context, realm, name, passwordHash string) error {
	ctx, cancel := detached(ctx)
	defer cancel()
	_, err := a.renewing(passwordHash)(ctx, realm, name, func(*v1alpha1.User) error { return nil })
	return err
}

// renewing is a change that gives the user another password, too, in this order: its
// Secret, the User that names it, the revocation of the logins before, and the end of the
// old Secret. After any of them the user has one password, and what is missing the leader
// does: it collects the Secret that nobody names, and revokes.
func (a Accounts) renewing(passwordHash string) func(context.Context, string, string, func(*v1alpha1.User) error) (*v1alpha1.User, error) {
	return func(ctx context.Context, realm, name string, edit func(*v1alpha1.User) error) (*v1alpha1.User, error) {
		former, err := a.get(ctx, realm, name)
		if err != nil {
			return nil, err
		}
		secret, err := a.storePassword(ctx, realm, name, passwordHash)
		if err != nil {
			return nil, err
		}
		user, err := a.change(ctx, realm, name, func(user *v1alpha1.User) error {
			if err := edit(user); err != nil {
				return err
			}
			user.Spec.PasswordSecretRef = &v1alpha1.PasswordSecretReference{Name: secret.Name}
			return nil
		})
		if err != nil {
			a.withdraw(ctx, secret, err)
			return nil, err
		}
		if err := a.endLogins(ctx, user, secret); err != nil {
			return nil, err
		}
		if ref := former.Spec.PasswordSecretRef; ref != nil {
			a.dropSecret(ctx, realm, ref.Name)
		}
		return user, nil
	}
}

// withdraw deletes the Secret of a User that wasn't stored, because of err. If that is all
// that is known, the User may name the Secret: then it stays, and if nobody names it the
// leader collects it.
func (a Accounts) withdraw(ctx context.Context, secret *corev1.Secret, err error) {
	if !errors.Is(err, webhook.ErrUnavailable) {
		_ = a.client.Delete(ctx, secret)
	}
}

// endLogins revokes every login that was made before the password in secret. The leader
// would do the same under the same name.
func (a Accounts) endLogins(ctx context.Context, user *v1alpha1.User, secret *corev1.Secret) error {
	return a.revoke(ctx, &v1alpha1.RevokedToken{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: user.Namespace,
			Name:      v1alpha1.PasswordRevocationName(string(user.UID), string(secret.UID), secret.ResourceVersion),
		},
		Spec: v1alpha1.RevokedTokenSpec{
			User:   &v1alpha1.RevokedUser{Name: user.Name, UID: user.UID}, // up to its creation, by the API server's clock
			Reason: "password changed",
		},
	})
}

// storePassword writes a Secret for a user's new password.
func (a Accounts) storePassword(ctx context.Context, realm, username, hash string) (*corev1.Secret, error) {
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: realm, GenerateName: v1alpha1.PasswordSecretPrefix(username),
			Labels: map[string]string{v1alpha1.ManagedByLabel: v1alpha1.ManagedByLatchkey},
		},
		Type: v1alpha1.PasswordSecretType,
		Data: map[string][]byte{v1alpha1.PasswordHashDataKey: []byte(hash)},
	}
	if err := a.client.Create(ctx, secret); err != nil {
		// The reason alone: the text of an error may quote what was sent.
		return nil, fmt.Errorf("create password Secret: %w: %s", webhook.ErrUnavailable, apierrors.ReasonForError(err))
	}
	return secret, nil
}

// dropSecret deletes a password Secret that this endpoint once made. One that a person
// made stays theirs, and one that can't be deleted now is an orphan of the leader's.
func (a Accounts) dropSecret(ctx context.Context, realm, name string) {
	secret := &corev1.Secret{}
	if err := a.client.Get(ctx, types.NamespacedName{Namespace: realm, Name: name}, secret); err != nil {
		return
	}
	if secret.Type == v1alpha1.PasswordSecretType && secret.Labels[v1alpha1.ManagedByLabel] == v1alpha1.ManagedByLatchkey {
		_ = a.client.Delete(ctx, secret, client.Preconditions{UID: &secret.UID})
	}
}
