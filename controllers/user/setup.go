package user

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
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

// +kubebuilder:rbac:groups=auth.latchkey.dev,resources=users;roles;realms;revokedtokens,verbs=get;list;watch
// +kubebuilder:rbac:groups=auth.latchkey.dev,resources=users/status,verbs=patch
// +kubebuilder:rbac:groups=auth.latchkey.dev,resources=revokedtokens,verbs=create
// +kubebuilder:rbac:groups=auth.latchkey.dev,resources=sessions,verbs=list
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch
// +kubebuilder:rbac:groups="",namespace=realm,resources=secrets,verbs=get;update;delete

// Fields by which Users are indexed.
const (
	rolesField  = "spec.roles"
	secretField = "spec.passwordSecretRef.name"
)

// workers reconcile Users side by side, as each waits for the API server; they hash one at a time.
const workers = 4

// Retries of what failed come at these intervals: soon, and after an outage within half a minute.
const (
	minRetry = 5 * time.Millisecond
	maxRetry = 30 * time.Second
)

// Config is what the controllers work with. All of it is required.
type Config struct {
	// Client reads from a cache, but for Secrets, and writes.
	Client client.Client
	// Live reads from the API server.
	Live client.Reader
	// Events tells people.
	Events events.EventRecorder
	// Now is the time.
	Now func() time.Time
}

// SecretEvents tells of password Secrets that changed.
type SecretEvents = <-chan event.TypedGenericEvent[types.NamespacedName]

// Setup adds the three controllers to mgr. A User is reconciled when its spec changes, when status
// was lost, when a Role that it names or the Realm appears or disappears, and when secrets tells of its
// password Secret. orphans tells of the same Secrets again.
func Setup(ctx context.Context, mgr manager.Manager, c Config, secrets, orphans SecretEvents) error {
	for field, of := range map[string]client.IndexerFunc{rolesField: roleNames, secretField: secretName} {
		if err := mgr.GetFieldIndexer().IndexField(ctx, &v1alpha1.User{}, field, of); err != nil {
			return fmt.Errorf("index users by %s: %w", field, err)
		}
	}
	if err := setupReconciler(mgr, c, secrets); err != nil {
		return err
	}
	if err := setupDisabling(mgr, c); err != nil {
		return err
	}
	return setupOrphans(mgr, c, orphans)
}

func setupReconciler(mgr manager.Manager, c Config, secrets SecretEvents) error {
	reconciler := New(c)
	users := finder{reader: c.Client}
	return ctrl.NewControllerManagedBy(mgr).
		Named("user").
		For(&v1alpha1.User{}, builder.WithPredicates(predicate.Or(predicate.GenerationChangedPredicate{}, statusLost()))).
		Watches(&v1alpha1.Role{}, handler.EnqueueRequestsFromMapFunc(users.holding), builder.WithPredicates(existence())).
		Watches(&v1alpha1.Realm{}, handler.EnqueueRequestsFromMapFunc(users.of), builder.WithPredicates(existence())).
		WatchesRawSource(source.Channel(secrets, handler.TypedEnqueueRequestsFromMapFunc(users.naming))).
		WithOptions(controller.Options{
			MaxConcurrentReconciles: workers,
			RateLimiter:             workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](minRetry, maxRetry),
		}).
		Complete(reconcile.Func(func(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
			// Live: what status names as revoked decides whether to revoke.
			user := &v1alpha1.User{}
			if err := c.Live.Get(ctx, request.NamespacedName, user); err != nil {
				return reconcile.Result{}, client.IgnoreNotFound(err)
			}
			return reconciler.Reconcile(ctx, user)
		}))
}

// statusLost admits a change of what logins wait for, and the loss of a status: by whatever hand, it
// is made true again.
func statusLost() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		before, ok := e.ObjectOld.(*v1alpha1.User)
		after, also := e.ObjectNew.(*v1alpha1.User)
		return ok && also && (before.Status.PasswordFingerprint != after.Status.PasswordFingerprint || len(after.Status.Conditions) == 0)
	}}
}

// existence admits what appears and disappears, and what begins to.
func existence() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		return e.ObjectOld.GetDeletionTimestamp().IsZero() != e.ObjectNew.GetDeletionTimestamp().IsZero()
	}}
}

func roleNames(o client.Object) []string {
	user, ok := o.(*v1alpha1.User)
	if !ok {
		return nil
	}
	names := make([]string, 0, len(user.Spec.Roles))
	for _, name := range user.Spec.Roles {
		names = append(names, string(name))
	}
	return names
}

func secretName(o client.Object) []string {
	user, ok := o.(*v1alpha1.User)
	if !ok || user.Spec.PasswordSecretRef == nil {
		return nil
	}
	return []string{user.Spec.PasswordSecretRef.Name}
}

// finder finds the Users that a change of something else reaches.
type finder struct{ reader client.Reader }

func (f finder) holding(ctx context.Context, role client.Object) []reconcile.Request {
	return f.find(ctx, role.GetNamespace(), client.MatchingFields{rolesField: role.GetName()})
}

func (f finder) of(ctx context.Context, realm client.Object) []reconcile.Request {
	return f.find(ctx, realm.GetNamespace())
}

func (f finder) naming(ctx context.Context, secret types.NamespacedName) []reconcile.Request {
	return f.find(ctx, secret.Namespace, client.MatchingFields{secretField: secret.Name})
}

// find lists from a cache, which doesn't fail once it has started.
func (f finder) find(ctx context.Context, namespace string, options ...client.ListOption) []reconcile.Request {
	users := &v1alpha1.UserList{}
	if err := f.reader.List(ctx, users, append(options, client.InNamespace(namespace), client.UnsafeDisableDeepCopy)...); err != nil {
		ctrl.LoggerFrom(ctx).Info("can't list users", "realm", namespace, "error", err.Error())
		return nil
	}
	requests := make([]reconcile.Request, 0, len(users.Items))
	for _, u := range users.Items {
		requests = append(requests, reconcile.Request{NamespacedName: types.NamespacedName{Namespace: u.Namespace, Name: u.Name}})
	}
	return requests
}
