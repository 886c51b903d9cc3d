package chaos

import (
	"net/http"
	"time"
)

// Bound is how long after its acknowledgement a login may still be accepted by a replica that is in
// touch (P1: at most a second).
const Bound = time.Second

// reasonNotSynced is what a replica says that doesn't know everything yet.
const reasonNotSynced = "not_synced"

// Answer is what came of one check.
type Answer struct {
	// Sent and Got are when the request went and its answer, or the lack of it, came.
	Sent, Got time.Time
	// Status and Reason (X-Latchkey-Reason) are what was answered; Status is 0 if nothing was.
	Status int
	Reason string
}

// Verdict is what an Answer is worth.
type Verdict int

// Verdicts. Wrong ones begin at Unanswered.
const (
	Unjudged   Verdict = iota // both answers are right at this moment, or none can be had
	Right                     // what it must be
	Unanswered                // a replica that runs gave no answer in time
	Impossible                // neither 200, 401 nor 403
	Refused                   // a valid login was refused
	Accepted                  // a dead login was accepted, or any by a replica that must have closed itself
)

// judge says what a is worth, from what was known of the login when a was sent (before) and when it came
// (after), and from the state of the replica at both times.
func judge(a Answer, before, after knowledge, sent, got condition) Verdict {
	down := sent.down || got.down
	switch {
	case a.Status == 0 && down:
		return Unjudged
	case a.Status == 0:
		return Unanswered
	case a.Status != http.StatusOK && a.Status != http.StatusUnauthorized && a.Status != http.StatusForbidden:
		return Impossible
	}
	accepted := a.Status == http.StatusOK
	switch {
	case accepted && !sent.closed.IsZero() && a.Sent.After(sent.closed):
		return Accepted
	case accepted && mustBeDead(a.Sent, before, sent):
		return Accepted
	case accepted && after.ending.IsZero(), !accepted && mustBeDead(a.Sent, before, sent):
		return Right
	case accepted, !after.ending.IsZero():
		return Unjudged
	case down && a.Reason == reasonNotSynced, sent.excused != "" && a.Reason == sent.excused, got.excused != "" && a.Reason == got.excused:
		return Unjudged
	default:
		return Refused
	}
}

// mustBeDead reports whether a replica in this condition must refuse a request of that moment.
func mustBeDead(at time.Time, k knowledge, c condition) bool {
	if !k.here.IsZero() && at.After(k.here) {
		return true
	}
	if k.ended.IsZero() {
		return false
	}
	known := k.ended
	if c.back.After(known) {
		known = c.back
	}
	known = known.Add(Bound)
	if !c.lost.IsZero() && c.lost.Before(known) {
		return false // it may not have heard of it
	}
	return at.After(known)
}
