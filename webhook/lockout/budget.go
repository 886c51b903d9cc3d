package lockout

import (
	"math"
	"time"

	"golang.org/x/time/rate"
)

// budget is what wrong tries are charged to. It is not safe for concurrent use.
type budget struct {
	rules   Rules         // under which the limiter was made
	limiter *rate.Limiter // holds the wrong tries that are left

	lockedAt, lockedUntil time.Time     // zero: never locked
	matters               time.Duration // for how long after its last charge it can differ from a new one
}

// end returns until when the budget is locked under the rules of now.
func (b *budget) end(r Rules) time.Time {
	if ruled := b.lockedAt.Add(r.Duration); ruled.Before(b.lockedUntil) {
		return ruled
	}
	return b.lockedUntil
}

func (b *budget) locked(r Rules, now time.Time) bool { return now.Before(b.end(r)) }

// charge takes one wrong try, and tells whether it was the last that was left. Then the
// budget is locked, and when that is over it begins anew.
func (b *budget) charge(k Kind, r Rules, now time.Time) (locked bool) {
	b.follow(k, r, now)
	b.limiter.AllowN(now, 1)
	if b.limiter.TokensAt(now) >= 1 {
		return false
	}
	b.lockedAt, b.lockedUntil = now, now.Add(r.Duration)
	b.limiter = nil
	return true
}

// follow makes the limiter one of r, with as many tries used as before.
func (b *budget) follow(k Kind, r Rules, now time.Time) {
	b.matters = r.Window + r.Duration
	if b.limiter != nil && b.rules.size(k) == r.size(k) && b.rules.Window == r.Window {
		return
	}
	used := 0
	if b.limiter != nil {
		used = int(math.Ceil(float64(b.limiter.Burst()) - b.limiter.TokensAt(now)))
	}
	b.rules, b.limiter = r, rate.NewLimiter(r.refill(k), r.size(k))
	b.limiter.AllowN(now, min(used, r.size(k)))
}
