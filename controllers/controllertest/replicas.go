package controllertest

import (
	"context"
	"fmt"
	"time"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/gomega"
	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/latchkey-auth/latchkey/controllers/acknowledgement"
	"github.com/latchkey-auth/latchkey/controllers/replica"
)

// OwnNamespace is Latchkey's own in a Suite: there are the Leases of replicas.
const OwnNamespace = metav1.NamespaceDefault

// Replicas returns a Register of the replicas in OwnNamespace, which it lists through live. Add it to mgr.
func Replicas(mgr manager.Manager, live client.Reader, leaders clock.WithTicker) (*acknowledgement.Register, error) {
	return acknowledgement.New(acknowledgement.Config{
		Live: live, Writer: mgr.GetClient(), Leases: mgr.GetCache(), Namespace: OwnNamespace, Clock: leaders,
	})
}

// InForce says of everything that it is in force: nobody serves.
type InForce struct{}

// Judge says so.
func (InForce) Judge(client.Object) replica.Verdict {
	return replica.Verdict{InForce: metav1.ConditionTrue}
}

// JudgeWithKeys says so, too.
func (InForce) JudgeWithKeys(client.Object, string) replica.Verdict { return InForce{}.Judge(nil) }

// Forget does nothing.
func (InForce) Forget(types.NamespacedName) {}

// Replica stands for a serving process: it keeps a Lease as one does, and says of how far it has followed
// what the test tells it to.
type Replica struct {
	client    client.Client
	namespace string
	state     replica.State
	starts    int
}

// Replica starts a replica of that name in namespace, which has followed nothing. It ends cleanly with the spec.
func (s *Suite) Replica(ctx context.Context, namespace, name string) *Replica {
	ginkgo.GinkgoHelper()
	r := &Replica{client: s.Client, namespace: namespace, state: replica.State{Name: name, RenewedAt: time.Unix(1_800_000_000, 0)}}
	ginkgo.DeferCleanup(func(ctx context.Context) { r.End(ctx) })
	r.Start(ctx)
	return r
}

// Start starts it, again and without knowledge.
func (r *Replica) Start(ctx context.Context) {
	ginkgo.GinkgoHelper()
	r.starts++
	r.state.Incarnation, r.state.Followed = fmt.Sprint("start-", r.starts), replica.Followed{}
	r.Renew(ctx)
}

// In says that it runs in a Pod.
func (r *Replica) In(ctx context.Context, pod replica.Pod) {
	ginkgo.GinkgoHelper()
	r.state.Pod = pod
	r.Renew(ctx)
}

// RefusesAfter gives it a --max-staleness.
func (r *Replica) RefusesAfter(ctx context.Context, d time.Duration) {
	ginkgo.GinkgoHelper()
	r.state.MaxStaleness = d
	r.Renew(ctx)
}

// Follow says that it knows o, and all of o's resource before that.
func (r *Replica) Follow(ctx context.Context, resource string, o client.Object) {
	ginkgo.GinkgoHelper()
	kinds := map[string]string{resource: o.GetResourceVersion()}
	for other, resourceVersion := range r.state.Followed.Kinds {
		if other != resource {
			kinds[other] = resourceVersion
		}
	}
	r.state.Followed = replica.Followed{Kinds: kinds, Keys: r.state.Followed.Keys}
	r.Renew(ctx)
}

// FollowKeys says that it knows the key Secret of a realm as it was at resourceVersion.
func (r *Replica) FollowKeys(ctx context.Context, namespace, resourceVersion string) {
	ginkgo.GinkgoHelper()
	r.state.Followed.Keys = map[string]string{namespace: resourceVersion}
	r.Renew(ctx)
}

// End ends it cleanly.
func (r *Replica) End(ctx context.Context) {
	ginkgo.GinkgoHelper()
	r.state.Incarnation = ""
	r.Renew(ctx)
	r.Vanish(ctx)
}

// Vanish deletes its Lease.
func (r *Replica) Vanish(ctx context.Context) {
	ginkgo.GinkgoHelper()
	gomega.Expect(r.client.Delete(ctx, r.lease())).To(gomega.Succeed())
}

// Renew writes its Lease, and makes it where there is none. Who doesn't is out of touch.
func (r *Replica) Renew(ctx context.Context) {
	ginkgo.GinkgoHelper()
	r.state.RenewedAt = r.state.RenewedAt.Add(replica.RenewEvery)
	lease := r.lease()
	err := r.client.Get(ctx, client.ObjectKeyFromObject(lease), lease)
	gomega.Expect(client.IgnoreNotFound(err)).To(gomega.Succeed())
	gomega.Expect(r.state.Write(lease)).To(gomega.Succeed())
	if err != nil {
		gomega.Expect(r.client.Create(ctx, lease)).To(gomega.Succeed())
		return
	}
	gomega.Expect(r.client.Update(ctx, lease)).To(gomega.Succeed())
}

func (r *Replica) lease() *coordinationv1.Lease {
	return &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: r.namespace, Name: replica.LeasePrefix + r.state.Name}}
}
