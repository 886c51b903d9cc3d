package replica_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gbytes"
	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	coordinationclient "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/client-go/rest"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/latchkey-auth/latchkey/controllers/replica"
	"github.com/latchkey-auth/latchkey/hack/testenv"
)

func TestReplica(t *testing.T) {
	RegisterFailHandler(Fail)
	EnforceDefaultTimeoutsWhenUsingContexts()
	SetDefaultEventuallyTimeout(20 * time.Second)
	SetDefaultEventuallyPollingInterval(5 * time.Millisecond)
	RunSpecs(t, "Replica")
}

const namespace = "default"

var config *rest.Config

var _ = BeforeSuite(func() {
	env, err := testenv.Start()
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(env.Stop)
	config = env.Config
})

// process is a replica as far as its Lease is concerned.
type process struct {
	*replica.Keeper
	clock    *clocktesting.FakeClock
	awaited  chan struct{}
	followed atomic.Value // a resourceVersion of users
	network  *network
	renewed  atomic.Int32 // connections that were made anew
	log      *gbytes.Buffer
	stop     context.CancelFunc
	ended    chan error
}

func aProcess(name string) *process {
	GinkgoHelper()
	p := &process{
		clock: clocktesting.NewFakeClock(time.Now()), awaited: make(chan struct{}, 1), network: &network{},
		log: gbytes.NewBuffer(), ended: make(chan error, 1),
	}
	p.followed.Store("")
	faulty := rest.CopyConfig(config)
	faulty.Wrap(func(rt http.RoundTripper) http.RoundTripper { p.network.next = rt; return p.network })
	leases, err := coordinationclient.NewForConfig(faulty)
	Expect(err).NotTo(HaveOccurred())
	p.Keeper = replica.NewKeeper(replica.KeeperConfig{
		Leases: leases.Leases(namespace), Name: name, MaxStaleness: time.Minute, Pod: replica.Pod{Name: name, UID: "u"},
		Followed: func() replica.Followed {
			at, _ := p.followed.Load().(string)
			if at == "" {
				return replica.Followed{}
			}
			return replica.Followed{Kinds: map[string]string{"users": at}}
		},
		Awaited: p.awaited, Now: p.clock.Now, Clock: p.clock, Reconnect: func() { p.renewed.Add(1) },
		Logger: slog.New(slog.NewTextHandler(p.log, nil)),
	})
	return p
}

func (p *process) run() {
	ctx, stop := context.WithCancel(context.Background())
	p.stop = stop
	go func() { p.ended <- p.Run(ctx) }()
	DeferCleanup(func() {
		stop()
		p.network.cut(false)
	})
}

// network stands between a keeper and the API server.
type network struct {
	next http.RoundTripper
	mu   sync.Mutex
	down bool
}

func (n *network) cut(down bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.down = down
}

func (n *network) RoundTrip(r *http.Request) (*http.Response, error) {
	n.mu.Lock()
	down := n.down
	n.mu.Unlock()
	if down {
		return nil, errors.New("the network is cut")
	}
	return n.next.RoundTrip(r)
}

func leases() coordinationclient.LeaseInterface {
	GinkgoHelper()
	c, err := coordinationclient.NewForConfig(config)
	Expect(err).NotTo(HaveOccurred())
	return c.Leases(namespace)
}

// told is what the Lease of a replica says.
func told(ctx context.Context, name string) func() replica.State {
	c := leases()
	return func() replica.State {
		lease, err := c.Get(ctx, "latchkey-replica-"+name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return replica.State{}
		}
		Expect(err).NotTo(HaveOccurred())
		return replica.Read(lease)
	}
}

var _ = Describe("The Lease of a replica", func() {
	It("is there before the first list, and says that nothing was followed", func(ctx SpecContext) {
		a := aProcess("first")
		a.followed.Store("7")
		Expect(a.Claim(ctx)).To(Succeed())
		a.followed.Store("")
		b := aProcess("first") // another start under that name
		Expect(b.Claim(ctx)).To(Succeed())
		Expect(told(ctx, "first")()).To(And(
			HaveField("Followed", BeZero()), HaveField("Incarnation", Not(BeEmpty())),
			HaveField("MaxStaleness", time.Minute), HaveField("Pod.UID", BeEquivalentTo("u"))))
	})

	It("is waited for, with a line that says what is missing", func(ctx SpecContext) {
		a := aProcess("waiting")
		a.network.cut(true)
		claimed := make(chan error, 1)
		go func() { claimed <- a.Claim(ctx) }()
		Eventually(a.log).Should(gbytes.Say("not ready: this replica's Lease can't be written.*see whether the API server can be reached"))
		a.network.cut(false)
		Eventually(func() bool { a.clock.Step(replica.RenewEvery); return len(claimed) == 1 }).Should(BeTrue())
		Expect(<-claimed).To(Succeed())
	})

	It("is renewed, and tells at once what somebody waits for", func(ctx SpecContext) {
		a := aProcess("renewed")
		Expect(a.Claim(ctx)).To(Succeed())
		first := told(ctx, "renewed")()
		a.run()
		Eventually(a.clock.HasWaiters).Should(BeTrue())
		a.clock.Step(replica.RenewEvery)
		Eventually(told(ctx, "renewed")).Should(HaveField("RenewedAt", BeTemporally(">", first.RenewedAt)))
		a.followed.Store("12")
		a.awaited <- struct{}{}
		Eventually(func() replica.State { a.clock.Step(100 * time.Millisecond); return told(ctx, "renewed")() }).Should(
			HaveField("Followed.Kinds", HaveKeyWithValue("users", "12")))
	})

	It("shows to its own process when each renewal was sent, and to no other", func(ctx SpecContext) {
		a, b := aProcess("sent"), aProcess("other")
		Expect(a.Claim(ctx)).To(Succeed())
		lease, err := leases().Get(ctx, "latchkey-replica-sent", metav1.GetOptions{})
		Expect(err).NotTo(HaveOccurred())
		sent, ours := a.Sent(lease)
		Expect(ours).To(BeTrue())
		Expect(sent).To(Equal(a.clock.Now()))
		_, ours = b.Sent(lease)
		Expect(ours).To(BeFalse())
	})

	It("says that nobody answers any more, and goes, when the process ends", func(ctx SpecContext) {
		a := aProcess("ending")
		Expect(a.Claim(ctx)).To(Succeed())
		changes, err := leases().Watch(ctx, metav1.ListOptions{FieldSelector: "metadata.name=latchkey-replica-ending"})
		Expect(err).NotTo(HaveOccurred())
		defer changes.Stop()
		a.run()
		a.stop()
		Eventually(a.ended).Should(Receive(BeNil()))
		var last watch.Event
		for last.Type != watch.Deleted {
			Eventually(changes.ResultChan()).Should(Receive(&last))
		}
		Expect(replica.Read(last.Object.(*coordinationv1.Lease)).Incarnation).To(BeEmpty())
		Expect(told(ctx, "ending")()).To(BeZero())
	})

	It("taken by another process ends this one, which must answer nobody", func(ctx SpecContext) {
		a, b := aProcess("taken"), aProcess("taken")
		Expect(a.Claim(ctx)).To(Succeed())
		a.run()
		Expect(b.Claim(ctx)).To(Succeed())
		b.run()
		Eventually(func() int { a.clock.Step(replica.RenewEvery); return len(a.ended) }).Should(Equal(1))
		Expect(<-a.ended).To(MatchError(replica.ErrTaken))
		Expect(told(ctx, "taken")()).NotTo(BeZero(), "and its end leaves the other's Lease")
	})

	It("that somebody deleted comes back", func(ctx SpecContext) {
		a := aProcess("deleted")
		Expect(a.Claim(ctx)).To(Succeed())
		incarnation := told(ctx, "deleted")().Incarnation
		a.run()
		Expect(leases().Delete(ctx, "latchkey-replica-deleted", metav1.DeleteOptions{})).To(Succeed())
		Eventually(func() replica.State { a.clock.Step(replica.RenewEvery); return told(ctx, "deleted")() }).Should(HaveField("Incarnation", incarnation))
	})

	It("says once that the API server went away and came back, and gives up a connection on which nothing comes back", func(ctx SpecContext) {
		a := aProcess("away")
		Expect(a.Claim(ctx)).To(Succeed())
		a.run()
		Eventually(a.clock.HasWaiters).Should(BeTrue())
		a.network.cut(true)
		a.clock.Step(replica.RenewEvery)
		Eventually(a.log).Should(gbytes.Say("the API server is away"))
		Expect(a.renewed.Load()).To(BeZero())
		Eventually(func() int32 { a.clock.Step(replica.RenewEvery); return a.renewed.Load() }).Should(BeNumerically(">", 0))
		a.network.cut(false)
		Eventually(func() *gbytes.Buffer { a.clock.Step(replica.RenewEvery); return a.log }).Should(gbytes.Say("the API server is back.*away="))
		Expect(string(a.log.Contents())).NotTo(MatchRegexp("(?s)is away.*is away"))
	})
})
