package revokedtoken_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/controllers/controllertest"
	"github.com/latchkey-auth/latchkey/controllers/replica"
	"github.com/latchkey-auth/latchkey/controllers/revokedtoken"
)

var _ = Describe("Enforced", func() {
	var namespace string

	BeforeEach(func(ctx SpecContext) { namespace = suite.Namespace(ctx) })

	replicas := func(ctx context.Context, names ...string) []*controllertest.Replica {
		GinkgoHelper()
		var all []*controllertest.Replica
		for _, name := range names {
			all = append(all, suite.Replica(ctx, controllertest.OwnNamespace, name))
		}
		return all
	}
	revoke := func(ctx context.Context, name string) *v1alpha1.RevokedToken {
		GinkgoHelper()
		t := &v1alpha1.RevokedToken{
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
			Spec:       v1alpha1.RevokedTokenSpec{SessionID: name},
		}
		Expect(suite.Client.Create(ctx, t)).To(Succeed())
		return t
	}
	follow := func(ctx context.Context, o client.Object, replicas ...*controllertest.Replica) {
		GinkgoHelper()
		for _, r := range replicas {
			r.Follow(ctx, "revokedtokens", o)
		}
	}
	status := func(ctx context.Context, t *v1alpha1.RevokedToken) v1alpha1.RevokedTokenStatus {
		GinkgoHelper()
		is := &v1alpha1.RevokedToken{}
		Expect(suite.Client.Get(ctx, client.ObjectKeyFromObject(t), is)).To(Succeed())
		return is.Status
	}
	says := func(ctx context.Context, t *v1alpha1.RevokedToken) func() string {
		return func() string {
			GinkgoHelper()
			is := &v1alpha1.RevokedToken{}
			Expect(suite.Client.Get(ctx, client.ObjectKeyFromObject(t), is)).To(Succeed())
			return strings.TrimSpace(is.Status.Replicas + " " + controllertest.Condition(is, v1alpha1.ConditionEnforced))
		}
	}
	asTimePasses := func(ctx context.Context, t *v1alpha1.RevokedToken, living ...*controllertest.Replica) func() string {
		return func() string {
			GinkgoHelper()
			for _, r := range living {
				r.Renew(ctx)
			}
			leaders.Step(time.Second)
			return says(ctx, t)()
		}
	}

	It("is True once every replica refuses, in one write", func(ctx SpecContext) {
		all := replicas(ctx, "a", "b", "c")
		x := revoke(ctx, "x")
		follow(ctx, x, all[:2]...)
		Consistently(says(ctx, x), "200ms").Should(BeEmpty())
		follow(ctx, x, all[2])

		Eventually(says(ctx, x)).Should(MatchRegexp(`^3/3 True Enforced: refused by 3/3 replicas, \d+ ms after the leader saw it$`))
		is := status(ctx, x)
		Expect(is.ObservedGeneration).To(Equal(x.Generation))
		Expect(is.EnforcedAt.Time).To(BeTemporally(">=", x.CreationTimestamp.Time))
		Expect(suite.Faults.Writes(namespace)).To(HaveExactElements("patch RevokedToken/status"))
	})

	It("is True at once where nobody serves", func(ctx SpecContext) {
		Eventually(says(ctx, revoke(ctx, "x"))).Should(Equal("0/0 True Enforced: no replica is answering; one that starts knows it before it answers"))
	})

	It("says which replica stands in its way, once, and that it doesn't any more", func(ctx SpecContext) {
		all := replicas(ctx, "a", "b")
		x := revoke(ctx, "x")
		follow(ctx, x, all[0])
		Eventually(asTimePasses(ctx, x, all[0])).Should(Equal(`1/2 False ReplicaUnreachable: replica "b" is out of touch and may still answer by what it knew: reconnect it or end it`))
		written := len(suite.Faults.Writes(namespace))
		for range 10 {
			asTimePasses(ctx, x, all[0])()
		}
		Expect(suite.Faults.Writes(namespace)).To(HaveLen(written), "nothing changed")

		follow(ctx, x, all[1])
		Eventually(says(ctx, x)).Should(HavePrefix("2/2 True Enforced: refused by 2/2 replicas, "))
		Expect(suite.Faults.Writes(namespace)).To(HaveLen(written + 1))
	})

	It("says whom it didn't count", func(ctx SpecContext) {
		all := replicas(ctx, "a", "b")
		all[1].RefusesAfter(ctx, 20*time.Second)
		x := revoke(ctx, "x")
		follow(ctx, x, all[0])
		Eventually(asTimePasses(ctx, x, all[0])).Should(MatchRegexp(
			`^1/1 True Enforced: refused by 1/1 replicas, .* after the leader saw it; replica "b" isn't counted, as it refuses everything: .* its --max-staleness$`))
	})

	It("isn't changed by a replica that starts later", func(ctx SpecContext) {
		a := replicas(ctx, "a")
		x := revoke(ctx, "x")
		follow(ctx, x, a...)
		Eventually(says(ctx, x)).Should(HavePrefix("1/1 True"))
		told := says(ctx, x)()
		b := replicas(ctx, "b")
		y := revoke(ctx, "y")
		follow(ctx, y, append(a, b...)...)
		Eventually(says(ctx, y)).Should(HavePrefix("2/2 True"))

		Expect(says(ctx, x)()).To(Equal(told))
	})

	DescribeTable("is repaired when the leader dies at its one write",
		func(ctx SpecContext, when controllertest.Moment) {
			suite.Faults.Fail(namespace, 1, when)
			Eventually(says(ctx, revoke(ctx, "x"))).Should(HavePrefix("0/0 True"))
			Expect(suite.Faults.Writes(namespace)).NotTo(BeEmpty())
		},
		Entry("when the write isn't done", controllertest.BeforeWrite),
		Entry("when its answer is lost", controllertest.AfterWrite),
	)

	It("tells of 500 at once with a few lists and one write each", func(ctx SpecContext) {
		const many = 500
		all := replicas(ctx, "a", "b", "c")
		before := lists.Load()
		began := time.Now()
		var last *v1alpha1.RevokedToken
		for i := range many {
			last = revoke(ctx, fmt.Sprintf("x-%03d", i))
			if i%50 == 49 { // as replicas do while they follow
				follow(ctx, last, all...)
			}
		}
		Eventually(func() int {
			list := &v1alpha1.RevokedTokenList{}
			Expect(suite.Client.List(ctx, list, client.InNamespace(namespace))).To(Succeed())
			enforced := 0
			for i := range list.Items {
				if strings.HasPrefix(controllertest.Condition(&list.Items[i], v1alpha1.ConditionEnforced), "True Enforced: refused by 3/3 replicas") {
					enforced++
				}
			}
			return enforced
		}).WithTimeout(time.Minute).WithPolling(100 * time.Millisecond).Should(Equal(many))

		writes, listed := len(suite.Faults.Writes(namespace)), lists.Load()-before
		AddReportEntry("500 RevokedTokens", fmt.Sprintf("%d live lists of Leases, %d status writes, %s", listed, writes, time.Since(began).Round(time.Millisecond)))
		fmt.Fprintf(GinkgoWriter, "500 RevokedTokens: %d live lists of Leases, %d status writes, all told %s after the first was made\n",
			listed, writes, time.Since(began).Round(time.Millisecond))
		Expect(writes).To(And(BeNumerically(">=", many), BeNumerically("<", many+many/20)), "a stale cache may cost a refused one")
		Expect(listed).To(BeNumerically("<", many/2))
	})
})

var _ = Describe("A verdict that isn't known yet", func() {
	It("is nothing to write, and when to look again", func(ctx SpecContext) {
		t := &v1alpha1.RevokedToken{ObjectMeta: metav1.ObjectMeta{Namespace: "any", Name: "x", CreationTimestamp: metav1.Now()}}
		result, err := revokedtoken.New(suite.Manager.GetClient(), unknown{}, time.Now).Reconcile(ctx, t)
		Expect(err).NotTo(HaveOccurred())
		Expect(result.RequeueAfter).To(Equal(3 * time.Second))
		Expect(t.Status).To(Equal(v1alpha1.RevokedTokenStatus{}))
	})
})

type unknown struct{ controllertest.InForce }

func (unknown) Judge(client.Object) replica.Verdict { return replica.Verdict{Again: 3 * time.Second} }

// counting counts the lists of a reader.
type counting struct {
	client.Reader
	lists *atomic.Int64
}

func (c counting) List(ctx context.Context, list client.ObjectList, options ...client.ListOption) error {
	c.lists.Add(1)
	return c.Reader.List(ctx, list, options...)
}
