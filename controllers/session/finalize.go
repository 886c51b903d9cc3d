package session

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
)

// longestAccess is the longest life of an access token, from the moment at which the last one can
// have been made.
const longestAccess = 24 * time.Hour

// finalize revokes the login of a Session that is being deleted, and then lets it go.
func (r *Reconciler) finalize(ctx context.Context, key client.ObjectKey) error {
	session := &v1alpha1.Session{}
	if err := r.Live.Get(ctx, key, session); err != nil {
		return client.IgnoreNotFound(err)
	}
	before := session.DeepCopy()
	if session.DeletionTimestamp.IsZero() || !controllerutil.RemoveFinalizer(session, v1alpha1.SessionFinalizer) {
		return nil
	}
	if err := r.revoke(ctx, session); err != nil {
		return err
	}
	patch := client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
	if err := r.Client.Patch(ctx, session, patch); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("remove finalizer of session %q: %w", session.Name, err)
	}
	return nil
}

// revoke writes the RevokedToken of the login, unless all of its tokens are dead anyway.
func (r *Reconciler) revoke(ctx context.Context, session *v1alpha1.Session) error {
	now := r.Now()
	if !now.Before(session.Spec.ExpiresAt.Time) {
		return nil
	}
	if found, err := r.inRealm(ctx, session.Namespace); err != nil || !found {
		return err
	}
	expires := metav1.NewTime(now.Add(longestAccess).UTC())
	if cookie := session.Spec.CookieExpiresAt; cookie != nil && cookie.After(expires.Time) {
		expires = *cookie
	}
	err := r.Client.Create(ctx, &v1alpha1.RevokedToken{
		ObjectMeta: metav1.ObjectMeta{Namespace: session.Namespace, Name: v1alpha1.SessionRevocationName(session.Name)},
		Spec:       v1alpha1.RevokedTokenSpec{SessionID: session.Name, Reason: "session deleted", ExpiresAt: &expires},
	})
	switch {
	case apierrors.IsAlreadyExists(err): // a logout, or this leader before it died
		return nil
	case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause): // nothing in it is valid any more
		return nil
	case err != nil:
		return fmt.Errorf("create revokedtoken of session %q: %w", session.Name, err)
	}
	return nil
}

// inRealm asks a cache first, and the API server before it believes that there is no Realm.
func (r *Reconciler) inRealm(ctx context.Context, namespace string) (bool, error) {
	key := client.ObjectKey{Namespace: namespace, Name: v1alpha1.RealmName}
	err := r.Client.Get(ctx, key, &v1alpha1.Realm{})
	if apierrors.IsNotFound(err) {
		err = r.Live.Get(ctx, key, &v1alpha1.Realm{})
	}
	return err == nil, client.IgnoreNotFound(err)
}
