package user

import (
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
)

// orphanAge is how long a password Secret of ours may be without a User. The users endpoint writes the
// Secret first; if it dies before the User, a retry within this time finds the Secret.
const orphanAge = 10 * time.Minute

// Collector deletes password Secrets that the users endpoint made and no User names. It watches each for
// orphanAge itself, unchanged and without a User all the while, and so depends on neither the age of
// a Secret nor on how fresh the cache is. It works on one at a time.
type Collector struct {
	Config
	orphans map[types.NamespacedName]orphan
}

// orphan is a Secret in the state in which it was first seen without a User.
type orphan struct {
	uid     types.UID
	version string
	since   time.Time
}

// NewCollector returns a Collector that knows of no orphan yet.
func NewCollector(c Config) *Collector {
	return &Collector{Config: c, orphans: map[types.NamespacedName]orphan{}}
}

// Reconcile looks at one Secret.
func (r *Collector) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	named, err := r.named(ctx, request.NamespacedName)
	if err != nil {
		return reconcile.Result{}, err
	}
	secret := &corev1.Secret{}
	if !named {
		err = r.Live.Get(ctx, request.NamespacedName, secret)
		if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsForbidden(err) { // forbidden: in no realm
			return reconcile.Result{}, fmt.Errorf("get secret %q: %w", request.Name, err)
		}
	}
	if secret.Type != v1alpha1.PasswordSecretType || secret.Labels[v1alpha1.ManagedByLabel] != v1alpha1.ManagedByLatchkey {
		delete(r.orphans, request.NamespacedName)
		return reconcile.Result{}, nil
	}
	known := r.orphans[request.NamespacedName]
	if known.uid != secret.UID || known.version != secret.ResourceVersion {
		known = orphan{uid: secret.UID, version: secret.ResourceVersion, since: r.Now()}
		r.orphans[request.NamespacedName] = known
	}
	if left := known.since.Add(orphanAge).Sub(r.Now()); left > 0 {
		return reconcile.Result{RequeueAfter: left}, nil
	}
	err = r.Client.Delete(ctx, secret, client.Preconditions{UID: &secret.UID, ResourceVersion: &secret.ResourceVersion})
	if client.IgnoreNotFound(err) != nil {
		return reconcile.Result{}, fmt.Errorf("delete secret %q: %w", secret.Name, err)
	}
	delete(r.orphans, request.NamespacedName)
	return reconcile.Result{}, nil
}

// named tells whether any User names the Secret.
func (r *Collector) named(ctx context.Context, secret types.NamespacedName) (bool, error) {
	users := &v1alpha1.UserList{}
	err := r.Client.List(ctx, users, client.InNamespace(secret.Namespace), client.MatchingFields{secretField: secret.Name}, client.Limit(1))
	if err != nil {
		return false, fmt.Errorf("list users of secret %q: %w", secret.Name, err)
	}
	return len(users.Items) > 0, nil
}

// setupOrphans has a Secret looked at when secrets tells of it, and when a User ceases to name it.
func setupOrphans(mgr manager.Manager, c Config, secrets SecretEvents) error {
	return ctrl.NewControllerManagedBy(mgr).
		Named("user-orphan").
		Watches(&v1alpha1.User{}, handler.Funcs{
			UpdateFunc: func(_ context.Context, e event.UpdateEvent, q workqueue.TypedRateLimitingInterface[reconcile.Request]) {
				if !slices.Equal(secretName(e.ObjectOld), secretName(e.ObjectNew)) {
					left(e.ObjectOld, q)
				}
			},
			DeleteFunc: func(_ context.Context, e event.DeleteEvent, q workqueue.TypedRateLimitingInterface[reconcile.Request]) {
				left(e.Object, q)
			},
		}).
		WatchesRawSource(source.Channel(secrets, handler.TypedEnqueueRequestsFromMapFunc(itself))).
		Complete(NewCollector(c))
}

// left asks about the Secret that o named.
func left(o client.Object, q workqueue.TypedRateLimitingInterface[reconcile.Request]) {
	for _, name := range secretName(o) {
		q.Add(reconcile.Request{NamespacedName: types.NamespacedName{Namespace: o.GetNamespace(), Name: name}})
	}
}

func itself(_ context.Context, secret types.NamespacedName) []reconcile.Request {
	return []reconcile.Request{{NamespacedName: secret}}
}
