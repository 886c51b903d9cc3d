// Package servertime estimates the API server's clock, so that replicas agree on time whatever their own
// machines say: on when a login ends, how long a sibling counts, what may be collected.
//
// Every answer of the API server carries a Date (RFC 9110 section 6.6.1), in whole seconds, and was
// written between the request and its answer. That bounds how far the two clocks can be apart; many
// answers narrow it down to milliseconds. A machine whose clock may be right is believed, so that a good
// clock is never corrected.
package servertime

import (
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Tolerance is how far a machine's clock may be off before the log says so.
const Tolerance = 5 * time.Second

// Clock is the API server's clock as far as it is known. Until an answer came it is the machine's.
// Methods may be called from any goroutine.
type Clock struct {
	local func() time.Time
	log   *slog.Logger

	correction atomic.Int64 // nanoseconds

	mu        sync.Mutex
	known     bool
	low, high time.Duration // between these the API server's clock is ahead of the machine's
	warned    bool
}

// New returns a Clock that corrects local, which is the machine's clock, and tells log when that is off
// by more than Tolerance.
func New(local func() time.Time, log *slog.Logger) *Clock {
	return &Clock{local: local, log: log}
}

// Now is the API server's time.
func (c *Clock) Now() time.Time { return c.local().Add(c.Offset()) }

// Since is how long ago t was, in the API server's time.
func (c *Clock) Since(t time.Time) time.Duration { return c.Now().Sub(t) }

// Offset is how far the API server's clock is ahead of the machine's; negative if it is behind. It is 0
// as long as both may be the same.
func (c *Clock) Offset() time.Duration { return time.Duration(c.correction.Load()) }

// observe takes the date of an answer, in whole seconds, to a request that was sent and answered at these
// times of the machine.
func (c *Clock) observe(sent, received, date time.Time) {
	low, high := date.Sub(received), date.Add(time.Second).Sub(sent)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known && low < c.high && high > c.low {
		low, high = max(low, c.low), min(high, c.high)
	} // else it is the first, or one of the clocks was set: what was known counts no more
	c.known, c.low, c.high = true, low, high
	correction := (low + high) / 2
	if low <= 0 && high >= 0 {
		correction = 0
	}
	c.correction.Store(int64(correction))
	if off := correction.Abs() > Tolerance; off != c.warned {
		c.warned = off
		if off {
			c.log.Info("this machine's clock is off: the API server's is used; let NTP set it", "offset", correction.Round(time.Millisecond).String())
		} else {
			c.log.Info("this machine's clock is right again")
		}
	}
}

// Transport returns a RoundTripper that does what next does, and learns from the answers.
func (c *Clock) Transport(next http.RoundTripper) http.RoundTripper { return &observer{c, next} }

type observer struct {
	clock *Clock
	next  http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (o *observer) RoundTrip(r *http.Request) (*http.Response, error) {
	sent := o.clock.local()
	response, err := o.next.RoundTrip(r)
	if err != nil {
		return response, err
	}
	if date, err := http.ParseTime(response.Header.Get("Date")); err == nil {
		o.clock.observe(sent, o.clock.local(), date)
	}
	return response, nil
}

// WrappedRoundTripper returns what o wraps, so that client-go finds the transport below.
func (o *observer) WrappedRoundTripper() http.RoundTripper { return o.next }

// Register publishes the offset as a metric.
func (c *Clock) Register(to prometheus.Registerer) error {
	return to.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "latchkey_clock_offset_seconds",
		Help: "How far the API server's clock is ahead of this machine's, in seconds; 0 while both may be the same.",
	}, func() float64 { return c.Offset().Seconds() }))
}
