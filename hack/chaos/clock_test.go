//go:build chaos

package chaos_test

import (
	"fmt"
	"path/filepath"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/latchkey-auth/latchkey/hack/stack"
)

// clockOff runs one replica on a machine whose clock is wrong, first ahead and then behind.
func clockOff(ctx SpecContext) {
	s := begin(ctx, "one clock 2 min off", "where replicas must agree on time they use the API server's: whatever one of them issues, ends or checks is right at all of them")
	wrong, right := serving[2], binary
	for _, seconds := range []int{120, -120} {
		wrong.stop()
		wrong.launch.Binary = buildSkewed(ctx, filepath.Join(folder, fmt.Sprintf("skewed%+d", seconds)), seconds)
		wrong.restart(ctx)
		for i, p := range serving {
			there := logIn(ctx, p, userName(6)) // accepted everywhere at once
			load.Add(there)
			here := logIn(ctx, serving[(i+1)%len(serving)], userName(7))
			load.Add(here)
			logOut(ctx, p, here)
		}
		user := map[bool]string{true: "ahead", false: "behind"}[seconds > 0]
		aUser(ctx, user)
		disabledAndBack(ctx, user, wrong)
		s.remark("clock off by %s", time.Duration(seconds)*time.Second)
	}
	wrong.stop()
	wrong.launch.Binary = right
	wrong.restart(ctx)
	s.end(ctx)
}

// disabledAndBack has a login at a replica ended by disabling its user; one from after that lives, whatever
// the replica's clock says.
func disabledAndBack(ctx SpecContext, user string, at *process) {
	GinkgoHelper()
	before := logIn(ctx, at, user)
	load.Add(before)
	before.Ending()
	k(ctx, "patch", "lkuser", user, "--type=merge", "-p", `{"spec":{"disabled":true}}`)
	untilDead(ctx, "a disabled user", before)
	k(ctx, "patch", "lkuser", user, "--type=merge", "-p", `{"spec":{"disabled":false}}`)
	after := logIn(ctx, at, user)
	load.Add(after)
	Expect(accepts(ctx, serving[0], before)()).To(BeFalse(), "enabling revives no login")
}

// k runs kubectl in the realm's namespace.
func k(ctx SpecContext, arguments ...string) string {
	GinkgoHelper()
	out, err := kubectl.Run(ctx, append([]string{"-n", stack.Namespace}, arguments...)...)
	Expect(err).NotTo(HaveOccurred())
	return out
}
