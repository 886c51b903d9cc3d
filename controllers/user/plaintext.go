package user

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/webhook/password"
)

// takePlaintext replaces the plaintext in secret by its hash, in one update that also removes the annotation
// in which kubectl keeps what was applied. If the hash that is there verifies it already, that hash
// stays, so that applying a manifest again ends no login. It returns what keeps it from doing so.
func (r *Reconciler) takePlaintext(ctx context.Context, user *v1alpha1.User, secret *corev1.Secret, plaintext string) (problem, error) {
	invalid := func(format string, args ...any) (problem, error) {
		return problem{v1alpha1.ReasonPasswordHashInvalid, fmt.Sprintf(format, args...)}, nil
	}
	if secret.Immutable != nil && *secret.Immutable {
		return invalid("Secret %q is immutable, so the plaintext in it can't be hashed and removed: create another", secret.Name)
	}
	if err := password.CheckNew(plaintext, 1); err != nil {
		return invalid("%s in Secret %q can't be used: %s", v1alpha1.PasswordDataKey, secret.Name, err)
	}
	told := "the plaintext in Secret %q is the password already, and was removed"
	if !r.verifies(secret, plaintext) {
		hash, err := r.hash(plaintext)
		if err != nil {
			return problem{}, err
		}
		secret.Data[v1alpha1.PasswordHashDataKey] = []byte(hash)
		told = "the plaintext password in Secret %q was hashed and removed"
	}
	delete(secret.Data, v1alpha1.PasswordDataKey)
	delete(secret.Annotations, corev1.LastAppliedConfigAnnotation)
	switch err := r.Client.Update(ctx, secret); { // compares the resourceVersion that was read
	case apierrors.IsForbidden(err):
		return unreachable(secret.Name), nil
	case err != nil:
		return problem{}, fmt.Errorf("update secret %q: %w", secret.Name, err)
	}
	r.Events.Eventf(user, nil, corev1.EventTypeNormal, v1alpha1.ReasonPasswordHashed, "HashPassword", told, secret.Name)
	return problem{}, nil
}

func (r *Reconciler) verifies(secret *corev1.Secret, plaintext string) bool {
	hash, err := password.Parse(string(secret.Data[v1alpha1.PasswordHashDataKey]))
	if err != nil {
		return false
	}
	r.hashing.Lock()
	defer r.hashing.Unlock()
	return hash.Verify(plaintext)
}

func (r *Reconciler) hash(plaintext string) (string, error) {
	r.hashing.Lock()
	defer r.hashing.Unlock()
	return password.Default().Make(plaintext)
}
