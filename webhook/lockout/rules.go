package lockout

import (
	"time"

	"golang.org/x/time/rate"
)

// Rules are what a realm's spec.lockout says: so many wrong tries within the window lock a
// budget for the duration. They may differ from one try to the next: what was used stays
// used, and a shorter duration ends present locks. If any field isn't above zero, every
// try is refused.
type Rules struct {
	Failures         int
	Window, Duration time.Duration
}

// sharedFactor is how many times a user's budget for one network all networks together have.
const sharedFactor = 10

func (r Rules) usable() bool { return r.Failures > 0 && r.Window > 0 && r.Duration > 0 }

// size is how many wrong tries a budget of a kind holds.
func (r Rules) size(k Kind) int {
	if k == Shared {
		return sharedFactor * r.Failures
	}
	return r.Failures
}

// refill is how fast a budget of a kind that is empty gets full within the window.
func (r Rules) refill(k Kind) rate.Limit {
	return rate.Limit(float64(r.size(k)) / r.Window.Seconds())
}
