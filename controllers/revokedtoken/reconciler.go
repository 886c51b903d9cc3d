package revokedtoken

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
)

// +kubebuilder:rbac:groups=auth.latchkey.dev,resources=revokedtokens,verbs=get;list;watch;delete

// longestLife is the longest that anything can live: the upper bound of a realm's refreshTTL. It
// follows from no setting, as a setting may change while tokens live on.
const longestLife = 2160 * time.Hour

// Reconciler deletes RevokedTokens when they have expired.
type Reconciler struct {
	client client.Client
	now    func() time.Time
}

// New returns a Reconciler that reads and writes through c.
func New(c client.Client, now func() time.Time) *Reconciler { return &Reconciler{client: c, now: now} }

// Reconcile deletes t if its time has come, else it asks to be called again then.
func (r *Reconciler) Reconcile(ctx context.Context, t *v1alpha1.RevokedToken) (reconcile.Result, error) {
	if !t.DeletionTimestamp.IsZero() {
		return reconcile.Result{}, nil
	}
	if left := expiry(t).Sub(r.now()); left > 0 {
		return reconcile.Result{RequeueAfter: left}, nil
	}
	err := r.client.Delete(ctx, t, client.Preconditions{UID: &t.UID})
	if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) { // conflict: another of its name
		return reconcile.Result{}, fmt.Errorf("delete revokedtoken %q: %w", t.Name, err)
	}
	return reconcile.Result{}, nil
}

// expiry is when nothing that t names can be alive.
func expiry(t *v1alpha1.RevokedToken) time.Time {
	if t.Spec.ExpiresAt != nil {
		return t.Spec.ExpiresAt.Time
	}
	return t.CreationTimestamp.Add(longestLife)
}

// Setup adds the controller to mgr. A RevokedToken is looked at when it appears, as it can't be
// changed, and when it expires.
func Setup(mgr manager.Manager, now func() time.Time) error {
	unchanging := predicate.Funcs{UpdateFunc: func(event.UpdateEvent) bool { return false }}
	return ctrl.NewControllerManagedBy(mgr).
		Named("revokedtoken").
		For(&v1alpha1.RevokedToken{}, builder.WithPredicates(unchanging)).
		Complete(reconcile.AsReconciler(mgr.GetClient(), New(mgr.GetClient(), now)))
}
