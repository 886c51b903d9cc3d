package realm

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
)

// +kubebuilder:rbac:groups=auth.latchkey.dev,resources=realms,verbs=get;list;watch
// +kubebuilder:rbac:groups=auth.latchkey.dev,resources=realms/status,verbs=patch
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// Retries of what failed come at these intervals: soon, and after an outage within half a minute.
const (
	minRetry = 5 * time.Millisecond
	maxRetry = 30 * time.Second
)

// Setup adds the controller to mgr. A Realm is reconciled when its spec changes, when secrets tells
// of its key Secret, when the next step of a key's life is due, and when changes tells that replicas may
// have acknowledged it. It is read live: Realms are few, and neither keys nor what is said of them should follow
// from what a cache still holds.
func Setup(mgr manager.Manager, c Config, secrets <-chan event.TypedGenericEvent[types.NamespacedName], changes source.Source) error {
	reconciler := New(c)
	return ctrl.NewControllerManagedBy(mgr).
		Named("realm").
		For(&v1alpha1.Realm{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		WatchesRawSource(source.Channel(secrets, handler.TypedEnqueueRequestsFromMapFunc(ofSecret))).
		WatchesRawSource(changes).
		WithOptions(controller.Options{
			RateLimiter: workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](minRetry, maxRetry),
		}).
		Complete(reconcile.Func(func(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
			realm := &v1alpha1.Realm{}
			err := mgr.GetAPIReader().Get(ctx, request.NamespacedName, realm)
			if client.IgnoreNotFound(err) != nil {
				return reconcile.Result{}, err
			}
			if err != nil {
				c.Replicas.Forget(request.NamespacedName)
				return reconcile.Result{}, nil
			}
			return reconciler.Reconcile(ctx, realm)
		}))
}

func ofSecret(_ context.Context, secret types.NamespacedName) []reconcile.Request {
	return []reconcile.Request{{NamespacedName: types.NamespacedName{Namespace: secret.Namespace, Name: v1alpha1.RealmName}}}
}
