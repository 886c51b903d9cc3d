package password

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"
)

// ErrBusy says that too much hashing is asked for: come back later.
var ErrBusy = errors.New("too many passwords are being hashed")

const (
	defaultQueuePerSlot = 64 // some 2 s of hashing with Default
	defaultWait         = 5 * time.Second
)

// SlotsConfig bounds the hashing of a process. A field that is zero or
// negative has its default.
type SlotsConfig struct {
	// Concurrent is how many passwords are hashed at once. Default: as many as
	// Go uses cores (GOMAXPROCS).
	Concurrent int
	// Memory is how many bytes all hashes at once may need. It lowers Concurrent
	// to Memory / MaxMemory, though not below one. Default: Concurrent × MaxMemory.
	Memory int64
	// Queue is how many callers may wait. Default: 64 for each slot.
	Queue int
	// Wait is the longest that a caller waits. Default: 5 s.
	Wait time.Duration
}

// Slots bounds how many passwords are hashed at once, by number and – as each
// needs at most [MaxMemory] – by memory. Hashing is made to be expensive: without a
// bound, a few hundred logins exhaust a process. Callers beyond the bound wait
// in a short queue in which sources take turns, so that one source's flood
// delays another's single login by one hash for each waiting source at most.
//
// It is safe for concurrent use. The zero Slots is always busy.
type Slots struct {
	queue int
	wait  time.Duration

	mu    sync.Mutex
	free  int   // if any is, nobody waits
	turns turns // those who wait
}

// NewSlots returns Slots that are all free.
func NewSlots(c SlotsConfig) *Slots {
	if c.Concurrent <= 0 {
		c.Concurrent = runtime.GOMAXPROCS(0)
	}
	if c.Memory > 0 {
		c.Concurrent = max(1, min(c.Concurrent, int(c.Memory/MaxMemory)))
	}
	if c.Queue <= 0 {
		c.Queue = defaultQueuePerSlot * c.Concurrent
	}
	if c.Wait <= 0 {
		c.Wait = defaultWait
	}
	return &Slots{queue: c.Queue, wait: c.Wait, free: c.Concurrent}
}

// Do runs work in a slot, on the calling goroutine, when it is source's turn.
// The source is whatever shares a fate, such as a client's network.
//
// Without having run work it returns ErrBusy if the queue is full, if a source
// with fewer waiters needed the place, or if the longest wait is over; and an
// error that wraps ctx's if that ended first. A panic of work passes through and
// frees the slot.
func (s *Slots) Do(ctx context.Context, source string, work func()) error {
	if err := s.acquire(ctx, source); err != nil {
		return err
	}
	defer s.release()
	if err := ctx.Err(); err != nil { // nobody is there to hear the result
		return fmt.Errorf("wait to hash a password: %w", err)
	}
	work()
	return nil
}

// Try runs work if a slot is free at this moment, and tells whether it did. It
// never overtakes those who wait: while anybody does, no slot is free.
func (s *Slots) Try(work func()) bool {
	if !s.takeFree() {
		return false
	}
	defer s.release()
	work()
	return true
}

// acquire returns nil once the caller holds a slot.
func (s *Slots) acquire(ctx context.Context, source string) error {
	w := s.enter(source)
	timer := time.NewTimer(s.wait)
	defer timer.Stop()
	select {
	case err := <-w.answer:
		return err
	case <-ctx.Done():
		s.leave(w)
		return fmt.Errorf("wait to hash a password: %w", ctx.Err())
	case <-timer.C:
		s.leave(w)
		return ErrBusy
	}
}

// enter answers at once, with a free slot or with ErrBusy, or gives the caller
// a place in the queue, for which a longer line may have to give one up.
func (s *Slots) enter(source string) *waiter {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := newWaiter(source)
	if s.free > 0 {
		s.free--
		w.answer <- nil
		return w
	}
	if s.turns.waiting >= s.queue {
		displaced := s.turns.giveWay(source)
		if displaced == nil {
			w.answer <- ErrBusy
			return w
		}
		displaced.answer <- ErrBusy
	}
	s.turns.add(w)
	return w
}

// leave gives up w's place, or the slot that it was given in the meantime.
func (s *Slots) leave(w *waiter) {
	s.mu.Lock()
	queued := s.turns.remove(w)
	s.mu.Unlock()
	if !queued && <-w.answer == nil {
		s.release()
	}
}

// release hands the slot to whoever is next, else it becomes free.
func (s *Slots) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if w := s.turns.next(); w != nil {
		w.answer <- nil
		return
	}
	s.free++
}

func (s *Slots) takeFree() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.free == 0 {
		return false
	}
	s.free--
	return true
}
