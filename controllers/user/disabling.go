package user

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
)

// disabling is one time that a user was disabled. It is the request itself, rather than the User, so that
// somebody who is enabled again before the leader has come to it isn't forgotten.
type disabling struct {
	namespace, name string
	uid             types.UID
	generation      int64
}

// Disabler revokes the logins of users who are disabled.
type Disabler struct{ Config }

// Reconcile revokes the logins that had begun when d happened, unless that is done.
func (r *Disabler) Reconcile(ctx context.Context, d disabling) (reconcile.Result, error) {
	name := v1alpha1.DisabledRevocationName(string(d.uid), d.generation)
	err := r.Client.Get(ctx, client.ObjectKey{Namespace: d.namespace, Name: name}, &v1alpha1.RevokedToken{})
	if err == nil || client.IgnoreNotFound(err) != nil {
		return reconcile.Result{}, err
	}
	user := &v1alpha1.User{ObjectMeta: metav1.ObjectMeta{Namespace: d.namespace, Name: d.name, UID: d.uid}}
	return reconcile.Result{}, revokeLogins(ctx, r.Client, r.Events, user, name, "user disabled")
}

func setupDisabling(mgr manager.Manager, c Config) error {
	return builder.TypedControllerManagedBy[disabling](mgr).
		Named("user-disabling").
		Watches(&v1alpha1.User{}, disablings()).
		WithOptions(controller.TypedOptions[disabling]{
			RateLimiter: workqueue.NewTypedItemExponentialFailureRateLimiter[disabling](minRetry, maxRetry),
		}).
		Complete(&Disabler{c})
}

// disablings makes a request of each disabling that the watch shows.
func disablings() handler.TypedEventHandler[client.Object, disabling] {
	type queue = workqueue.TypedRateLimitingInterface[disabling]
	return handler.TypedFuncs[client.Object, disabling]{
		CreateFunc: func(_ context.Context, e event.TypedCreateEvent[client.Object], q queue) {
			if user, ok := e.Object.(*v1alpha1.User); ok && user.Spec.Disabled {
				q.Add(disablingOf(user))
			}
		},
		UpdateFunc: func(_ context.Context, e event.TypedUpdateEvent[client.Object], q queue) {
			before, ok := e.ObjectOld.(*v1alpha1.User)
			after, also := e.ObjectNew.(*v1alpha1.User)
			if ok && also && newlyDisabled(before, after) {
				q.Add(disablingOf(after))
			}
		},
	}
}

// newlyDisabled tells whether after may have been enabled since before: it was, or the watch has missed
// what was in between.
func newlyDisabled(before, after *v1alpha1.User) bool {
	if !after.Spec.Disabled {
		return false
	}
	stayed := before.Spec.Disabled && before.UID == after.UID && after.Generation <= before.Generation+1
	return !stayed
}

func disablingOf(user *v1alpha1.User) disabling {
	return disabling{namespace: user.Namespace, name: user.Name, uid: user.UID, generation: user.Generation}
}
