package session

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
)

// longestAccess is the longest life of an access token, from the moment at which the last one can
// have been made.
const longestAccess = 24 * time.Hour

// finalize revokes the login of a Session that is being deleted, and then lets it go.
func (r *Reconciler) finalize(ctx context.Context, key client.ObjectKey) error {
	session, spec, err := r.read(ctx, key)
	if err != nil {
		return client.IgnoreNotFound(err)
	}
	before := session.DeepCopy()
	if session.GetDeletionTimestamp().IsZero() || !controllerutil.RemoveFinalizer(session, v1alpha1.SessionFinalizer) {
		return nil
	}
	if err := r.revoke(ctx, key, spec); err != nil {
		if apierrors.IsForbidden(err) || apierrors.IsInvalid(err) { // it won't mend itself
			r.Events.Eventf(before, nil, corev1.EventTypeWarning, v1alpha1.ReasonSessionNotRevoked, "EndSession",
				"the API server refuses the RevokedToken of this login, whose tokens go on working until it is written: %v", err)
		}
		return err
	}
	patch := client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
	if err := r.Client.Patch(ctx, session, patch); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("remove finalizer of session %q: %w", key.Name, err)
	}
	return nil
}

// revoke writes the RevokedToken of the login, unless all of its tokens are dead anyway.
func (r *Reconciler) revoke(ctx context.Context, key client.ObjectKey, spec v1alpha1.SessionSpec) error {
	now := r.Now()
	switch {
	case !spec.ExpiresAt.IsZero() && !now.Before(spec.ExpiresAt.Time):
		return nil
	case len(validation.IsDNS1123Label(key.Name)) > 0: // no sid, so no token can name it
		return nil
	}
	if found, err := r.inRealm(ctx, key.Namespace); err != nil || !found {
		return err
	}
	err := r.Client.Create(ctx, &v1alpha1.RevokedToken{
		ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: v1alpha1.SessionRevocationName(key.Name)},
		Spec:       v1alpha1.RevokedTokenSpec{SessionID: key.Name, Reason: "session deleted", ExpiresAt: until(spec, now)},
	})
	switch {
	case apierrors.IsAlreadyExists(err): // a logout, or this leader before it died
		return nil
	case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause): // nothing in it is valid any more
		return nil
	case err != nil:
		return fmt.Errorf("create revokedtoken of session %q: %w", key.Name, err)
	}
	return nil
}

// until is when no token of a login that ends now can be alive. Nil, which is the longest that anything
// lives, where the spec can't be read.
func until(spec v1alpha1.SessionSpec, now time.Time) *metav1.Time {
	if spec.ExpiresAt.IsZero() {
		return nil
	}
	expires := metav1.NewTime(now.Add(longestAccess).UTC())
	if cookie := spec.CookieExpiresAt; cookie != nil && cookie.After(expires.Time) {
		expires = *cookie
	}
	return &expires
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
