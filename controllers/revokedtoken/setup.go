package revokedtoken

import (
	"context"
	"time"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
)

// +kubebuilder:rbac:groups=auth.latchkey.dev,resources=revokedtokens,verbs=get;list;watch;delete
// +kubebuilder:rbac:groups=auth.latchkey.dev,resources=revokedtokens/status,verbs=patch

// Setup adds the controller to mgr. A RevokedToken is looked at when it appears, as it can't be changed, when
// changes tells that replicas may have acknowledged it, and when it expires.
func Setup(mgr manager.Manager, replicas acknowledgements, changes source.Source, now func() time.Time) error {
	reconciler := New(mgr.GetClient(), replicas, now)
	unchanging := predicate.Funcs{UpdateFunc: func(event.UpdateEvent) bool { return false }}
	return ctrl.NewControllerManagedBy(mgr).
		Named("revokedtoken").
		For(&v1alpha1.RevokedToken{}, builder.WithPredicates(unchanging)).
		WatchesRawSource(changes).
		Complete(reconcile.Func(func(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
			t := &v1alpha1.RevokedToken{}
			err := mgr.GetClient().Get(ctx, request.NamespacedName, t)
			if client.IgnoreNotFound(err) != nil {
				return reconcile.Result{}, err
			}
			if err != nil {
				replicas.Forget(request.NamespacedName)
				return reconcile.Result{}, nil
			}
			return reconciler.Reconcile(ctx, t)
		}))
}
