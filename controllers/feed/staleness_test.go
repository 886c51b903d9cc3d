package feed_test

import (
	"context"
	"strconv"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/prometheus/client_golang/prometheus"
	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/controllers/feed"
)

// P3: what a replica says of its staleness, and what it allows, is true also on a connection that is
// silently dead.
var _ = Describe("Staleness", func() {
	const limit = 30 * time.Second
	var (
		clock    *clocktesting.FakeClock
		heart    *heart
		network  *faultyNetwork
		registry *prometheus.Registry
		realm    *v1alpha1.Realm
		f        running
	)
	BeforeEach(func(ctx SpecContext) {
		clock = clocktesting.NewFakeClock(time.Now())
		network, registry = &faultyNetwork{}, prometheus.NewRegistry()
		realm = aRealm(ctx)
		keys, _ := theKeysOf(realm)
		create(ctx, keys)
		create(ctx, aUser(realm.Namespace, "ann"))
		heart = aHeart(ctx, clock)
		f = aSyncedFeed(func(c *feed.Config) {
			c.REST, c.Clock, c.Registerer = network.between(replicaConfig), clock, registry
			c.MaxStaleness, c.Lease = limit, heart.lease()
		})
	})
	staleness := func() map[string]float64 {
		families, err := registry.Gather()
		Expect(err).NotTo(HaveOccurred())
		at := map[string]float64{}
		for _, family := range families {
			if family.GetName() == "latchkey_feed_staleness_seconds" {
				for _, m := range family.GetMetric() {
					at[m.GetLabel()[0].GetValue()] = m.GetGauge().GetValue()
				}
			}
		}
		return at
	}
	everywhere := func(seconds float64) map[string]float64 {
		return map[string]float64{"realms": seconds, "users": seconds, "roles": seconds, "revokedtokens": seconds, "secrets": seconds}
	}
	// fresh renews the Lease and tells whether each feed is connected again.
	fresh := func(ctx context.Context) bool {
		clock.Step(time.Millisecond)
		heart.beat(ctx)
		for _, seconds := range staleness() {
			if seconds > 1 {
				return false
			}
		}
		return true
	}
	knows := func(sid string) bool {
		r := f.directory.Realm(realm.Namespace)
		return r.Revoked("", sid, r.User("ann"), createdAt)
	}

	BeforeEach(func(ctx SpecContext) { // every watch runs, that of the Lease too
		clock.Step(2 * time.Second)
		Eventually(fresh).WithArguments(ctx).Should(BeTrue())
	})

	It("ends with each renewal of the replica's Lease, for every feed", func(ctx SpecContext) {
		clock.Step(time.Second)
		heart.beat(ctx)
		Eventually(staleness).Should(Equal(everywhere(0)))
		clock.Step(2 * time.Second)
		Expect(staleness()).To(Equal(everywhere(2)))
		heart.beat(ctx)
		Eventually(staleness).Should(Equal(everywhere(0)))
		Expect(f.Stale()).To(BeFalse())
	})

	It("isn't ended by the renewals of another process", func(ctx SpecContext) {
		clock.Step(time.Second)
		heart.beat(ctx)
		Eventually(staleness).Should(Equal(everywhere(0)))
		clock.Step(10 * time.Second)
		heart.foreign(ctx)
		create(ctx, aRevokedToken(realm.Namespace, "r", v1alpha1.RevokedTokenSpec{SessionID: "s1"}))
		Eventually(knows).WithArguments("s1").Should(BeTrue())
		Expect(staleness()).To(Equal(everywhere(10)))
	})

	It("shows a connection that is silently dead, and refuses past the limit", func(ctx SpecContext) {
		clock.Step(time.Second)
		heart.beat(ctx)
		Eventually(staleness).Should(Equal(everywhere(0)))
		network.silence()
		create(ctx, aRevokedToken(realm.Namespace, "r", v1alpha1.RevokedTokenSpec{SessionID: "s1"}))

		clock.Step(limit)
		heart.beat(ctx) // is stored, and never comes back
		Expect(f.Stale()).To(BeFalse())
		clock.Step(time.Millisecond)
		Expect(f.Stale()).To(BeTrue())
		Expect(staleness()).To(Equal(everywhere(limit.Seconds() + 0.001)))
		Expect(f.Synced()).To(BeTrue())

		network.talk()
		for f.Stale() { // until the renewal that was under way has led to new lists
			Expect(ctx.Err()).NotTo(HaveOccurred(), f.log.String())
			clock.Step(time.Millisecond)
			heart.beat(ctx)
		}
		Expect(knows("s1")).To(BeTrue(), "what was missed is known before anything is allowed again")
		Eventually(f.keyID(realm.Namespace)).ShouldNot(BeEmpty())
		Expect(f.log.lines("feed was out of touch for longer than --max-staleness", `"kind":"revokedtokens"`)()).To(HaveLen(1))
	})

	It("opens on new lists alone, never on watches that go on after the limit", func(ctx SpecContext) {
		clock.Step(time.Second)
		heart.beat(ctx)
		Eventually(staleness).Should(Equal(everywhere(0)))
		for n := range 5 {
			network.cut(true)
			sid := "login-" + strconv.Itoa(n)
			create(ctx, aRevokedToken(realm.Namespace, sid, v1alpha1.RevokedTokenSpec{SessionID: sid}))
			clock.Step(limit + time.Millisecond)
			Expect(f.Stale()).To(BeTrue())
			network.cut(false)
			for f.Stale() {
				Expect(ctx.Err()).NotTo(HaveOccurred(), f.log.String())
				heart.beat(ctx)
			}
			if !knows(sid) {
				Fail("it allowed before it knew what was revoked meanwhile")
			}
			Eventually(fresh).WithArguments(ctx).Should(BeTrue())
		}
	})

	It("doesn't count a short interruption", func(ctx SpecContext) {
		clock.Step(time.Second)
		heart.beat(ctx)
		Eventually(staleness).Should(Equal(everywhere(0)))
		lists := network.lists()
		network.cut(true)
		clock.Step(10 * time.Second)
		network.cut(false)
		Eventually(fresh).WithArguments(ctx).Should(BeTrue())
		Expect(f.Stale()).To(BeFalse())
		Expect(network.lists()).To(Equal(lists), "the watches went on where they were")
	})

	It("of one realm's keys, which it may not read any more, closes that realm alone", func(ctx SpecContext) {
		other := aRealm(ctx)
		keys, _ := theKeysOf(other)
		create(ctx, keys)
		Eventually(f.keyID(other.Namespace)).ShouldNot(BeEmpty())
		forbidKeys(ctx, realm.Namespace)
		network.cut(true)
		network.cut(false)
		Eventually(f.log.lines("feed is interrupted", `"kind":"secrets"`, realm.Namespace, "forbidden")).ShouldNot(BeEmpty())
		for f.keyID(realm.Namespace)() != "" {
			Expect(ctx.Err()).NotTo(HaveOccurred(), f.log.String())
			clock.Step(time.Second)
			Eventually(func() float64 {
				clock.Step(time.Millisecond)
				heart.beat(ctx)
				return staleness()["users"]
			}).Should(BeNumerically("<", 1))
		}
		Expect(f.Stale()).To(BeFalse())
		Expect(f.keyID(other.Namespace)()).NotTo(BeEmpty())
		allowKeysAgain(ctx, realm.Namespace)
		Eventually(f.keyID(realm.Namespace)).ShouldNot(BeEmpty())
	})
})

// heart renews a Lease as the keeper of a replica does.
type heart struct {
	clock *clocktesting.FakeClock
	of    *coordinationv1.Lease

	mu   sync.Mutex
	sent map[string]time.Time // by renewal
}

func aHeart(ctx context.Context, clock *clocktesting.FakeClock) *heart {
	GinkgoHelper()
	namespace := aNamespace(ctx)
	allowLeases(ctx, namespace)
	return &heart{clock: clock, sent: map[string]time.Time{},
		of: create(ctx, &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "replica"}})}
}

func (h *heart) lease() feed.Lease {
	return feed.Lease{Namespace: h.of.Namespace, Name: h.of.Name, Sent: func(l *coordinationv1.Lease) (time.Time, bool) {
		h.mu.Lock()
		defer h.mu.Unlock()
		sent, ours := h.sent[l.Annotations["renewal"]]
		return sent, ours
	}}
}

func (h *heart) beat(ctx context.Context) {
	GinkgoHelper()
	h.mu.Lock()
	renewal := strconv.Itoa(len(h.sent) + 1)
	h.sent[renewal] = h.clock.Now()
	h.mu.Unlock()
	h.write(ctx, renewal)
}

func (h *heart) foreign(ctx context.Context) { h.write(ctx, "another's") }

func (h *heart) write(ctx context.Context, renewal string) {
	GinkgoHelper()
	h.of.Annotations = map[string]string{"renewal": renewal}
	Expect(api.Update(ctx, h.of)).To(Succeed())
}
