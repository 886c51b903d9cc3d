package replica

import (
	"context"
	"errors"
	"log/slog"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/utils/clock"
)

// health knows from renewals whether the API server can be reached, and says so once.
type health struct {
	log   *slog.Logger
	clock clock.PassiveClock

	since    time.Time // when it went away; zero: it is there
	attempts time.Time // since when this connection has been tried; zero: it works
}

// observe takes the outcome of a renewal. It reports whether the connection should be given up: nothing
// came back on it for long.
func (h *health) observe(ctx context.Context, err error) (reconnect bool) {
	if ctx.Err() != nil {
		return false
	}
	now := h.clock.Now()
	if err == nil || answered(err) {
		if !h.since.IsZero() {
			h.log.Info("the API server is back", "away", now.Sub(h.since).Round(time.Millisecond).String())
		}
		h.since, h.attempts = time.Time{}, time.Time{}
		if err != nil {
			h.log.Info("this replica's Lease can't be renewed", "error", err, "hint", hint(err))
		}
		return false
	}
	if h.since.IsZero() {
		h.since, h.attempts = now, now
		h.log.Info("the API server is away: checks go on with what is known, whatever must be written is refused with 503", "error", err)
	}
	if now.Sub(h.attempts) < OutOfTouch {
		return false
	}
	h.attempts = now
	h.log.Info("nothing has come back from the API server for long: its connections are closed and made anew", "after", OutOfTouch)
	return true
}

// answered reports whether err is what the API server said, and not that it couldn't.
func answered(err error) bool {
	var status apierrors.APIStatus
	return errors.As(err, &status) && !apierrors.IsServerTimeout(err) && !apierrors.IsTimeout(err) &&
		!apierrors.IsServiceUnavailable(err) && !apierrors.IsInternalError(err)
}
