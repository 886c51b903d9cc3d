package user

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/webhook/password"
)

// findPassword looks at the password Secret of user, as it is now.
func (r *Reconciler) findPassword(ctx context.Context, user *v1alpha1.User, found *findings) error {
	if found.noRealm {
		return nil // its Secrets are not ours to read
	}
	if user.Spec.PasswordSecretRef == nil {
		found.password = problem{v1alpha1.ReasonNoPassword, "spec.passwordSecretRef isn't set, so nobody can log in as this user"}
		return nil
	}
	name := user.Spec.PasswordSecretRef.Name
	secret := &corev1.Secret{}
	err := r.Live.Get(ctx, client.ObjectKey{Namespace: user.Namespace, Name: name}, secret)
	switch {
	case apierrors.IsNotFound(err):
		found.password = problem{v1alpha1.ReasonPasswordSecretNotFound, fmt.Sprintf(
			"there is no Secret %q in this namespace: create it with type %s", name, v1alpha1.PasswordSecretType)}
		return nil
	case apierrors.IsForbidden(err):
		found.password = unreachable(name)
		return nil
	case err != nil:
		return fmt.Errorf("get secret %q: %w", name, err)
	case secret.Type != v1alpha1.PasswordSecretType:
		found.password = problem{v1alpha1.ReasonPasswordSecretWrongType, fmt.Sprintf(
			"Secret %q isn't of type %s, and only such a one holds a password; types can't be changed, so create another", name, v1alpha1.PasswordSecretType)}
		return nil
	}
	if plaintext, ok := secret.Data[v1alpha1.PasswordDataKey]; ok {
		if found.password, err = r.takePlaintext(ctx, user, secret, string(plaintext)); err != nil {
			return err
		}
	}
	return r.judgeHash(ctx, user, secret, found)
}

// judgeHash says whether the hash of secret can be verified, and revokes logins if it is another than
// the one before – verifiable or not: the password that they were made with isn't the user's any more.
func (r *Reconciler) judgeHash(ctx context.Context, user *v1alpha1.User, secret *corev1.Secret, found *findings) error {
	text := string(secret.Data[v1alpha1.PasswordHashDataKey])
	if text == "" {
		found.blame(problem{v1alpha1.ReasonNoPassword, fmt.Sprintf(
			"Secret %q holds no %s and no %s: write one of them", secret.Name, v1alpha1.PasswordHashDataKey, v1alpha1.PasswordDataKey)})
		return nil
	}
	hash, err := password.Parse(text)
	if err != nil {
		found.blame(problem{v1alpha1.ReasonPasswordHashInvalid, fmt.Sprintf(
			"%s in Secret %q can't be used: %s", v1alpha1.PasswordHashDataKey, secret.Name, err)})
	}
	found.weak = err == nil && hash.Weaker(password.Default())
	return r.revokeChanged(ctx, user, secret, password.Fingerprint(text))
}

// revokeChanged revokes the logins of user if the password has changed since status was written, and
// only then names the new one in status. See the package's documentation for why nothing slips through.
func (r *Reconciler) revokeChanged(ctx context.Context, user *v1alpha1.User, secret *corev1.Secret, fingerprint string) error {
	if user.Status.PasswordFingerprint == fingerprint {
		return nil
	}
	mayHaveLogins := user.Status.PasswordFingerprint != ""
	if !mayHaveLogins {
		var err error
		if mayHaveLogins, err = r.hasSessions(ctx, user); err != nil {
			return err
		}
	}
	if mayHaveLogins {
		name := v1alpha1.PasswordRevocationName(string(user.UID), string(secret.UID), secret.ResourceVersion)
		if err := revokeLogins(ctx, r.Client, r.Events, user, name, "password changed"); err != nil {
			return err
		}
	}
	user.Status.PasswordFingerprint = fingerprint
	return nil
}

// hasSessions asks the API server: a cache that doesn't know of a login yet would let it live.
func (r *Reconciler) hasSessions(ctx context.Context, user *v1alpha1.User) (bool, error) {
	sessions := &metav1.PartialObjectMetadataList{}
	sessions.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("SessionList"))
	err := r.Live.List(ctx, sessions, client.InNamespace(user.Namespace), client.Limit(1),
		client.MatchingLabels{v1alpha1.SessionUserUIDLabel: string(user.UID)})
	if err != nil {
		return false, fmt.Errorf("list sessions: %w", err)
	}
	return len(sessions.Items) > 0, nil
}

func unreachable(secret string) problem {
	return problem{v1alpha1.ReasonPasswordSecretUnreachable, fmt.Sprintf(
		"Latchkey may not read or write Secret %q: a RoleBinding in this namespace makes it a realm, see config/realm", secret)}
}
