package controllertest

import (
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
)

// Ready returns the condition Ready of an object as "True Reason: message"; "" if it has none,
// and if it speaks of another generation than the object's.
func Ready(o client.Object) string { return Condition(o, v1alpha1.ConditionReady) }

// Condition returns a condition of an object as Ready does.
func Condition(o client.Object, kind string) string {
	c := meta.FindStatusCondition(conditions(o), kind)
	if c == nil || c.ObservedGeneration != o.GetGeneration() {
		return ""
	}
	return fmt.Sprintf("%s %s: %s", c.Status, c.Reason, c.Message)
}

func conditions(o client.Object) []metav1.Condition {
	switch o := o.(type) {
	case *v1alpha1.Realm:
		return o.Status.Conditions
	case *v1alpha1.User:
		return o.Status.Conditions
	case *v1alpha1.Role:
		return o.Status.Conditions
	case *v1alpha1.RevokedToken:
		return o.Status.Conditions
	default:
		return nil
	}
}
