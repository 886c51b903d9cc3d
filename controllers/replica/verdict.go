package replica

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Verdict says whether something is in force. The zero Verdict says that nobody knows.
type Verdict struct {
	// InForce is True if every replica that may be answering has passed; False if one hasn't;
	// Unknown if only such haven't as are assumed gone.
	InForce metav1.ConditionStatus
	// Passed and Total count the replicas that may be answering: "3/3".
	Passed, Total int
	// Reason is one of api/v1alpha1/conditions.go. Message names the replica that stands in the way.
	Reason, Message string
	// Took is how long it took since the leader first saw the object, when InForce is True.
	Took time.Duration
	// Again is when to look again without an event; 0: only at an event.
	Again time.Duration
}
