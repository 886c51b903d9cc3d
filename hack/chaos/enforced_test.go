//go:build chaos

package chaos_test

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/controllers/replica"
)

func enforcedMeansInForce(ctx SpecContext) {
	s := begin(ctx, "Enforced with a replica cut off", "Enforced is never True while a replica that may still be answering hasn't heard of the revocation; "+
		"kubectl wait returns with 3/3 once it has")
	prompt := logIn(ctx, serving[0], userName(9))
	load.Add(prompt)
	begun := time.Now()
	revoked := revoke(ctx, prompt)
	k(ctx, "wait", "--for=condition=Enforced", "--timeout=60s", "lkrevoked/"+revoked.Name)
	s.remark("all in touch: kubectl wait returned after %s", time.Since(begun).Round(10*time.Millisecond))
	for _, p := range serving {
		Expect(accepts(ctx, p, prompt)()).To(BeFalse(), "%s refuses what is Enforced", p.name)
	}

	away := serving[2]
	login := logIn(ctx, away, userName(10))
	load.Add(login)
	cutOff(away)
	away.network.BlackHole()
	revoked = revoke(ctx, login)
	for begun := time.Now(); time.Since(begun) < replica.OutOfTouch+2*time.Second; {
		enforced := condition(ctx, revoked)
		if enforced != nil {
			Expect(enforced.Status).NotTo(Equal(metav1.ConditionTrue), "%s still answers", away.name)
		}
		hold(ctx, 100*time.Millisecond)
	}
	Expect(accepts(ctx, away, login)()).To(BeTrue(), "it does: that is why")
	Expect(condition(ctx, revoked)).To(HaveValue(And(
		HaveField("Status", metav1.ConditionFalse), HaveField("Message", ContainSubstring(away.name)))), "it names the replica that stands in the way")
	s.remark("cut off: %s", condition(ctx, revoked).Message)

	away.network.Heal()
	healed := time.Now()
	k(ctx, "wait", "--for=condition=Enforced", "--timeout=60s", "lkrevoked/"+revoked.Name)
	s.remark("kubectl wait returned %s after the network healed", time.Since(healed).Round(10*time.Millisecond))
	for _, p := range serving {
		Expect(accepts(ctx, p, login)()).To(BeFalse(), "%s refuses what is Enforced", p.name)
	}
	Expect(k(ctx, "get", "lkrevoked", revoked.Name, "-o", "jsonpath={.status.replicas}")).To(Equal("3/3"))

	killed := serving[1]
	login = logIn(ctx, killed, userName(11))
	load.Add(login)
	killed.kill()
	revoked = revoke(ctx, login)
	Consistently(func() *metav1.Condition { return condition(ctx, revoked) }).WithTimeout(3*time.Second).WithPolling(100*time.Millisecond).
		Should(Or(BeNil(), HaveValue(HaveField("Status", Not(Equal(metav1.ConditionTrue))))), "nobody can know that %s is dead", killed.name)
	killed.restart(ctx)
	k(ctx, "wait", "--for=condition=Enforced", "--timeout=60s", "lkrevoked/"+revoked.Name)
	s.end(ctx)
}

// condition is what a RevokedToken says of its enforcement; nil if nothing.
func condition(ctx context.Context, revoked *v1alpha1.RevokedToken) *metav1.Condition {
	GinkgoHelper()
	now := &v1alpha1.RevokedToken{}
	Expect(env.Client.Get(ctx, client.ObjectKeyFromObject(revoked), now)).To(Succeed())
	return meta.FindStatusCondition(now.Status.Conditions, v1alpha1.ConditionEnforced)
}
