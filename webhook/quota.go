package webhook

import (
	"time"

	"github.com/maypok86/otter/v2"
	"golang.org/x/time/rate"
)

// loginQuota bounds successful logins per user and hour, on this replica. It holds the
// most recent users only: only somebody with a password makes an entry.
type loginQuota struct {
	users *otter.Cache[string, *rate.Limiter]
}

func newLoginQuota() *loginQuota {
	return &loginQuota{otter.Must(&otter.Options[string, *rate.Limiter]{
		MaximumSize:      100_000,
		ExpiryCalculator: otter.ExpiryAccessing[string, *rate.Limiter](time.Hour),
	})}
}

// take counts a login of the user with this UID; wait is how long until the next may
// be, and 0 if this one may.
func (q *loginQuota) take(uid string, perHour int, now time.Time) (wait time.Duration) {
	limiter, _ := q.users.ComputeIfAbsent(uid, func() (*rate.Limiter, bool) {
		return rate.NewLimiter(rate.Limit(float64(perHour)/time.Hour.Seconds()), perHour), false
	})
	if limiter.Burst() != perHour { // the realm's setting changed
		limiter.SetLimitAt(now, rate.Limit(float64(perHour)/time.Hour.Seconds()))
		limiter.SetBurstAt(now, perHour)
	}
	if limiter.AllowN(now, 1) {
		return 0
	}
	return time.Duration(float64(time.Hour) / float64(perHour))
}
