package session

import (
	"context"
	"fmt"
	"maps"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
)

// +kubebuilder:rbac:groups=auth.latchkey.dev,resources=sessions,verbs=get;list;watch;patch;delete
// +kubebuilder:rbac:groups=auth.latchkey.dev,resources=revokedtokens,verbs=get;list;watch;create
// +kubebuilder:rbac:groups=auth.latchkey.dev,resources=realms,verbs=get;list;watch
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// Fields by which RevokedTokens and Sessions are indexed.
const (
	sessionField  = "spec.sessionID"          // of RevokedTokens
	userField     = "spec.user.name"          // of RevokedTokens
	userNameField = "metadata.labels.user"    // of Sessions
	userUIDField  = "metadata.labels.useruid" // of Sessions
)

// Retries of what failed come at these intervals: soon, and after an outage within half a minute.
const (
	minRetry = 5 * time.Millisecond
	maxRetry = 30 * time.Second
)

// Setup adds the controller to mgr. A Session is looked at when it is made, changes or is deleted, when a
// RevokedToken appears that names it, when the realm allows another number per user, and when it expires.
func Setup(ctx context.Context, mgr manager.Manager, c Config) error {
	for _, index := range []struct {
		of    client.Object
		field string
		value client.IndexerFunc
	}{
		{&v1alpha1.RevokedToken{}, sessionField, namedSession},
		{&v1alpha1.RevokedToken{}, userField, namedUser},
		{newSession(), userNameField, label(v1alpha1.SessionUserLabel)},
		{newSession(), userUIDField, label(v1alpha1.SessionUserUIDLabel)},
	} {
		if err := mgr.GetFieldIndexer().IndexField(ctx, index.of, index.field, index.value); err != nil {
			return fmt.Errorf("index by %s: %w", index.field, err)
		}
	}
	reconciler := New(c)
	sessions := finder{reader: c.Client}
	return ctrl.NewControllerManagedBy(mgr).
		Named("session").
		For(&v1alpha1.Session{}, builder.OnlyMetadata, builder.WithPredicates(metadataChanged())).
		Watches(&v1alpha1.RevokedToken{}, handler.EnqueueRequestsFromMapFunc(sessions.named), builder.WithPredicates(creation())).
		Watches(&v1alpha1.Realm{}, handler.EnqueueRequestsFromMapFunc(sessions.of), builder.WithPredicates(maxPerUserChanged())).
		WithOptions(controller.Options{
			RateLimiter: workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](minRetry, maxRetry),
		}).
		Complete(reconcile.Func(func(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
			session := newSession()
			if err := c.Client.Get(ctx, request.NamespacedName, session); err != nil {
				return reconcile.Result{}, client.IgnoreNotFound(err)
			}
			return reconciler.Reconcile(ctx, session)
		}))
}

func newSession() *metav1.PartialObjectMetadata {
	s := &metav1.PartialObjectMetadata{}
	s.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("Session"))
	return s
}

func newList() *metav1.PartialObjectMetadataList {
	l := &metav1.PartialObjectMetadataList{}
	l.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("SessionList"))
	return l
}

func namedSession(o client.Object) []string {
	if t, ok := o.(*v1alpha1.RevokedToken); ok && t.Spec.SessionID != "" {
		return []string{t.Spec.SessionID}
	}
	return nil
}

func namedUser(o client.Object) []string {
	if t, ok := o.(*v1alpha1.RevokedToken); ok && t.Spec.User != nil {
		return []string{t.Spec.User.Name}
	}
	return nil
}

func label(name string) client.IndexerFunc {
	return func(o client.Object) []string {
		if value := o.GetLabels()[name]; value != "" {
			return []string{value}
		}
		return nil
	}
}

// metadataChanged leaves out what refresh writes.
func metadataChanged() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		return e.ObjectOld.GetDeletionTimestamp().IsZero() != e.ObjectNew.GetDeletionTimestamp().IsZero() ||
			!maps.Equal(e.ObjectOld.GetLabels(), e.ObjectNew.GetLabels()) ||
			!maps.Equal(e.ObjectOld.GetAnnotations(), e.ObjectNew.GetAnnotations())
	}}
}

// creation admits what is new: a RevokedToken can't be changed, and its end revives nothing.
func creation() predicate.Predicate {
	return predicate.Funcs{
		UpdateFunc: func(event.UpdateEvent) bool { return false },
		DeleteFunc: func(event.DeleteEvent) bool { return false },
	}
}

// maxPerUserChanged admits Realms that allow another number of logins than before.
func maxPerUserChanged() predicate.Predicate {
	return predicate.Funcs{
		CreateFunc: func(event.CreateEvent) bool { return false },
		DeleteFunc: func(event.DeleteEvent) bool { return false },
		UpdateFunc: func(e event.UpdateEvent) bool {
			before, ok := e.ObjectOld.(*v1alpha1.Realm)
			after, also := e.ObjectNew.(*v1alpha1.Realm)
			return ok && also && before.Spec.Sessions.MaxPerUser != after.Spec.Sessions.MaxPerUser
		},
	}
}

// finder finds the Sessions that something else reaches.
type finder struct{ reader client.Reader }

func (f finder) named(ctx context.Context, o client.Object) []reconcile.Request {
	token, ok := o.(*v1alpha1.RevokedToken)
	switch {
	case ok && token.Spec.SessionID != "":
		return []reconcile.Request{{NamespacedName: types.NamespacedName{Namespace: token.Namespace, Name: token.Spec.SessionID}}}
	case ok && token.Spec.User != nil:
		return f.find(ctx, token.Namespace, client.MatchingFields{userNameField: token.Spec.User.Name})
	default:
		return nil
	}
}

func (f finder) of(ctx context.Context, realm client.Object) []reconcile.Request {
	return f.find(ctx, realm.GetNamespace())
}

// find lists from a cache, which doesn't fail once it has started.
func (f finder) find(ctx context.Context, namespace string, options ...client.ListOption) []reconcile.Request {
	sessions := newList()
	if err := f.reader.List(ctx, sessions, append(options, client.InNamespace(namespace), client.UnsafeDisableDeepCopy)...); err != nil {
		ctrl.LoggerFrom(ctx).Info("can't list sessions", "realm", namespace, "error", err.Error())
		return nil
	}
	requests := make([]reconcile.Request, 0, len(sessions.Items))
	for _, s := range sessions.Items {
		requests = append(requests, reconcile.Request{NamespacedName: types.NamespacedName{Namespace: s.Namespace, Name: s.Name}})
	}
	return requests
}
