package v1alpha1_test

import (
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// aCondition is a merge patch of a status with one condition of this time.
func aCondition(lastTransitionTime string) string {
	return fmt.Sprintf(`{"status": {"conditions": [{"type": "Ready", "status": "True", "reason": "Ready", "message": "",
		"lastTransitionTime": %s}]}}`, lastTransitionTime)
}

// manyConditions is a merge patch of a status with nine.
func manyConditions() string {
	all := ""
	for i := range 9 {
		all += fmt.Sprintf(`, {"type": "C%d", "status": "True", "reason": "R", "message": "", "lastTransitionTime": "2026-01-02T15:04:05Z"}`, i)
	}
	return `{"status": {"conditions": [` + all[2:] + `]}}`
}

// A status is written by Latchkey, but whoever else may write one must not be able to break every typed LIST.
var _ = Describe("A status", func() {
	const conditionTime = `lastTransitionTime must be a time such as 2026-01-02T15:04:05Z`
	for _, manifest := range []string{aRealm(""), aUser(""), aRole(""), aRevokedToken("tokenID: a")} {
		kind := parsed(manifest, "").GetKind()
		DescribeTable("of a "+kind+" is refused",
			func(ctx SpecContext, patch string, want ...string) {
				object := created(ctx, manifest, aNamespace(ctx))
				err := api.Status().Patch(ctx, object, client.RawPatch(types.MergePatchType, []byte(patch)))
				Expect(causes(err)).To(ConsistOf(want))
			},
			Entry("when a condition's time is in lower case", aCondition(`"2026-01-02t15:04:05z"`),
				`status.conditions: Invalid value: "array": `+isLowerCase+` evaluating rule: `+conditionTime),
			Entry("when a condition's time is a list", aCondition(`[]`),
				`status.conditions: Invalid value: "array": `+isAList+` evaluating rule: `+conditionTime),
			Entry("when a condition's time would be written back as null", aCondition(`"0001-01-01T00:00:00Z"`),
				`status.conditions: Invalid value: `+conditionTime),
			Entry("when it has 9 conditions", manyConditions(), `status.conditions: Too many: 9: must have at most 8 items`),
		)
	}
})
