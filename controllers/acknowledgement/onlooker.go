package acknowledgement

import (
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"

	"github.com/latchkey-auth/latchkey/controllers/replica"
)

// Onlooker judges as the leader does, for somebody who isn't the leader: it is told of Leases, and changes
// nothing. For how long a replica was silent before the first list nobody knows, so a fresh Onlooker takes
// every replica for one that renews. It is for one goroutine.
type Onlooker struct {
	seen sightings
}

// NewOnlooker returns an Onlooker that has seen nothing.
func NewOnlooker() *Onlooker { return &Onlooker{seen: sightings{}} }

// Listed takes in a live list of the replicas' Leases.
func (o *Onlooker) Listed(list *coordinationv1.LeaseList, now time.Time) { o.seen.listed(list, now) }

// Changed takes in a Lease that a watch tells of.
func (o *Onlooker) Changed(lease *coordinationv1.Lease, now time.Time) { o.seen.observe(lease, now) }

// Deleted takes in a Lease that is gone, in its last state and with the resourceVersion of its end.
func (o *Onlooker) Deleted(lease *coordinationv1.Lease, now time.Time) {
	if known := o.seen[lease.Name]; known != nil {
		o.seen.observe(lease, now)
		o.seen.vanish(lease.Name, known.at)
	}
}

// Judge says whether every replica that may be answering has passed target. It is the truth only of what was
// read from the API server before the list began. Nobody looks for Pods: that of a silent replica may still be there.
func (o *Onlooker) Judge(now time.Time, target Target) replica.Verdict {
	for _, one := range o.seen {
		if one.inDoubt(now) && one.looked.IsZero() {
			one.looked = now
		}
	}
	return Judge(o.seen.replicas(now), target)
}
