package session

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
)

// Config is what a Reconciler works with. All of it is required.
type Config struct {
	// Client reads from a cache, in which Sessions are metadata only, and writes.
	Client client.Client
	// Live reads from the API server.
	Live client.Reader
	// Events tells people.
	Events events.EventRecorder
	// Now is the time.
	Now func() time.Time
}

// Reconciler ends Sessions when their time has come.
type Reconciler struct{ Config }

// New returns a Reconciler.
func New(c Config) *Reconciler { return &Reconciler{c} }

// Reconcile decides whether session stays, and until when.
func (r *Reconciler) Reconcile(ctx context.Context, session *metav1.PartialObjectMetadata) (reconcile.Result, error) {
	if !session.DeletionTimestamp.IsZero() {
		return reconcile.Result{}, r.finalize(ctx, client.ObjectKeyFromObject(session))
	}
	l, err := r.describe(ctx, session)
	if err != nil {
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	ended := !r.Now().Before(l.expires)
	if !ended {
		if ended, err = r.revoked(ctx, session.Namespace, l); err != nil {
			return reconcile.Result{}, err
		}
	}
	if ended {
		return reconcile.Result{}, r.end(ctx, session)
	}
	if err := r.endOldest(ctx, session.Namespace, l.user); err != nil {
		return reconcile.Result{}, err
	}
	return reconcile.Result{RequeueAfter: l.expires.Sub(r.Now())}, nil
}

// revoked tells whether a RevokedToken names l.
func (r *Reconciler) revoked(ctx context.Context, namespace string, l login) (bool, error) {
	for field, value := range map[string]string{sessionField: l.sid, userField: l.user.Name} {
		tokens := &v1alpha1.RevokedTokenList{}
		err := r.Client.List(ctx, tokens, client.InNamespace(namespace), client.MatchingFields{field: value}, client.UnsafeDisableDeepCopy)
		if err != nil {
			return false, fmt.Errorf("list revokedtokens by %s: %w", field, err)
		}
		if slices.ContainsFunc(tokens.Items, func(t v1alpha1.RevokedToken) bool { return l.namedBy(&t) }) {
			return true, nil
		}
	}
	return false, nil
}

// end deletes session, if it is still the one that was judged.
func (r *Reconciler) end(ctx context.Context, session *metav1.PartialObjectMetadata) error {
	err := r.Client.Delete(ctx, session, client.Preconditions{UID: &session.UID})
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("delete session %q: %w", session.Name, err)
	}
	return nil
}

// endOldest ends the oldest Sessions of user beyond those that the realm allows.
func (r *Reconciler) endOldest(ctx context.Context, namespace string, user v1alpha1.SessionUser) error {
	realm := &v1alpha1.Realm{}
	if err := r.Client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: v1alpha1.RealmName}, realm); err != nil {
		return client.IgnoreNotFound(err)
	}
	sessions := newList()
	err := r.Client.List(ctx, sessions, client.InNamespace(namespace), client.MatchingFields{userUIDField: string(user.UID)})
	if err != nil {
		return fmt.Errorf("list sessions of user %q: %w", user.Name, err)
	}
	live := slices.DeleteFunc(sessions.Items, func(s metav1.PartialObjectMetadata) bool { return !s.DeletionTimestamp.IsZero() })
	slices.SortFunc(live, func(a, b metav1.PartialObjectMetadata) int {
		return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(a.Name, b.Name))
	})
	for len(live) > int(realm.Spec.Sessions.MaxPerUser) {
		if err := r.end(ctx, &live[0]); err != nil {
			return err
		}
		r.Events.Eventf(&live[0], nil, corev1.EventTypeNormal, v1alpha1.ReasonSessionRevoked, "EndSession",
			"user %q has more than %d logins (sessions.maxPerUser), so the oldest was ended", user.Name, realm.Spec.Sessions.MaxPerUser)
		live = live[1:]
	}
	return nil
}
