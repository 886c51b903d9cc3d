package acknowledgement

import (
	"context"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/controllers/replica"
)

// Patience is how long an object may take to be in force before its status says that it isn't, and for how
// long status then says one thing before it says another. True is said at once.
const Patience = 5 * time.Second

// Follower knows what one controller waits for. It holds one note for each object that isn't in force,
// until it is forgotten.
type Follower struct {
	register *Register
	resource string
	queue    workqueue.TypedRateLimitingInterface[reconcile.Request]
	notes    map[types.NamespacedName]*note
}

// note is when a generation of an object was first seen. Later resourceVersions don't move the target:
// they are of status.
type note struct {
	uid             types.UID
	generation      int64
	resourceVersion string
	keys            string // the resourceVersion of the realm's key Secret that counts, too; "": none does
	at              time.Time
	number          uint64 // in the order of all notes
	said            replica.Verdict
	saidAt          time.Time
}

// Follow returns the Follower of a controller of resource, such as roles. Call it before Start.
func (r *Register) Follow(resource string) *Follower {
	f := &Follower{register: r, resource: resource, notes: map[types.NamespacedName]*note{}}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.followers = append(r.followers, f)
	return f
}

// Source enqueues what f waits for whenever the verdict on it may have changed.
func (f *Follower) Source() source.Source {
	return source.Func(func(_ context.Context, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
		f.register.mu.Lock()
		defer f.register.mu.Unlock()
		f.queue = queue
		return nil
	})
}

// Judge says whether the generation of o is in force, and keeps a note of it until that is forgotten. It never
// waits, and never says True before a list of Leases that began after the note was taken. Until Patience is
// over it says True, or that it doesn't know yet.
func (f *Follower) Judge(o client.Object) replica.Verdict { return f.JudgeWithKeys(o, "") }

// JudgeWithKeys is Judge of a Realm that is in force only where its key Secret is known, too, as it was at the
// resourceVersion keys.
func (f *Follower) JudgeWithKeys(o client.Object, keys string) replica.Verdict {
	r := f.register
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.Clock.Now()
	n := f.note(o, keys, now)
	v := Judge(r.seen.replicas(now), func(followed replica.Followed) bool { return f.passed(o.GetNamespace(), n, followed) })
	switch {
	case v.InForce != metav1.ConditionTrue:
	case r.listed >= n.number:
		v.Took = now.Sub(n.at)
		return v
	case r.failure == nil:
		return replica.Verdict{Again: Patience} // the list wakes it
	default:
		v = replica.Verdict{
			InForce: metav1.ConditionFalse, Reason: v1alpha1.ReasonLeasesUnreachable,
			Message: fmt.Sprintf("nobody knows which replicas follow: %v", r.failure),
		}
	}
	if left := max(n.at.Add(Patience).Sub(now), r.acquainted().Sub(now)); left > 0 {
		return replica.Verdict{Again: left}
	}
	return n.damp(v, now)
}

// passed says whether a replica that has followed so far knows all that n waits for.
func (f *Follower) passed(namespace string, n *note, followed replica.Followed) bool {
	return followed.Kind(f.resource, n.resourceVersion) && (n.keys == "" || followed.Key(namespace, n.keys))
}

// note returns the note of o's generation. A new one asks for a list, and other keys make one: a replica that
// an earlier list doesn't name may have read the keys before them.
func (f *Follower) note(o client.Object, keys string, now time.Time) *note {
	key, resourceVersion := client.ObjectKeyFromObject(o), o.GetResourceVersion()
	if n := f.notes[key]; n != nil && n.uid == o.GetUID() && n.generation == o.GetGeneration() {
		if n.keys == keys {
			return n
		}
		resourceVersion = n.resourceVersion
	}
	f.register.noted++
	n := &note{
		uid: o.GetUID(), generation: o.GetGeneration(), resourceVersion: resourceVersion, keys: keys,
		at: now, number: f.register.noted,
	}
	f.notes[key] = n
	f.register.ask()
	return n
}

// damp keeps to what was said before until Patience is over.
func (n *note) damp(v replica.Verdict, now time.Time) replica.Verdict {
	if v == n.said {
		return v
	}
	if left := n.saidAt.Add(Patience).Sub(now); n.said.Known() && left > 0 {
		said := n.said
		said.Again = left
		return said
	}
	n.said, n.saidAt = v, now
	return v
}

// Forget drops the note of an object: its status says that it is in force, or it is gone.
func (f *Follower) Forget(object types.NamespacedName) {
	f.register.mu.Lock()
	defer f.register.mu.Unlock()
	delete(f.notes, object)
}

// wake enqueues what f waits for and which concerns.
func (f *Follower) wake(concerns func(*Follower, types.NamespacedName, *note) bool) {
	if f.queue == nil {
		return // its controller looks at everything when it starts
	}
	for object, n := range f.notes {
		if concerns(f, object, n) {
			f.queue.Add(reconcile.Request{NamespacedName: object})
		}
	}
}
