package replica

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Verdict says whether something is in force: whether every replica that may be answering judges by it.
// The zero Verdict says that this isn't known yet; whoever gets it changes nothing and looks again.
type Verdict struct {
	// InForce is True; False: a replica that may be answering hasn't followed; Unknown: only such haven't as
	// are assumed gone; "": not known yet.
	InForce metav1.ConditionStatus
	// Passed of Total replicas that may be answering have followed. One that has ended cleanly, or
	// refuses everything by its --max-staleness, isn't among them.
	Passed, Total int
	// Reason is of api/v1alpha1/conditions.go; "" when True.
	Reason string
	// Message names the replica that stands in the way, or one that wasn't counted. It has no
	// figure that changes by itself.
	Message string
	// Took is the time since the leader first saw the object, when True.
	Took time.Duration
	// Again is when to look again without an event; 0: only at an event.
	Again time.Duration
}

// Known reports whether v says anything.
func (v Verdict) Known() bool { return v.InForce != "" }

// Replicas is what status shows, as in 3/3; "" when the number isn't known.
func (v Verdict) Replicas() string {
	if v.InForce != metav1.ConditionTrue && v.Passed >= v.Total {
		return ""
	}
	return fmt.Sprintf("%d/%d", v.Passed, v.Total)
}

// All reports whether what Replicas returned says that nobody is missing. False of anything else.
func All(replicas string) bool {
	passed, total, found := strings.Cut(replicas, "/")
	_, err := strconv.ParseUint(total, 10, 32)
	return found && err == nil && passed == total
}
