package acknowledgement_test

import (
	"strconv"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/controllers/acknowledgement"
	"github.com/latchkey-auth/latchkey/controllers/replica"
)

// seen is what an onlooker is told of one replica, a second at a time.
type seen struct {
	*acknowledgement.Onlooker
	t       *testing.T
	now     time.Time
	version int
	state   replica.State
}

func newOnlooker(t *testing.T) *seen {
	t.Helper()
	s := &seen{Onlooker: acknowledgement.NewOnlooker(), t: t, now: time.Unix(1_800_000_000, 0), version: 100}
	s.state = replica.State{Name: "a", Incarnation: "1", Pod: replica.Pod{Name: "pod-a"}, Followed: following("99")}
	list := &coordinationv1.LeaseList{Items: []coordinationv1.Lease{*s.lease()}}
	list.ResourceVersion = strconv.Itoa(s.version)
	s.Listed(list, s.now)
	return s
}

// lease is how the replica renews.
func (s *seen) lease() *coordinationv1.Lease {
	s.t.Helper()
	s.version++
	s.state.RenewedAt = s.now
	l := &coordinationv1.Lease{}
	if err := s.state.Write(l); err != nil {
		s.t.Fatal(err)
	}
	l.ResourceVersion = strconv.Itoa(s.version)
	return l
}

func (s *seen) want(status metav1.ConditionStatus, reason string) {
	s.t.Helper()
	if v := s.Judge(s.now, kind); v.InForce != status || v.Reason != reason {
		s.t.Errorf("got %s %s (%s), want %s %s", v.InForce, v.Reason, v.Message, status, reason)
	}
}

func TestAnOnlookerJudgesAsTheLeaderDoes(t *testing.T) {
	t.Run("a replica that follows", func(t *testing.T) {
		s := newOnlooker(t)
		s.want(metav1.ConditionFalse, v1alpha1.ReasonWaitingForReplica)
		s.state.Followed = following(waitedFor)
		s.Changed(s.lease(), s.now)
		s.want(metav1.ConditionTrue, "")
	})
	t.Run("a replica that falls silent, whose Pod nobody looks for", func(t *testing.T) {
		s := newOnlooker(t)
		s.now = s.now.Add(replica.OutOfTouch - 1)
		s.want(metav1.ConditionFalse, v1alpha1.ReasonWaitingForReplica)
		s.now = s.now.Add(1)
		s.want(metav1.ConditionFalse, v1alpha1.ReasonReplicaUnreachable)
		s.Changed(s.lease(), s.now)
		s.want(metav1.ConditionFalse, v1alpha1.ReasonWaitingForReplica)
	})
	t.Run("a replica that ends cleanly, between two looks", func(t *testing.T) {
		s := newOnlooker(t)
		s.state.Incarnation = ""
		s.Changed(s.lease(), s.now)
		s.want(metav1.ConditionTrue, "")
		s.Deleted(s.lease(), s.now)
		s.want(metav1.ConditionTrue, "")
	})
	t.Run("a Lease that somebody deleted", func(t *testing.T) {
		s := newOnlooker(t)
		s.Deleted(s.lease(), s.now)
		s.now = s.now.Add(replica.OutOfTouch)
		s.want(metav1.ConditionUnknown, v1alpha1.ReasonReplicaAssumedGone)
	})
	t.Run("a replica that refuses everything by its own bound", func(t *testing.T) {
		s := newOnlooker(t)
		s.state.MaxStaleness = time.Minute
		s.Changed(s.lease(), s.now)
		s.now = s.now.Add(time.Minute + 2*replica.RenewEvery)
		s.want(metav1.ConditionTrue, "")
	})
}
