package user

import (
	"context"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
)

// retryUnreachable is how soon rights on a password Secret that are missing are tried again:
// nothing tells when somebody grants them.
const retryUnreachable = 10 * time.Second

// Reconciler explains, in status, whether a user can log in. It owns Ready and the password's fingerprint.
type Reconciler struct {
	Config
	hashing sync.Mutex // a hash costs a core and 19 MiB: one at a time
}

// New returns a Reconciler.
func New(c Config) *Reconciler { return &Reconciler{Config: c} }

// Reconcile has the steps look at user, then patches status once if they found it untrue. user must
// have been read live.
func (r *Reconciler) Reconcile(ctx context.Context, user *v1alpha1.User) (reconcile.Result, error) {
	if !user.DeletionTimestamp.IsZero() {
		return reconcile.Result{}, nil // gone, as far as anybody is concerned
	}
	before := user.DeepCopy()
	found := findings{disabled: user.Spec.Disabled}
	for _, step := range []func(context.Context, *v1alpha1.User, *findings) error{
		r.findRealm,
		r.findPassword, // hashes a plaintext, and revokes logins when the password changed
		r.findRoles,
	} {
		if err := step(ctx, user, &found); err != nil {
			return reconcile.Result{}, fmt.Errorf("reconcile user %q: %w", user.Name, err)
		}
	}
	ready, reason, message := found.judge()
	user.Status.ObservedGeneration = user.Generation
	meta.SetStatusCondition(&user.Status.Conditions, metav1.Condition{
		Type: v1alpha1.ConditionReady, Status: ready, Reason: reason, Message: message, ObservedGeneration: user.Generation,
	})
	var result reconcile.Result
	if reason == v1alpha1.ReasonPasswordSecretUnreachable {
		result.RequeueAfter = retryUnreachable
	}
	if equality.Semantic.DeepEqual(before.Status, user.Status) {
		return result, nil
	}
	patch := client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
	if err := r.Client.Status().Patch(ctx, user, patch); err != nil {
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	r.announce(before, user)
	return result, nil
}

func (r *Reconciler) findRealm(ctx context.Context, user *v1alpha1.User, found *findings) error {
	exists, err := r.exists(ctx, user.Namespace, v1alpha1.RealmName, &v1alpha1.Realm{})
	found.noRealm = !exists
	return err
}

func (r *Reconciler) findRoles(ctx context.Context, user *v1alpha1.User, found *findings) error {
	for _, name := range roleNames(user) {
		exists, err := r.exists(ctx, user.Namespace, name, &v1alpha1.Role{})
		if err != nil {
			return fmt.Errorf("get role %q: %w", name, err)
		}
		if !exists {
			found.unknownRoles = append(found.unknownRoles, name)
		}
	}
	return nil
}

// exists asks the cache, and the API server before it says no: what was applied together is there, though
// the cache may not know yet. What is being deleted is gone.
func (r *Reconciler) exists(ctx context.Context, namespace, name string, o client.Object) (bool, error) {
	key := client.ObjectKey{Namespace: namespace, Name: name}
	err := r.Client.Get(ctx, key, o)
	if apierrors.IsNotFound(err) {
		err = r.Live.Get(ctx, key, o)
	}
	return err == nil && o.GetDeletionTimestamp().IsZero(), client.IgnoreNotFound(err)
}

// announce tells once, after it was written, what is wrong with a user, and that it is well again.
func (r *Reconciler) announce(before, after *v1alpha1.User) {
	was := meta.FindStatusCondition(before.Status.Conditions, v1alpha1.ConditionReady)
	is := meta.FindStatusCondition(after.Status.Conditions, v1alpha1.ConditionReady)
	switch {
	case was != nil && was.Reason == is.Reason && was.Message == is.Message:
	case is.Status == metav1.ConditionTrue && was == nil: // a new user that is as it should be is no news
	case is.Status == metav1.ConditionTrue, is.Reason == v1alpha1.ReasonDisabled:
		r.Events.Eventf(after, nil, corev1.EventTypeNormal, is.Reason, "Judge", "%s", is.Message)
	default:
		r.Events.Eventf(after, nil, corev1.EventTypeWarning, is.Reason, "Judge", "%s", is.Message)
	}
}
