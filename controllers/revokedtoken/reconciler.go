package revokedtoken

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/controllers/replica"
)

// longestLife is the longest that anything can live: the upper bound of a realm's refreshTTL. It
// follows from no setting, as a setting may change while tokens live on.
const longestLife = 2160 * time.Hour

// acknowledgements say whether every replica that may be answering knows a RevokedToken.
type acknowledgements interface {
	Judge(client.Object) replica.Verdict
	// Forget: nobody will ask again.
	Forget(types.NamespacedName)
}

// Reconciler tells of RevokedTokens, and deletes them when they have expired.
type Reconciler struct {
	client   client.Client
	replicas acknowledgements
	now      func() time.Time
}

// New returns a Reconciler that reads and writes through c.
func New(c client.Client, replicas acknowledgements, now func() time.Time) *Reconciler {
	return &Reconciler{client: c, replicas: replicas, now: now}
}

// Reconcile deletes t if its time has come, else it says how far t is enforced.
func (r *Reconciler) Reconcile(ctx context.Context, t *v1alpha1.RevokedToken) (reconcile.Result, error) {
	if !t.DeletionTimestamp.IsZero() {
		r.replicas.Forget(client.ObjectKeyFromObject(t))
		return reconcile.Result{}, nil
	}
	left := expiry(t).Sub(r.now())
	if left <= 0 {
		return reconcile.Result{}, r.collect(ctx, t)
	}
	again, err := r.report(ctx, t)
	if again > 0 {
		left = min(left, again)
	}
	return reconcile.Result{RequeueAfter: left}, err
}

func (r *Reconciler) collect(ctx context.Context, t *v1alpha1.RevokedToken) error {
	err := r.client.Delete(ctx, t, client.Preconditions{UID: &t.UID})
	if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) { // conflict: another of its name
		return fmt.Errorf("delete revokedtoken %q: %w", t.Name, err)
	}
	r.replicas.Forget(client.ObjectKeyFromObject(t))
	return nil
}

// expiry is when nothing that t names can be alive.
func expiry(t *v1alpha1.RevokedToken) time.Time {
	if t.Spec.ExpiresAt != nil {
		return t.Spec.ExpiresAt.Time
	}
	return t.CreationTimestamp.Add(longestLife)
}
