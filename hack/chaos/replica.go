package chaos

import (
	"sync"
	"time"
)

// Replica is a serving process as its clients see it, and what a case has done to it.
type Replica struct {
	// Name is for people; URL is the root of its public listener, without a last slash.
	Name, URL string

	mu    sync.Mutex
	state condition
}

// condition is what a case has done to a replica. The zero value is a healthy one.
type condition struct {
	down    bool      // it was killed, or isn't ready yet
	lost    time.Time // out of touch with the API server since; zero: in touch
	back    time.Time // in touch again since
	excused string    // a reason for which it may refuse what is valid; "" for none
	closed  time.Time // from then on it must refuse everything; zero: never
}

// Down says that the replica was killed: until Up it may be silent or not synced, and must accept nothing
// that is dead.
func (r *Replica) Down() { r.change(func(c *condition) { c.down = true }) }

// Up ends Down: the replica says that it is ready.
func (r *Replica) Up() { r.change(func(c *condition) { c.down = false }) }

// Lost says that the replica is out of touch: it can't hear of revocations.
func (r *Replica) Lost() {
	r.change(func(c *condition) {
		if c.lost.IsZero() {
			c.lost = time.Now()
		}
	})
}

// Back ends Lost: the replica was seen to have heard of something new.
func (r *Replica) Back() {
	r.change(func(c *condition) {
		if !c.lost.IsZero() {
			c.lost, c.back = time.Time{}, time.Now()
		}
	})
}

// Excuse lets the replica refuse what is valid for one reason of X-Latchkey-Reason; "" ends that.
func (r *Replica) Excuse(reason string) { r.change(func(c *condition) { c.excused = reason }) }

// Close says that the replica must refuse everything from that moment on, and may refuse for this reason
// from now on.
func (r *Replica) Close(at time.Time, reason string) {
	r.change(func(c *condition) { c.closed, c.excused = at, reason })
}

// Open ends Close's must; the reason stays excused until Excuse says otherwise.
func (r *Replica) Open() { r.change(func(c *condition) { c.closed = time.Time{} }) }

func (r *Replica) change(how func(*condition)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	how(&r.state)
}

func (r *Replica) condition() condition {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state
}
