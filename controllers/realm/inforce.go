package realm

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/controllers/replica"
)

// inForce sets replicas, and takes Ready back while a replica judges by an earlier generation or without the keys
// that go with this one. It isn't settled while that isn't known and nothing else is wrong: then one write will say it all.
func (r *Reconciler) inForce(ctx context.Context, before, realm *v1alpha1.Realm) (verdict replica.Verdict, settled bool, err error) {
	told := before.Status.ObservedGeneration == realm.Generation
	if told && replica.All(before.Status.Replicas) {
		r.Replicas.Forget(client.ObjectKeyFromObject(realm))
		return replica.Verdict{}, true, nil // for this generation it was, and stays so
	}
	ready := meta.IsStatusConditionTrue(realm.Status.Conditions, v1alpha1.ConditionReady)
	keys := ""
	if ready { // else what stands in the Secret isn't what the spec asks for
		if keys, err = r.keysVersion(ctx, realm.Namespace); err != nil {
			return replica.Verdict{}, false, err
		}
	}
	verdict = r.Replicas.JudgeWithKeys(realm, keys)
	if ready && verdict.InForce == metav1.ConditionTrue && signsByAnother(realm) {
		verdict = awaitRotation(realm)
	}
	if verdict.Known() || !told {
		realm.Status.Replicas = verdict.Replicas()
	}
	if ready && verdict.Known() && verdict.InForce != metav1.ConditionTrue {
		setCondition(realm, v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonNotYetInForce, verdict.Message)
	}
	return verdict, verdict.Known() || !ready, nil
}

// keysVersion is the resourceVersion of the key Secret, live: a replica that knows it knows all keys that were made for
// this generation, and which it distrusts. "" if there is none; then its absence is what wakes the controller.
func (r *Reconciler) keysVersion(ctx context.Context, namespace string) (string, error) {
	secret := &metav1.PartialObjectMetadata{}
	secret.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Secret"))
	err := r.Live.Get(ctx, client.ObjectKey{Namespace: namespace, Name: v1alpha1.SigningKeysSecretName}, secret)
	if client.IgnoreNotFound(err) != nil {
		return "", fmt.Errorf("get the version of secret %s: %w", v1alpha1.SigningKeysSecretName, err)
	}
	return secret.ResourceVersion, nil
}

// signsByAnother tells whether the active key has another algorithm than the spec asks for.
func signsByAnother(realm *v1alpha1.Realm) bool {
	return slices.ContainsFunc(realm.Status.Keys, func(k v1alpha1.RealmKeyStatus) bool {
		return k.ID == realm.Status.ActiveKeyID && k.Algorithm != realm.Spec.Tokens.Algorithm
	})
}

// awaitRotation isn't known while the key that the spec asks for is on its way, and a no when that takes long. What
// becomes of it the keeper of keys looks after.
func awaitRotation(realm *v1alpha1.Realm) replica.Verdict {
	keys := meta.FindStatusCondition(realm.Status.Conditions, v1alpha1.ConditionKeysReady)
	if keys == nil || keys.Reason != v1alpha1.ReasonRotationWaits {
		return replica.Verdict{}
	}
	return replica.Verdict{
		InForce: metav1.ConditionFalse, Reason: v1alpha1.ReasonRotationWaits,
		Message: fmt.Sprintf("tokens aren't signed with %s yet: the condition KeysReady says why", realm.Spec.Tokens.Algorithm),
	}
}
