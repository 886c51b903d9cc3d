package replica_test

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/latchkey-auth/latchkey/controllers/replica"
)

func TestVerdictReplicas(t *testing.T) {
	for name, test := range map[string]struct {
		verdict replica.Verdict
		want    string
		all     bool
	}{
		"all of three":                     {replica.Verdict{InForce: metav1.ConditionTrue, Passed: 3, Total: 3}, "3/3", true},
		"nobody serves":                    {replica.Verdict{InForce: metav1.ConditionTrue}, "0/0", true},
		"one is missing":                   {replica.Verdict{InForce: metav1.ConditionFalse, Passed: 2, Total: 3}, "2/3", false},
		"one is assumed gone":              {replica.Verdict{InForce: metav1.ConditionUnknown, Passed: 9, Total: 10}, "9/10", false},
		"nothing is known":                 {replica.Verdict{}, "", false},
		"it can't be known who the others": {replica.Verdict{InForce: metav1.ConditionFalse}, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := test.verdict.Replicas(); got != test.want {
				t.Errorf("Replicas() = %q, want %q", got, test.want)
			}
			if got := replica.All(test.want); got != test.all {
				t.Errorf("All(%q) = %v", test.want, got)
			}
		})
	}
	for _, text := range []string{"", "/", "3", "3/", "/3", "x/x", "-1/-1", "2/3", "3/3/3"} {
		if replica.All(text) {
			t.Errorf("All(%q) is true", text)
		}
	}
}
