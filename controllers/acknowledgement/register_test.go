package acknowledgement_test

import (
	"context"
	"fmt"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/types"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/controllers/acknowledgement"
	"github.com/latchkey-auth/latchkey/controllers/controllertest"
	"github.com/latchkey-auth/latchkey/controllers/replica"
)

// leader is one that began in the running spec, on a clock of its own.
type leader struct {
	*acknowledgement.Register
	*acknowledgement.Follower
	clock *clocktesting.FakeClock
	live  *hooked
}

// newLeader starts a leader that looks for replicas in namespace.
func newLeader(ctx context.Context, namespace string) *leader {
	GinkgoHelper()
	l := &leader{clock: clocktesting.NewFakeClock(time.Now()), live: &hooked{Reader: suite.Manager.GetAPIReader()}}
	var err error
	l.Register, err = acknowledgement.New(acknowledgement.Config{
		Live: l.live, Writer: suite.Manager.GetClient(), Leases: suite.Manager.GetCache(), Namespace: namespace, Clock: l.clock,
	})
	Expect(err).NotTo(HaveOccurred())
	l.Follower = l.Follow("revokedtokens")
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		defer GinkgoRecover()
		Expect(l.Start(running)).To(Succeed())
	}()
	DeferCleanup(func() { stop(); <-stopped })
	Eventually(l.Watches).Should(BeTrue())
	return l
}

// asTimePasses is what the leader says of o while its clock runs and the living renew their Leases. Others
// fall silent.
func (l *leader) asTimePasses(ctx context.Context, o client.Object, living ...*controllertest.Replica) func() string {
	return func() string {
		GinkgoHelper()
		for _, r := range living {
			r.Renew(ctx)
		}
		l.clock.Step(time.Second)
		return l.says(o)()
	}
}

// says is what the leader says of o, as in "False 1/2 ReplicaUnreachable: …".
func (l *leader) says(o client.Object) func() string {
	return func() string {
		v := l.Judge(o)
		if !v.Known() {
			return "not known yet"
		}
		return fmt.Sprintf("%s %s %s: %s", v.InForce, v.Replicas(), v.Reason, v.Message)
	}
}

// hooked is a live reader that does something else before it lists.
type hooked struct {
	client.Reader
	mu     sync.Mutex
	before func(context.Context)
	fails  error
	lists  int
}

func (h *hooked) List(ctx context.Context, list client.ObjectList, options ...client.ListOption) error {
	h.mu.Lock()
	before, fails := h.before, h.fails
	h.before = nil
	h.lists++
	h.mu.Unlock()
	if fails != nil {
		return fails
	}
	if before != nil {
		before(ctx)
	}
	return h.Reader.List(ctx, list, options...)
}

func (h *hooked) set(change func(*hooked)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	change(h)
}

var _ = Describe("The leader", func() {
	var namespace string

	BeforeEach(func(ctx SpecContext) { namespace = suite.Namespace(ctx) })

	replicaNamed := func(ctx context.Context, name string) *controllertest.Replica {
		GinkgoHelper()
		return suite.Replica(ctx, namespace, name)
	}
	revoke := func(ctx context.Context) *v1alpha1.RevokedToken {
		GinkgoHelper()
		t := &v1alpha1.RevokedToken{
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace, GenerateName: "x-"},
			Spec:       v1alpha1.RevokedTokenSpec{TokenID: "jti"},
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
	runningPod := func(ctx context.Context, name string) *corev1.Pod {
		GinkgoHelper()
		pod := &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "serve", Image: "latchkey"}}},
		}
		Expect(suite.Client.Create(ctx, pod)).To(Succeed())
		return pod
	}

	It("says that all is in force where nobody serves", func(ctx SpecContext) {
		Eventually(newLeader(ctx, namespace).says(revoke(ctx))).Should(Equal("True 0/0 : "))
	})

	It("says it as soon as each replica has passed, and not before", func(ctx SpecContext) {
		a, b, c := replicaNamed(ctx, "a"), replicaNamed(ctx, "b"), replicaNamed(ctx, "c")
		l := newLeader(ctx, namespace)
		x := revoke(ctx)
		l.Judge(x)
		l.clock.Step(40 * time.Millisecond)
		for _, r := range []*controllertest.Replica{a, b} {
			follow(ctx, x, r)
			Consistently(l.says(x), "100ms").Should(Equal("not known yet"))
		}
		follow(ctx, x, c)
		Eventually(l.says(x)).Should(Equal("True 3/3 : "))
		Expect(l.Judge(x).Took).To(Equal(40 * time.Millisecond))
	})

	It("wants the keys of a realm known, too, and asks anew when they change", func(ctx SpecContext) {
		a, b := replicaNamed(ctx, "a"), replicaNamed(ctx, "b")
		l := newLeader(ctx, namespace)
		x := revoke(ctx)
		says := func(keys string) func() string {
			return func() string { return string(l.JudgeWithKeys(x, keys).InForce) }
		}
		Expect(says("5")()).To(BeEmpty())
		follow(ctx, x, a, b)
		a.FollowKeys(ctx, namespace, "5")
		Consistently(says("5"), "100ms").Should(BeEmpty())
		b.FollowKeys(ctx, namespace, "7")
		Eventually(says("5")).Should(Equal("True"))

		Consistently(says("6"), "100ms").Should(BeEmpty())
		a.FollowKeys(ctx, namespace, "6")
		Eventually(says("6")).Should(Equal("True"))
	})

	It("isn't moved by what it wrote itself", func(ctx SpecContext) {
		a := replicaNamed(ctx, "a")
		l := newLeader(ctx, namespace)
		x := revoke(ctx)
		l.Judge(x)
		follow(ctx, x, a)
		x.Status.Replicas = "0/1"
		Expect(suite.Client.Status().Update(ctx, x)).To(Succeed())
		Eventually(l.says(x)).Should(Equal("True 1/1 : "))
	})

	DescribeTable("keeps it from being in force while a replica is cut off,",
		func(ctx SpecContext, end func(context.Context, *leader, *controllertest.Replica, client.Object), want string) {
			a, b := replicaNamed(ctx, "a"), replicaNamed(ctx, "b")
			b.RefusesAfter(ctx, time.Hour)
			l := newLeader(ctx, namespace)
			x := revoke(ctx)
			l.Judge(x)
			follow(ctx, x, a)
			Eventually(l.asTimePasses(ctx, x, a)).Should(HavePrefix(`False 1/2 ReplicaUnreachable: replica "b" is out of touch`))

			end(ctx, l, b, x)

			Eventually(l.says(x)).Should(Equal(want))
		},
		Entry("until it has passed", func(ctx context.Context, _ *leader, b *controllertest.Replica, x client.Object) {
			b.Follow(ctx, "revokedtokens", x)
		}, "True 2/2 : "),
		Entry("until it ends cleanly", func(ctx context.Context, _ *leader, b *controllertest.Replica, _ client.Object) {
			b.End(ctx)
		}, "True 1/1 : "),
		Entry("until it refuses everything by its --max-staleness", func(_ context.Context, l *leader, _ *controllertest.Replica, _ client.Object) {
			l.clock.Step(time.Hour)
		}, `True 1/1 : replica "b" isn't counted, as it refuses everything: it is out of touch for longer than its --max-staleness`),
		Entry("and not before", func(_ context.Context, l *leader, _ *controllertest.Replica, _ client.Object) {
			l.clock.Step(time.Hour - 10*time.Minute) // the clock ran meanwhile, a second at a look
		}, `False 1/2 ReplicaUnreachable: replica "b" is out of touch and may still answer by what it knew: reconnect it or end it`),
		Entry("also when it returns under its name, until that has passed", func(ctx context.Context, l *leader, b *controllertest.Replica, x client.Object) {
			b.Start(ctx)
			Eventually(l.asTimePasses(ctx, x, b)).Should(Equal(`False 1/2 WaitingForReplica: replica "b" hasn't followed yet`))
			b.Follow(ctx, "revokedtokens", x)
		}, "True 2/2 : "),
	)

	It("counts a replica that starts between what the leader knows and its list", func(ctx SpecContext) {
		a := replicaNamed(ctx, "a")
		l := newLeader(ctx, namespace)
		warm := revoke(ctx)
		follow(ctx, warm, a)
		Eventually(l.says(warm)).Should(Equal("True 1/1 : "))
		x := revoke(ctx)
		follow(ctx, x, a)
		var b *controllertest.Replica
		l.live.set(func(h *hooked) { h.before = func(ctx context.Context) { b = replicaNamed(ctx, "b") } })

		Eventually(func() int {
			Expect(l.says(x)()).To(Equal("not known yet"), "b hasn't passed")
			l.live.mu.Lock()
			defer l.live.mu.Unlock()
			return l.live.lists
		}).Should(BeNumerically(">=", 3), "the leader's first list, that for warm, that for x")
		Consistently(l.says(x), "200ms").Should(Equal("not known yet"))

		follow(ctx, x, b)
		Eventually(l.says(x)).Should(Equal("True 2/2 : "))
	})

	It("doesn't know of a replica that was killed without word, and deletes its Lease when it can't matter", func(ctx SpecContext) {
		a, b := replicaNamed(ctx, "a"), replicaNamed(ctx, "b")
		pod := runningPod(ctx, "b")
		b.In(ctx, replica.Pod{Name: pod.Name, UID: pod.UID})
		l := newLeader(ctx, namespace)
		x := revoke(ctx)
		l.Judge(x)
		follow(ctx, x, a)
		Eventually(l.asTimePasses(ctx, x, a)).Should(HavePrefix(`False 1/2 ReplicaUnreachable: replica "b"`))

		Expect(suite.Client.Delete(ctx, pod, client.GracePeriodSeconds(0))).To(Succeed())
		Eventually(l.asTimePasses(ctx, x, a)).Should(Equal(`Unknown 1/2 ReplicaAssumedGone: replica "b" is assumed gone: its Pod is gone, but it never said that it ended`))

		l.clock.Step(24 * time.Hour)
		Eventually(l.says(x)).Should(Equal("True 1/1 : "))
		Eventually(func() bool {
			return apierrors.IsNotFound(suite.Client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: replica.LeasePrefix + "b"}, &coordinationv1.Lease{}))
		}).Should(BeTrue())
		y := revoke(ctx)
		follow(ctx, y, a)
		Eventually(l.says(y)).Should(Equal("True 1/1 : "))
	})

	It("remembers one for as long as cookies live, where they outlive access tokens", func(ctx SpecContext) {
		home := suite.Namespace(ctx)
		realm := &v1alpha1.Realm{ObjectMeta: metav1.ObjectMeta{Namespace: home, Name: v1alpha1.RealmName}}
		realm.Spec.Sessions.CookieTTL.Duration = 48 * time.Hour
		Expect(suite.Client.Create(ctx, realm)).To(Succeed())
		DeferCleanup(func(ctx SpecContext) { Expect(suite.Client.Delete(ctx, realm)).To(Succeed()) })
		a, b := replicaNamed(ctx, "a"), replicaNamed(ctx, "b")
		l := newLeader(ctx, namespace)
		x := revoke(ctx)
		l.Judge(x)
		b.Vanish(ctx)
		follow(ctx, x, a)
		Eventually(l.asTimePasses(ctx, x, a)).Should(HavePrefix(`Unknown 1/2 ReplicaAssumedGone: replica "b"`))

		l.clock.Step(24 * time.Hour)
		a.Renew(ctx)
		Eventually(l.asTimePasses(ctx, x, a)).Should(HavePrefix(`Unknown 1/2 ReplicaAssumedGone: replica "b"`))
		Expect(l.says(x)()).NotTo(HavePrefix("True"))

		l.clock.Step(24 * time.Hour)
		Eventually(l.says(x)).Should(Equal("True 1/1 : "))
	})

	DescribeTable("takes a Pod for gone",
		func(ctx SpecContext, change func(context.Context, *corev1.Pod) replica.Pod, verdict types.GomegaMatcher) {
			b, pod := replicaNamed(ctx, "b"), runningPod(ctx, "b")
			b.In(ctx, change(ctx, pod))
			l := newLeader(ctx, namespace)
			Eventually(l.asTimePasses(ctx, revoke(ctx))).Should(verdict)
		},
		Entry("when all that ran in it has ended", func(ctx context.Context, pod *corev1.Pod) replica.Pod {
			pod.Status.Phase = corev1.PodFailed
			Expect(suite.Client.Status().Update(ctx, pod)).To(Succeed())
			return replica.Pod{Name: pod.Name, UID: pod.UID}
		}, HavePrefix("Unknown 0/1 ReplicaAssumedGone")),
		Entry("when another has its name", func(_ context.Context, pod *corev1.Pod) replica.Pod {
			return replica.Pod{Name: pod.Name, UID: "of-an-earlier-one"}
		}, HavePrefix("Unknown 0/1 ReplicaAssumedGone")),
		Entry("but not when it is there", func(_ context.Context, pod *corev1.Pod) replica.Pod {
			return replica.Pod{Name: pod.Name, UID: pod.UID}
		}, HavePrefix("False 0/1 ReplicaUnreachable")),
		Entry("but not when there never was one", func(context.Context, *corev1.Pod) replica.Pod {
			return replica.Pod{}
		}, HavePrefix("False 0/1 ReplicaUnreachable")),
	)

	It("remembers a replica whose Lease was deleted, until it returns", func(ctx SpecContext) {
		a, b := replicaNamed(ctx, "a"), replicaNamed(ctx, "b")
		l := newLeader(ctx, namespace)
		known := revoke(ctx)
		follow(ctx, known, a, b)
		Eventually(l.says(known)).Should(Equal("True 2/2 : "))

		b.Vanish(ctx)
		x := revoke(ctx)
		l.Judge(x)
		follow(ctx, x, a)
		Eventually(l.asTimePasses(ctx, x, a)).Should(Equal(`Unknown 1/2 ReplicaAssumedGone: replica "b" is assumed gone: its Lease was deleted, but it never said that it ended`))

		Eventually(l.asTimePasses(ctx, x, a, b)).Should(HavePrefix(`False 1/2 WaitingForReplica: replica "b"`))
		follow(ctx, x, b)
		Eventually(l.says(x)).Should(Equal("True 2/2 : "))
	})

	It("says nothing that it doesn't know when it has just begun, as after a failover", func(ctx SpecContext) {
		a, b := replicaNamed(ctx, "a"), replicaNamed(ctx, "b")
		first := newLeader(ctx, namespace)
		x := revoke(ctx)
		first.Judge(x)
		follow(ctx, x, a)
		Eventually(first.asTimePasses(ctx, x, a)).Should(HavePrefix(`False 1/2 ReplicaUnreachable: replica "b"`))

		second := newLeader(ctx, namespace)
		second.Judge(x)
		second.clock.Step(2 * acknowledgement.Patience) // b seems to renew to it, and time isn't up
		Consistently(second.says(x), "100ms").Should(Equal("not known yet"))
		Eventually(second.asTimePasses(ctx, x, a)).Should(HavePrefix(`False 1/2 ReplicaUnreachable: replica "b"`))
		follow(ctx, x, b)
		Eventually(second.says(x)).Should(Equal("True 2/2 : "))
	})

	It("says why when it may not list Leases, and goes on when it may", func(ctx SpecContext) {
		l := newLeader(ctx, namespace)
		l.live.set(func(h *hooked) { h.fails = apierrors.NewForbidden(coordinationv1.Resource("leases"), "", nil) })
		x := revoke(ctx)
		Eventually(l.asTimePasses(ctx, x)).Should(HavePrefix("False  LeasesUnreachable: nobody knows which replicas follow: list leases of replicas: "))

		l.live.set(func(h *hooked) { h.fails = nil })
		l.clock.Step(time.Second)
		Eventually(l.says(x)).Should(Equal("True 0/0 : "))
	})

	It("keeps to one word for a while, but says at once that it is in force", func(ctx SpecContext) {
		a, b := replicaNamed(ctx, "a"), replicaNamed(ctx, "b")
		l := newLeader(ctx, namespace)
		x := revoke(ctx)
		const both = `False 0/2 WaitingForReplica: replica "a" and 1 other haven't followed yet`
		Eventually(l.asTimePasses(ctx, x, a, b)).Should(Equal(both))

		follow(ctx, x, a)
		Consistently(l.says(x), "200ms").Should(Equal(both))
		Expect(l.Judge(x).Again).To(And(BeNumerically(">", 0), BeNumerically("<=", acknowledgement.Patience)))
		Eventually(l.asTimePasses(ctx, x, a, b)).Should(Equal(`False 1/2 WaitingForReplica: replica "b" hasn't followed yet`))
		follow(ctx, x, b)
		Eventually(l.says(x)).Should(Equal("True 2/2 : "))
	})

	It("knows who has followed the keys of a realm", func(ctx SpecContext) {
		l := newLeader(ctx, namespace)
		followed := func(resourceVersion string) func() string {
			return func() string {
				v, err := l.KeysFollowed(ctx, "team-a", resourceVersion)
				Expect(err).NotTo(HaveOccurred())
				return fmt.Sprintf("%s %s again in %s", v.InForce, v.Replicas(), v.Again)
			}
		}
		Expect(followed("7")()).To(Equal("True 0/0 again in 0s"))
		a, b := replicaNamed(ctx, "a"), replicaNamed(ctx, "b") // the leader's watch may not have told it yet: it lists
		Expect(followed("7")()).To(And(HavePrefix("False 0/"), HaveSuffix("again in 2s")))
		a.FollowKeys(ctx, "team-a", "7")
		b.FollowKeys(ctx, "team-b", "8")
		Eventually(followed("7")).Should(Equal("False 1/2 again in 2s"))
		b.FollowKeys(ctx, "team-a", "8")
		Eventually(followed("7")).Should(Equal("True 2/2 again in 0s"))
		Expect(followed("8")()).To(Equal("False 1/2 again in 2s"))

		l.live.set(func(h *hooked) { h.fails = apierrors.NewServiceUnavailable("away") })
		_, err := l.KeysFollowed(ctx, "team-a", "7")
		Expect(apierrors.IsServiceUnavailable(err)).To(BeTrue(), "%v", err)
	})

	It("has nothing to do with Leases of others", func(ctx SpecContext) {
		l := newLeader(ctx, namespace)
		Expect(suite.Client.Create(ctx, &coordinationv1.Lease{
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "latchkey-leader"},
			Spec:       coordinationv1.LeaseSpec{HolderIdentity: new("somebody")},
		})).To(Succeed())
		suite.Replica(ctx, suite.Namespace(ctx), "elsewhere")
		Eventually(l.says(revoke(ctx))).Should(Equal("True 0/0 : "))
	})

	It("needs to know where Leases are", func() {
		_, err := acknowledgement.New(acknowledgement.Config{})
		Expect(err).To(MatchError(ContainSubstring("required")))
		_, err = acknowledgement.New(acknowledgement.Config{
			Live: suite.Client, Writer: suite.Client, Leases: suite.Manager.GetCache(), Clock: clocktesting.NewFakeClock(time.Now()),
		})
		Expect(err).To(MatchError(ContainSubstring("namespace is required")))
	})
})
