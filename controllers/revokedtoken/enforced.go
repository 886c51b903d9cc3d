package revokedtoken

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/controllers/replica"
)

// staleAgain is when to look again at what the cache held no longer as it is: changes of status wake nobody.
const staleAgain = time.Second

// report sets Enforced from what replicas have acknowledged, and says when to look again; 0: when told to.
// What was once enforced stays so: a replica that starts later knows it before it answers.
func (r *Reconciler) report(ctx context.Context, t *v1alpha1.RevokedToken) (again time.Duration, err error) {
	key := client.ObjectKeyFromObject(t)
	if meta.IsStatusConditionTrue(t.Status.Conditions, v1alpha1.ConditionEnforced) {
		r.replicas.Forget(key)
		return 0, nil
	}
	verdict := r.replicas.Judge(t)
	if !verdict.Known() {
		return verdict.Again, nil
	}
	before := t.DeepCopy()
	r.describe(t, verdict)
	if !equality.Semantic.DeepEqual(before.Status, t.Status) {
		patch := client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
		switch err := r.client.Status().Patch(ctx, t, patch); {
		case apierrors.IsConflict(err):
			return staleAgain, nil
		case err != nil:
			return 0, client.IgnoreNotFound(err)
		}
	}
	if verdict.InForce == metav1.ConditionTrue {
		r.replicas.Forget(key)
	}
	return verdict.Again, nil
}

func (r *Reconciler) describe(t *v1alpha1.RevokedToken, verdict replica.Verdict) {
	reason, message := verdict.Reason, verdict.Message
	if verdict.InForce == metav1.ConditionTrue {
		reason, message = v1alpha1.ReasonEnforced, enforced(verdict)
		t.Status.EnforcedAt = new(metav1.NewTime(r.now()).Rfc3339Copy())
	}
	t.Status.ObservedGeneration = t.Generation
	t.Status.Replicas = verdict.Replicas()
	for _, kind := range []string{v1alpha1.ConditionEnforced, v1alpha1.ConditionReady} { // Ready, for tools that know no other
		meta.SetStatusCondition(&t.Status.Conditions, metav1.Condition{
			Type: kind, Status: verdict.InForce, Reason: reason, Message: message, ObservedGeneration: t.Generation,
		})
	}
}

func enforced(verdict replica.Verdict) string {
	message := fmt.Sprintf("refused by %s replicas, %s after the leader saw it", verdict.Replicas(), brief(verdict.Took))
	if verdict.Total == 0 {
		message = "no replica is answering; one that starts knows it before it answers"
	}
	if verdict.Message != "" {
		message += "; " + verdict.Message
	}
	return message
}

// brief is a duration in milliseconds, or in seconds where those say enough.
func brief(d time.Duration) string {
	if d < 10*time.Second {
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return d.Round(time.Second).String()
}
