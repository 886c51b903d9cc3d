package webhook

import (
	"crypto/rand"
	"log/slog"
	"net/http"

	"golang.org/x/time/rate"
)

// requestID returns the id under which log lines of this request can be found: the
// proxy's X-Request-Id where it has a sane form, else a new one.
func (c *call) requestID(r *http.Request) string {
	if c.id == "" {
		if sent := r.Header["X-Request-Id"]; len(sent) == 1 && isRequestID(sent[0]) {
			c.id = sent[0]
		} else {
			c.id = rand.Text()
		}
	}
	return c.id
}

// isRequestID admits what can't be mistaken for anything else in a log.
func isRequestID(s string) bool {
	if len(s) < 8 || len(s) > 64 {
		return false
	}
	for _, c := range []byte(s) {
		if c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}

// printable cuts what a client sent to max bytes of printable ASCII.
func printable(s string, limit int) string {
	b := []byte(s[:min(len(s), limit)])
	for i, c := range b {
		if c < ' ' || c > '~' {
			b[i] = '?'
		}
	}
	return string(b)
}

// hinter tells operators how to mend a check that can't be decided. nginx drops the body
// of a refusal, so this line is what they have. It speaks at most once a second, in
// bursts of five, because a wrongly set-up proxy is wrong at every request.
type hinter struct {
	log   *slog.Logger
	limit *rate.Limiter
}

func newHinter(log *slog.Logger) *hinter { return &hinter{log, rate.NewLimiter(1, 5)} }

func (h *hinter) tell(realm, endpoint, reason, hint string) {
	if h.limit.Allow() {
		h.log.Info("check can't be decided", "realm", realm, "endpoint", endpoint, "reason", reason, "fix", hint)
	}
}
