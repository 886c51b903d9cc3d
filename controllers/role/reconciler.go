package role

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/controllers/replica"
)

// acknowledgements say whether every replica that may be answering judges by a Role's generation.
type acknowledgements interface {
	Judge(client.Object) replica.Verdict
	// Forget: nobody will ask again.
	Forget(types.NamespacedName)
}

// Reconciler explains, in status, what a Role amounts to. It owns the condition Ready.
type Reconciler struct {
	client   client.Client
	replicas acknowledgements
	events   events.EventRecorder
}

// New returns a Reconciler that reads and writes through c and tells people through recorder.
func New(c client.Client, replicas acknowledgements, recorder events.EventRecorder) *Reconciler {
	return &Reconciler{client: c, replicas: replicas, events: recorder}
}

// Reconcile patches the status of role once, if it isn't true any more.
func (r *Reconciler) Reconcile(ctx context.Context, role *v1alpha1.Role) (reconcile.Result, error) {
	if !role.DeletionTimestamp.IsZero() {
		r.replicas.Forget(client.ObjectKeyFromObject(role))
		return reconcile.Result{}, nil // grants nothing any more
	}
	before := role.DeepCopy()
	if err := r.resolve(ctx, role); err != nil {
		return reconcile.Result{}, err
	}
	verdict, settled := r.inForce(before, role)
	result := reconcile.Result{RequeueAfter: verdict.Again}
	if !settled || equality.Semantic.DeepEqual(before.Status, role.Status) {
		return result, nil
	}
	patch := client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
	if err := r.client.Status().Patch(ctx, role, patch); err != nil {
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	if verdict.InForce == metav1.ConditionTrue {
		r.replicas.Forget(client.ObjectKeyFromObject(role))
	}
	r.announce(before, role)
	return result, nil
}

// inForce sets replicas, and takes Ready back while a replica judges by an earlier generation. It isn't settled
// while that isn't known and nothing else is wrong: then one write will say it all.
func (r *Reconciler) inForce(before, role *v1alpha1.Role) (verdict replica.Verdict, settled bool) {
	told := before.Status.ObservedGeneration == role.Generation
	if told && replica.All(before.Status.Replicas) {
		r.replicas.Forget(client.ObjectKeyFromObject(role))
		return replica.Verdict{}, true // for this generation it was, and stays so
	}
	ready := meta.IsStatusConditionTrue(role.Status.Conditions, v1alpha1.ConditionReady)
	verdict = r.replicas.Judge(role)
	if verdict.Known() || !told {
		role.Status.Replicas = verdict.Replicas()
	}
	if ready && verdict.Known() && verdict.InForce != metav1.ConditionTrue {
		setReady(role, metav1.ConditionFalse, v1alpha1.ReasonNotYetInForce, verdict.Message)
	}
	return verdict, verdict.Known() || !ready
}

// resolve sets effectiveRoles and Ready from the Roles of the namespace.
func (r *Reconciler) resolve(ctx context.Context, role *v1alpha1.Role) error {
	var failed error
	closure := resolve(role.Name, func(name string) (includes []string, exists bool) {
		if name == role.Name {
			return effectiveIncludes(role), true
		}
		other := &v1alpha1.Role{}
		err := r.client.Get(ctx, client.ObjectKey{Namespace: role.Namespace, Name: name}, other)
		if client.IgnoreNotFound(err) != nil {
			failed = errors.Join(failed, fmt.Errorf("get role %q: %w", name, err))
		}
		return effectiveIncludes(other), err == nil && other.DeletionTimestamp.IsZero()
	})
	if failed != nil {
		return failed
	}
	ready, reason, message := closure.judge()
	role.Status.ObservedGeneration = role.Generation
	role.Status.EffectiveRoles = closure.effective
	setReady(role, ready, reason, message)
	return nil
}

func setReady(role *v1alpha1.Role, status metav1.ConditionStatus, reason, message string) {
	meta.SetStatusCondition(&role.Status.Conditions, metav1.Condition{
		Type: v1alpha1.ConditionReady, Status: status, Reason: reason, Message: message,
		ObservedGeneration: role.Generation,
	})
}

// announce tells once, after it was written, what is wrong with includes, and that it is well again.
func (r *Reconciler) announce(before, after *v1alpha1.Role) {
	was := meta.FindStatusCondition(before.Status.Conditions, v1alpha1.ConditionReady)
	is := meta.FindStatusCondition(after.Status.Conditions, v1alpha1.ConditionReady)
	switch {
	case was != nil && was.Reason == is.Reason && was.Message == is.Message:
	case is.Status == metav1.ConditionFalse:
		r.events.Eventf(after, nil, corev1.EventTypeWarning, is.Reason, "ResolveIncludes", "%s", is.Message)
	case was != nil:
		r.events.Eventf(after, nil, corev1.EventTypeNormal, is.Reason, "ResolveIncludes", "%s", is.Message)
	}
}
