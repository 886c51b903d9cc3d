package acknowledgement_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	toolscache "k8s.io/client-go/tools/cache"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/controllers/acknowledgement"
	"github.com/latchkey-auth/latchkey/controllers/replica"
)

// world is a model of an API server with replicas, and of a leader that hears of Leases late, through a watch that
// may break. Whatever happens in whatever order: what the leader calls in force, everybody who answers knows.
type world struct {
	t      *testing.T
	random *rand.Rand
	clock  *clocktesting.FakeClock
	steps  []string

	version int
	leases  map[string]*coordinationv1.Lease
	events  []leaseEvent
	heard   int                              // events that the watch has delivered
	cached  map[string]*coordinationv1.Lease // what the watch has told of
	runs    map[string]*process
	pending map[string]*v1alpha1.RevokedToken
	waiting map[string]int // resourceVersions at which they were made

	leader   *acknowledgement.Register
	follower *acknowledgement.Follower
	told     int
}

type leaseEvent struct {
	lease   *coordinationv1.Lease
	deleted bool
}

type process struct {
	name                         string
	starts                       int
	running, synced, cut, leaves bool
	knows                        int
	renewed                      time.Time
	bound                        time.Duration
}

// answers reports whether p lets anybody in by what it knows.
func (p *process) answers(now time.Time) bool {
	return p.running && p.synced && !p.refuses(now)
}

func (p *process) refuses(now time.Time) bool { return p.bound > 0 && now.Sub(p.renewed) >= p.bound }

// The reader of a leader, whose lists are never late.
func (w *world) Get(context.Context, client.ObjectKey, client.Object, ...client.GetOption) error {
	panic("no Pod is named, so none is looked for")
}

func (w *world) List(_ context.Context, list client.ObjectList, _ ...client.ListOption) error {
	leases := list.(*coordinationv1.LeaseList)
	leases.ResourceVersion = strconv.Itoa(w.version)
	for _, name := range slices.Sorted(maps.Keys(w.leases)) {
		leases.Items = append(leases.Items, *w.leases[name].DeepCopy())
	}
	return nil
}

type nobody struct {
	cache.Informers
	client.Writer
}

func (w *world) newLeader() {
	var err error
	w.leader, err = acknowledgement.New(acknowledgement.Config{
		Live: w, Writer: nobody{}, Leases: nobody{}, Namespace: "latchkey", Clock: w.clock,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.follower = w.leader.Follow("revokedtokens")
	for _, lease := range w.cached {
		w.leader.Handler().OnAdd(lease.DeepCopy(), true)
	}
}

func (w *world) write(p *process) {
	w.version++
	lease := w.leases[p.name]
	if lease == nil {
		lease = &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: "latchkey"}}
	}
	lease = lease.DeepCopy()
	state := replica.State{Name: p.name, Incarnation: fmt.Sprint(p.starts), RenewedAt: w.clock.Now(), MaxStaleness: p.bound}
	if !p.running {
		state.Incarnation = ""
	}
	if p.synced {
		state.Followed = following(strconv.Itoa(p.knows))
	}
	if err := state.Write(lease); err != nil {
		w.t.Fatal(err)
	}
	lease.ResourceVersion = strconv.Itoa(w.version)
	w.leases[p.name] = lease
	w.events = append(w.events, leaseEvent{lease: lease.DeepCopy()})
	p.renewed = w.clock.Now()
}

func (w *world) remove(p *process) {
	w.version++
	lease := w.leases[p.name].DeepCopy()
	lease.ResourceVersion = strconv.Itoa(w.version)
	delete(w.leases, p.name)
	w.events = append(w.events, leaseEvent{lease: lease, deleted: true})
}

func (w *world) hear(n int) {
	for ; n > 0 && w.heard < len(w.events); n-- {
		e := w.events[w.heard]
		w.heard++
		name := e.lease.Labels[replica.Label]
		before := w.cached[name]
		switch {
		case e.deleted:
			delete(w.cached, name)
			w.leader.Handler().OnDelete(e.lease.DeepCopy())
		case before == nil:
			w.cached[name] = e.lease
			w.leader.Handler().OnAdd(e.lease.DeepCopy(), false)
		default:
			w.cached[name] = e.lease
			w.leader.Handler().OnUpdate(before.DeepCopy(), e.lease.DeepCopy())
		}
	}
}

// relist is what an informer does when its watch can't go on: it never hears of what was in between.
func (w *world) relist() {
	w.heard = len(w.events)
	for name, lease := range w.cached {
		if w.leases[name] == nil {
			delete(w.cached, name)
			w.leader.Handler().OnDelete(toolscache.DeletedFinalStateUnknown{Key: "latchkey/" + lease.Name, Obj: lease.DeepCopy()})
		}
	}
	for name, lease := range w.leases {
		if before := w.cached[name]; before == nil {
			w.leader.Handler().OnAdd(lease.DeepCopy(), false)
		} else {
			w.leader.Handler().OnUpdate(before.DeepCopy(), lease.DeepCopy())
		}
		w.cached[name] = lease.DeepCopy()
	}
}

func (w *world) revoke() {
	w.version++
	name := fmt.Sprint("x", w.version)
	w.waiting[name] = w.version
	w.pending[name] = &v1alpha1.RevokedToken{ObjectMeta: metav1.ObjectMeta{
		Namespace: "realm", Name: name, ResourceVersion: strconv.Itoa(w.version), Generation: 1,
	}}
}

// step lets something happen to p, or to the rest.
func (w *world) step(p *process) string {
	now := w.clock.Now()
	switch n := w.random.IntN(20); {
	case n == 0 && !p.running && !p.leaves:
		p.running, p.synced, p.cut, p.starts, p.knows = true, false, false, p.starts+1, 0
		w.write(p)
		return "starts"
	case n <= 2 && p.running && !p.synced && !p.cut:
		p.synced, p.knows = true, w.version
		return "has its first list"
	case n <= 4 && p.running && p.synced && !p.cut:
		p.knows += w.random.IntN(w.version - p.knows + 1)
		return "follows"
	case n <= 7 && p.running && !p.cut:
		w.write(p)
		return "renews"
	case n == 8 && p.running && w.random.IntN(3) == 0:
		p.cut = true
		return "is cut off"
	case n == 9 && p.cut:
		if p.refuses(now) {
			p.knows = w.version // it refuses until every feed has caught up
		}
		p.cut = false
		w.write(p)
		return "is in touch again"
	case n == 10 && p.running && w.random.IntN(3) == 0:
		p.running, p.cut = false, false
		return "is killed"
	case n == 11 && p.running && !p.cut:
		p.running, p.leaves = false, true
		w.write(p)
		return "ends"
	case n == 12 && p.leaves:
		p.leaves = false
		w.remove(p)
		return "has its Lease deleted"
	case n == 13:
		w.revoke()
		return "sees a revocation made"
	case n <= 15:
		w.hear(1 + w.random.IntN(3))
		return "is watched"
	case n == 16 && w.random.IntN(4) == 0:
		w.relist()
		return "is in a watch that was broken"
	case n == 17:
		if err := w.leader.List(w.t.Context()); err != nil {
			w.t.Fatal(err)
		}
		return "is listed"
	case n == 18:
		w.clock.Step([]time.Duration{time.Second, 3 * time.Second, 11 * time.Second, 70 * time.Second}[w.random.IntN(4)])
		for _, other := range w.runs {
			if other.running && !other.cut {
				w.write(other)
			}
		}
		w.leader.Look(w.t.Context())
		return "sees time pass"
	case n == 19 && w.random.IntN(8) == 0:
		w.newLeader()
		return "sees another leader"
	}
	return ""
}

func (w *world) check() {
	now := w.clock.Now()
	for name, o := range w.pending {
		v := w.follower.Judge(o)
		if v.InForce != metav1.ConditionTrue {
			continue
		}
		for _, p := range w.runs {
			if p.answers(now) && p.knows < w.waiting[name] {
				w.t.Fatalf("%s is said to be in force (%s), and %s answers by %d\n%v", name, v.Replicas(), p.name, p.knows, w.steps)
			}
		}
		w.told++
		w.follower.Forget(client.ObjectKeyFromObject(o))
		delete(w.pending, name)
	}
}

func TestWhatIsCalledInForceIsKnownToWhoeverAnswers(t *testing.T) {
	told := 0
	for seed := range uint64(400) {
		w := &world{
			t: t, random: rand.New(rand.NewPCG(seed, 4)), clock: clocktesting.NewFakeClock(time.Unix(1_800_000_000, 0)),
			version: 10, leases: map[string]*coordinationv1.Lease{}, cached: map[string]*coordinationv1.Lease{},
			runs: map[string]*process{}, pending: map[string]*v1alpha1.RevokedToken{}, waiting: map[string]int{},
		}
		for i, bound := range []time.Duration{0, 15 * time.Second, time.Minute} {
			name := string(rune('a' + i))
			w.runs[name] = &process{name: name, bound: bound}
		}
		w.newLeader()
		names := slices.Sorted(maps.Keys(w.runs))
		for range 300 {
			p := w.runs[names[w.random.IntN(len(names))]]
			if what := w.step(p); what != "" {
				w.steps = append(w.steps, fmt.Sprintf("%d: %s %s;", w.version, p.name, what))
				w.check()
			}
		}
		for _, p := range w.runs { // and in the end all is well
			p.running, p.synced, p.cut, p.leaves, p.starts, p.knows = true, true, false, false, p.starts+1, w.version
			w.write(p)
		}
		w.hear(len(w.events))
		w.check() // takes notes for a leader that has just begun
		if err := w.leader.List(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.check()
		if len(w.pending) > 0 {
			t.Fatalf("seed %d: %d revocations are never said to be in force\n%v", seed, len(w.pending), w.steps)
		}
		told += w.told
	}
	t.Logf("%d revocations were said to be in force", told)
}
