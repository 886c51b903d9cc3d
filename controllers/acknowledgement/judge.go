package acknowledgement

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/controllers/replica"
)

// Replica is what the leader knows of a replica.
type Replica struct {
	replica.State
	// Silent is for how long no renewal was seen, by the leader's clock.
	Silent time.Duration
	// Vanished says that its Lease was deleted although it hadn't ended.
	Vanished bool
	// PodGone says that it ran in a Pod that doesn't exist any more, or has ended.
	PodGone bool
}

// Target reports whether a replica that has followed so far knows what is waited for.
type Target func(replica.Followed) bool

// standing is what can be expected of a replica. The order is that of severity, of those that haven't passed.
type standing int

const (
	ended       standing = iota // cleanly: nobody answers under its name
	closed                      // it refuses everything, by its own --max-staleness
	assumedGone                 // without word
	renewing
	unreachable
)

// closingMargin is for how much longer than its --max-staleness a replica counts as answering: clocks don't
// run at quite the same rate.
const closingMargin = replica.RenewEvery

func (r Replica) standing() standing {
	switch {
	case r.Incarnation == "":
		return ended
	case r.MaxStaleness > 0 && r.Silent >= r.MaxStaleness+closingMargin:
		return closed
	case r.Silent < replica.OutOfTouch:
		return renewing
	case r.Vanished || r.PodGone:
		return assumedGone
	default:
		return unreachable
	}
}

// Judge says whether every replica that may be answering has passed target. The zero Replica has
// ended; what can't be read of one counts as not followed.
func Judge(replicas []Replica, target Target) replica.Verdict {
	var v replica.Verdict
	var waiting, shut []Replica
	for _, r := range replicas {
		switch s := r.standing(); {
		case s == ended:
		case s == closed:
			shut = append(shut, r)
		case target(r.Followed):
			v.Passed, v.Total = v.Passed+1, v.Total+1
		default:
			v.Total++
			waiting = append(waiting, r)
		}
	}
	slices.SortFunc(waiting, func(a, b Replica) int {
		return cmp.Or(cmp.Compare(b.standing(), a.standing()), cmp.Compare(a.Name, b.Name))
	})
	slices.SortFunc(shut, func(a, b Replica) int { return cmp.Compare(a.Name, b.Name) })
	if len(waiting) == 0 {
		v.InForce = metav1.ConditionTrue
		if len(shut) > 0 {
			v.Message = fmt.Sprintf("%s counted, as it refuses everything: it is out of touch for longer than its --max-staleness",
				naming(shut, "isn't", "aren't"))
		}
		return v
	}
	first := waiting[0]
	waiting = slices.DeleteFunc(waiting, func(r Replica) bool { return r.standing() != first.standing() })
	switch first.standing() {
	case unreachable:
		v.InForce, v.Reason = metav1.ConditionFalse, v1alpha1.ReasonReplicaUnreachable
		v.Message = fmt.Sprintf("%s out of touch and may still answer by what it knew: reconnect it or end it", naming(waiting, "is", "are"))
	case assumedGone:
		v.InForce, v.Reason = metav1.ConditionUnknown, v1alpha1.ReasonReplicaAssumedGone
		left := "its Pod is gone"
		if first.Vanished {
			left = "its Lease was deleted"
		}
		v.Message = fmt.Sprintf("%s assumed gone: %s, but it never said that it ended", naming(waiting, "is", "are"), left)
	default:
		v.InForce, v.Reason = metav1.ConditionFalse, v1alpha1.ReasonWaitingForReplica
		v.Message = fmt.Sprintf("%s followed yet", naming(waiting, "hasn't", "haven't"))
	}
	return v
}

// naming names the first of replicas, how many more there are, and what they do. Only one name: it
// is a person's next step.
func naming(replicas []Replica, one, more string) string {
	switch others := len(replicas) - 1; others {
	case 0:
		return fmt.Sprintf("replica %q %s", replicas[0].Name, one)
	case 1:
		return fmt.Sprintf("replica %q and 1 other %s", replicas[0].Name, more)
	default:
		return fmt.Sprintf("replica %q and %d others %s", replicas[0].Name, others, more)
	}
}
