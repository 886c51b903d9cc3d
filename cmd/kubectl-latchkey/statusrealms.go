package main

import (
	"context"
	"io"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
)

// realmReport is how one realm does.
type realmReport struct {
	Namespace   string                    `json:"namespace"`
	Issuer      string                    `json:"issuer"`
	ActiveKeyID string                    `json:"activeKeyID"`
	Keys        []v1alpha1.RealmKeyStatus `json:"keys"`
	Replicas    string                    `json:"replicas"`
	Ready       metav1.ConditionStatus    `json:"ready"`
	Reason      string                    `json:"reason"`
	Message     string                    `json:"message"`
}

func (r *report) realms(ctx context.Context, c *clusterClient, _ *installation, _ func() time.Time) error {
	list := &v1alpha1.RealmList{}
	if err := c.List(ctx, list, client.InNamespace(c.realm)); err != nil {
		return err
	}
	for i := range list.Items {
		one := describeRealm(&list.Items[i])
		if one.Ready != metav1.ConditionTrue {
			r.problem("realm %q isn't Ready: %s", one.Namespace, one.Message)
		}
		r.Realms = append(r.Realms, one)
	}
	switch {
	case len(list.Items) > 0:
	case c.realm == "":
		r.problem("no namespace holds a Realm")
	default:
		r.problem("namespace %q holds no Realm: name another with --namespace, or see all with -A", c.realm)
	}
	return nil
}

// describeRealm takes what status says of another generation for nothing.
func describeRealm(realm *v1alpha1.Realm) realmReport {
	one := realmReport{
		Namespace: realm.Namespace, Issuer: realm.Status.Issuer, ActiveKeyID: realm.Status.ActiveKeyID, Keys: realm.Status.Keys,
		Replicas: realm.Status.Replicas, Ready: metav1.ConditionUnknown,
		Message: "the leader hasn't looked at it as it is now: is latchkey controller running?",
	}
	if ready := meta.FindStatusCondition(realm.Status.Conditions, v1alpha1.ConditionReady); ready != nil && ready.ObservedGeneration == realm.Generation {
		one.Ready, one.Reason, one.Message = ready.Status, ready.Reason, ready.Message
	}
	return one
}

func tableOfRealms(w io.Writer, realms []realmReport) error {
	rows := [][]string{{"REALM", "READY", "REASON", "REPLICAS", "ISSUER", "ACTIVE KEY", "KEYS"}}
	for _, one := range realms {
		var keys []string
		for _, key := range one.Keys {
			keys = append(keys, key.State+" "+key.Algorithm)
		}
		rows = append(rows, []string{one.Namespace, string(one.Ready), one.Reason, one.Replicas, one.Issuer, one.ActiveKeyID, strings.Join(keys, ", ")})
	}
	return printTable(w, rows)
}
