package feed

import (
	"net/http"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/latchkey-auth/latchkey/webhook/directory"
)

// progress is how far one feed has followed the API server, and until when it is
// certain to know everything.
//
// A watch that says nothing may have nothing to say, or be dead without anybody
// having noticed. So it counts only together with a beat: an event that this
// replica caused itself, at a known time, and that came back over the same
// connection. What a running watch had to deliver before that is here.
type progress struct {
	mu      sync.Mutex
	version directory.Version // up to which everything is in the directory; 0: nothing was listed
	asked   time.Time         // when the last list was asked for
	listed  bool              // and whether it has come to its end
	since   time.Time         // since when a watch runs; zero: none does
	stop    func()            // ends that watch
	fresh   time.Time         // until when everything is known; zero: nothing is
	away    time.Time         // when it was noticed that it was too long out of touch; zero: it isn't
}

func (p *progress) listing(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked, p.listed = now, false
}

func (p *progress) connected(now time.Time, stop func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.since, p.stop = now, stop
}

func (p *progress) disconnected() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.since, p.stop = time.Time{}, nil
}

// replaced says that a list has come to its end, and is in the directory. It held
// everything that happened before it was asked for.
func (p *progress) replaced(v directory.Version) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.version, p.listed, p.fresh = v, true, p.asked
	if p.enough() {
		p.away = time.Time{}
	}
}

// enough reports whether the last list was asked for after all that was missed.
func (p *progress) enough() bool { return !p.asked.Before(p.away) }

// reached says that everything up to v is in the directory.
func (p *progress) reached(v directory.Version) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.version > 0 { // else it is part of a list that hasn't come to its end
		p.version = max(p.version, v)
	}
}

// beat says that an event came back that was caused at the time sent. If the feed
// was out of touch for longer than limit (0: none), that is not enough any more:
// what the watch has still to deliver may come after it, so the watch is ended, and
// only a new list counts. It reports whether that has just come to be.
func (p *progress) beat(sent, now time.Time, limit time.Duration) (lost bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fresh.IsZero() {
		return false
	}
	if limit > 0 && p.away.IsZero() && now.Sub(p.fresh) > limit {
		p.away, lost = now, true
		if p.stop != nil {
			p.stop()
		}
	}
	if p.away.IsZero() && p.listed && !p.since.IsZero() && !p.since.After(sent) && sent.After(p.fresh) {
		p.fresh = sent
	}
	return lost
}

// lost reports whether a watch must not go on where the last one ended.
func (p *progress) lost() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.away.IsZero() && !p.enough()
}

// freshness is until when everything is known; false before anything was.
func (p *progress) freshness() (time.Time, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.fresh, !p.fresh.IsZero()
}

// at is the version up to which everything is in the directory; 0 is nothing.
func (p *progress) at() directory.Version {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.version
}

// errTooLongAway makes a reflector list anew.
func errTooLongAway() error {
	return &apierrors.StatusError{ErrStatus: metav1.Status{
		Status: metav1.StatusFailure, Code: http.StatusGone, Reason: metav1.StatusReasonExpired,
		Message: "out of touch for longer than --max-staleness: everything is read anew",
	}}
}
