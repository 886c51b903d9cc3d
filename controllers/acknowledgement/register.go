package acknowledgement

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/flowcontrol"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/controllers/replica"
)

// +kubebuilder:rbac:groups=coordination.k8s.io,namespace=latchkey,resources=leases,verbs=get;list;watch;delete
// +kubebuilder:rbac:groups="",namespace=latchkey,resources=pods,verbs=get

const (
	// lookEvery is how often time alone may change something: silence has lasted long enough.
	lookEvery = time.Second
	// relistEvery bounds how long a watch can be dead before somebody who waits hears of it.
	relistEvery = 10 * time.Second
	// listTimeout ends a list that nobody answers.
	listTimeout = 5 * time.Second
	// Lists a second, and at once. Between two of them more can come to be waited for, and the next serves all of it.
	listRate, listBurst = 20, 20
)

// Config is what a Register works with. All of it is required.
type Config struct {
	// Live reads Leases, Pods and Realms from the API server, never from a cache.
	Live client.Reader
	// Writer deletes Leases that can't matter any more.
	Writer client.Writer
	// Leases tells when a Lease changes. Those of replicas in Namespace are enough.
	Leases cache.Informers
	// Namespace is Latchkey's own, where the Leases are.
	Namespace string
	// Clock is the leader's.
	Clock clock.WithTicker
}

// Register knows of every replica how far it has followed. It is a runnable of a manager and
// needs leadership.
type Register struct {
	Config

	pace flowcontrol.RateLimiter
	want chan struct{} // holds one entry if somebody waits for a list

	cookies time.Duration // how long they live at most, as of asked; for collect alone
	asked   time.Time     // zero: never

	mu        sync.Mutex
	seen      sightings
	standings map[string]outlook // as of the last look
	followers []*Follower
	noted     uint64    // counts what followers have noted
	listed    uint64    // what was noted before the last list began: nobody is missing in the judgement on that
	listedAt  time.Time // zero: never
	watched   time.Time // since when
	failure   error     // of the last list; nil: it succeeded
}

// outlook is what of a replica, beside how far it has followed, bears on a verdict.
type outlook struct {
	incarnation string
	standing    standing
}

// New returns a Register that knows nothing until it is started.
func New(c Config) (*Register, error) {
	if c.Live == nil || c.Writer == nil || c.Leases == nil || c.Clock == nil {
		return nil, errors.New("acknowledgement: Live, Writer, Leases and Clock are required")
	}
	if c.Namespace == "" {
		return nil, errors.New("acknowledgement: Latchkey's own namespace is required")
	}
	return &Register{
		Config: c,
		pace:   flowcontrol.NewTokenBucketRateLimiter(listRate, listBurst),
		want:   make(chan struct{}, 1),
		seen:   sightings{}, standings: map[string]outlook{},
	}, nil
}

// Start looks at Leases until ctx ends.
func (r *Register) Start(ctx context.Context) error {
	informer, err := r.Leases.GetInformer(ctx, &coordinationv1.Lease{}, cache.BlockUntilSynced(false)) // lists don't wait for it
	if err != nil {
		return fmt.Errorf("get informer of leases: %w", err)
	}
	registration, err := informer.AddEventHandler(r.handler())
	if err != nil {
		return fmt.Errorf("watch leases: %w", err)
	}
	defer func() { _ = informer.RemoveEventHandler(registration) }() // it fails for a foreign registration only

	ticker := r.Clock.NewTicker(lookEvery)
	defer ticker.Stop()
	r.relist(ctx)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-r.want:
			r.relist(ctx)
		case <-ticker.C():
			r.look(ctx)
		}
	}
}

func (r *Register) handler() toolscache.ResourceEventHandler {
	observe := func(o any) {
		if lease, ok := r.ours(o); ok {
			r.learn(func(now time.Time) { r.seen.observe(lease, now) })
		}
	}
	return toolscache.ResourceEventHandlerFuncs{
		AddFunc:    observe,
		UpdateFunc: func(_, o any) { observe(o) },
		DeleteFunc: func(o any) {
			if last, ok := o.(toolscache.DeletedFinalStateUnknown); ok {
				o = last.Obj
			}
			lease, ok := r.ours(o)
			if !ok {
				return
			}
			r.learn(func(now time.Time) {
				if known := r.seen[lease.Name]; known != nil {
					r.seen.observe(lease, now)
					r.seen.vanish(lease.Name, known.at) // which is at least this one's
				}
			})
		},
	}
}

func (r *Register) ours(o any) (*coordinationv1.Lease, bool) {
	lease, ok := o.(*coordinationv1.Lease)
	return lease, ok && lease.Namespace == r.Namespace && lease.Labels[replica.Label] != ""
}

// learn takes in what change tells and wakes whom it may concern.
func (r *Register) learn(change func(now time.Time)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	before := make(map[string]replica.Followed, len(r.seen))
	for name, known := range r.seen {
		before[name] = known.state.Followed
	}
	now := r.Clock.Now()
	change(now)
	if r.review(now) {
		r.wake(func(*Follower, types.NamespacedName, *note) bool { return true })
		return
	}
	for name, known := range r.seen {
		if was, is := before[name], known.state.Followed; !was.Equal(is) {
			r.wake(func(f *Follower, object types.NamespacedName, n *note) bool {
				return !f.passed(object.Namespace, n, was) && f.passed(object.Namespace, n, is)
			})
		}
	}
}

// review reports whether any replica stands otherwise than at the last look.
func (r *Register) review(now time.Time) bool {
	changed := len(r.standings) != len(r.seen)
	for name, known := range r.seen {
		is := outlook{known.state.Incarnation, known.replica(now).standing()}
		changed = changed || r.standings[name] != is
		r.standings[name] = is
	}
	for name := range r.standings {
		if r.seen[name] == nil {
			delete(r.standings, name)
		}
	}
	return changed
}

// relist takes in a live list, which serves whatever was noted before it began. One that fails is
// made again at the next look.
func (r *Register) relist(ctx context.Context) {
	if r.pace.Wait(ctx) != nil {
		return // ctx has ended
	}
	if err := r.list(ctx); err != nil && ctx.Err() == nil {
		ctrl.LoggerFrom(ctx).Error(err, "replicas aren't known")
	}
}

func (r *Register) list(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	r.mu.Lock()
	began := r.noted
	r.mu.Unlock()
	leases := &coordinationv1.LeaseList{}
	err := r.Live.List(ctx, leases, client.InNamespace(r.Namespace), client.HasLabels{replica.Label})
	if err != nil {
		err = fmt.Errorf("list leases of replicas: %w", err)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.failure = err
		return err
	}
	r.learn(func(now time.Time) {
		r.seen.listed(leases, now)
		before := r.listed
		r.listed, r.listedAt, r.failure = max(r.listed, began), now, nil
		if r.watched.IsZero() {
			r.watched = now
		}
		r.wake(func(_ *Follower, _ types.NamespacedName, n *note) bool { return before < n.number && n.number <= began })
	})
	return nil
}

// look does what time alone asks for.
func (r *Register) look(ctx context.Context) {
	r.lookForPods(ctx)
	r.collect(ctx)
	r.learn(func(time.Time) {})
	r.mu.Lock()
	stale := r.pending() > 0 && r.Clock.Since(r.listedAt) >= relistEvery
	again := r.failure != nil || r.listed < r.noted || stale
	r.mu.Unlock()
	if again {
		r.relist(ctx)
	}
}

// KeysFollowed says whether every replica that may be answering knows the key Secret of a realm as it was at
// resourceVersion. It lists Leases before it says True. An error is the API server's.
func (r *Register) KeysFollowed(ctx context.Context, namespace, resourceVersion string) (replica.Verdict, error) {
	judge := func() replica.Verdict {
		r.mu.Lock()
		defer r.mu.Unlock()
		return Judge(r.seen.replicas(r.Clock.Now()), func(f replica.Followed) bool { return f.Key(namespace, resourceVersion) })
	}
	v := judge()
	if v.InForce == metav1.ConditionTrue {
		if err := r.pace.Wait(ctx); err != nil {
			return replica.Verdict{}, fmt.Errorf("wait to list leases: %w", err)
		}
		if err := r.list(ctx); err != nil {
			return replica.Verdict{}, err
		}
		v = judge()
	}
	if v.InForce != metav1.ConditionTrue {
		v.Again = replica.RenewEvery
	}
	return v, nil
}

// ask has a list made soon.
func (r *Register) ask() {
	select {
	case r.want <- struct{}{}:
	default:
	}
}

// acquainted is from when on the silence of replicas means something, as the leader has listened long
// enough. A leader that has just begun takes every replica for renewing.
func (r *Register) acquainted() time.Time {
	if r.watched.IsZero() {
		return r.watched
	}
	return r.watched.Add(replica.OutOfTouch + 2*lookEvery)
}

// wake enqueues what followers wait for and which concerns.
func (r *Register) wake(concerns func(*Follower, types.NamespacedName, *note) bool) {
	for _, f := range r.followers {
		f.wake(concerns)
	}
}

func (r *Register) pending() int {
	n := 0
	for _, f := range r.followers {
		n += len(f.notes)
	}
	return n
}
