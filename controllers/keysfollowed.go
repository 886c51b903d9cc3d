package controllers

import (
	"context"
	"fmt"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/controllers/replica"
)

// +kubebuilder:rbac:groups=coordination.k8s.io,namespace=latchkey,resources=leases,verbs=list

// keysFollowed tells from the Leases of replicas, read live, who knows the keys of a realm.
type keysFollowed struct {
	live      client.Reader
	namespace string // where the Leases are
}

// KeysFollowed says whether every replica that hasn't ended knows the key Secret of the realm in namespace
// as it was at resourceVersion.
func (k keysFollowed) KeysFollowed(ctx context.Context, namespace, resourceVersion string) (replica.Verdict, error) {
	leases := &coordinationv1.LeaseList{}
	if err := k.live.List(ctx, leases, client.InNamespace(k.namespace), client.HasLabels{replica.Label}); err != nil {
		return replica.Verdict{}, fmt.Errorf("list leases of replicas: %w", err)
	}
	v := replica.Verdict{InForce: metav1.ConditionTrue}
	for _, lease := range leases.Items {
		state := replica.Read(&lease)
		switch {
		case state.Incarnation == "": // ended
			continue
		case state.Followed.Key(namespace, resourceVersion):
			v.Passed++
		case v.InForce == metav1.ConditionTrue:
			v.InForce = metav1.ConditionFalse
			v.Message = fmt.Sprintf("replica %s doesn't know the next key yet", state.Name)
		}
		v.Total++
	}
	return v, nil
}
