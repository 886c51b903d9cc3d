package realm

import (
	"context"
	"errors"
	"fmt"
	"time"

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
	"github.com/latchkey-auth/latchkey/webhook/token"
)

// retryUnreachable is how soon rights on the key Secret that are missing are tried again: nothing
// tells when somebody grants them.
const retryUnreachable = 10 * time.Second

// Config is what a Reconciler works with. All of it is required.
type Config struct {
	// Client patches status.
	Client client.Client
	// Live reads from the API server.
	Live client.Reader
	// Keys keeps the key Secret.
	Keys keeper
	// Replicas say whether a realm is in force.
	Replicas acknowledgements
	// Issuer resolves the issuer of a realm from spec.issuer and its namespace.
	Issuer func(specIssuer, namespace string) string
	// Events tells people.
	Events events.EventRecorder
}

// keeper makes the key Secret of a realm what it should be and returns what it holds then, whether its next
// step waits for something, and, in Again, when to come back. An error that knows the reason of a condition
// (problem) is a person's to solve; others pass by trying again.
type keeper interface {
	Ensure(ctx context.Context, realm *v1alpha1.Realm) (token.Document, replica.Verdict, error)
}

// acknowledgements say whether every replica that may be answering judges by a Realm's generation, and knows its key
// Secret as it was at a resourceVersion ("": or doesn't).
type acknowledgements interface {
	JudgeWithKeys(realm client.Object, keys string) replica.Verdict
	// Forget: nobody will ask again.
	Forget(types.NamespacedName)
}

type problem interface {
	error
	Reason() string
}

// Reconciler tells, in status, whether logins are possible and with which keys.
type Reconciler struct{ Config }

// New returns a Reconciler.
func New(c Config) *Reconciler { return &Reconciler{c} }

// Reconcile runs each step against realm, then patches status once if a step changed it.
func (r *Reconciler) Reconcile(ctx context.Context, realm *v1alpha1.Realm) (reconcile.Result, error) {
	if !realm.DeletionTimestamp.IsZero() {
		r.Replicas.Forget(client.ObjectKeyFromObject(realm))
		return reconcile.Result{}, nil // no new keys for what is going away
	}
	before := realm.DeepCopy()
	result, err := r.reportKeys(ctx, realm)
	if err != nil {
		return reconcile.Result{}, err
	}
	realm.Status.Issuer = r.Issuer(realm.Spec.Issuer, realm.Namespace)
	realm.Status.ObservedGeneration = realm.Generation
	summarize(realm)
	verdict, settled, err := r.inForce(ctx, before, realm)
	if err != nil {
		return reconcile.Result{}, err
	}
	if verdict.Again > 0 && (result.RequeueAfter == 0 || verdict.Again < result.RequeueAfter) {
		result.RequeueAfter = verdict.Again
	}
	if !settled || equality.Semantic.DeepEqual(before.Status, realm.Status) {
		return result, nil
	}
	patch := client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
	if err := r.Client.Status().Patch(ctx, realm, patch); err != nil {
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	if verdict.InForce == metav1.ConditionTrue {
		r.Replicas.Forget(client.ObjectKeyFromObject(realm))
	}
	r.announce(before, realm)
	return result, nil
}

// reportKeys sets KeysReady and what status says of keys.
func (r *Reconciler) reportKeys(ctx context.Context, realm *v1alpha1.Realm) (reconcile.Result, error) {
	document, next, err := r.Keys.Ensure(ctx, realm)
	if p, ok := errors.AsType[problem](err); ok {
		setCondition(realm, v1alpha1.ConditionKeysReady, metav1.ConditionFalse, p.Reason(), p.Error())
		if p.Reason() == v1alpha1.ReasonKeysUnreachable {
			return reconcile.Result{RequeueAfter: retryUnreachable}, nil
		}
		return reconcile.Result{}, nil // what status said of keys is still what replicas use
	}
	if err != nil {
		return reconcile.Result{}, fmt.Errorf("keep keys of realm %q: %w", realm.Namespace, err)
	}
	reason, message := judgeKeys(realm, document, next)
	setCondition(realm, v1alpha1.ConditionKeysReady, metav1.ConditionTrue, reason, message)
	realm.Status.Keys = describe(document, realm.Spec.Keys.RotationPeriod.Duration)
	realm.Status.ActiveKeyID = activeID(document)
	return reconcile.Result{RequeueAfter: next.Again}, nil
}

// summarize sets Ready from the conditions before it.
func summarize(realm *v1alpha1.Realm) {
	if meta.IsStatusConditionTrue(realm.Status.Conditions, v1alpha1.ConditionKeysReady) {
		setCondition(realm, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady, "users can log in to this realm")
		return
	}
	setCondition(realm, v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonKeysNotReady, "the condition KeysReady says why")
}

func setCondition(realm *v1alpha1.Realm, kind string, status metav1.ConditionStatus, reason, message string) {
	meta.SetStatusCondition(&realm.Status.Conditions, metav1.Condition{
		Type: kind, Status: status, Reason: reason, Message: message, ObservedGeneration: realm.Generation,
	})
}

// announce tells once, after it was written, what changed about the keys.
func (r *Reconciler) announce(before, after *v1alpha1.Realm) {
	was := meta.FindStatusCondition(before.Status.Conditions, v1alpha1.ConditionKeysReady)
	is := meta.FindStatusCondition(after.Status.Conditions, v1alpha1.ConditionKeysReady)
	told := was != nil && was.Reason == is.Reason && (was.Message == is.Message || is.Reason == v1alpha1.ReasonRotationWaits)
	if told { // which replica it waits for may change often
		return
	}
	kind := corev1.EventTypeWarning
	switch is.Reason {
	case v1alpha1.ReasonReady, v1alpha1.ReasonKeysCreated, v1alpha1.ReasonKeyRotated:
		kind = corev1.EventTypeNormal
	}
	r.Events.Eventf(after, nil, kind, is.Reason, "KeepKeys", "%s", is.Message)
}
