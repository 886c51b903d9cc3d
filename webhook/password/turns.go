package password

import "slices"

// turns is a queue in which sources take turns: whoever has many waiters is
// served as often as whoever has one. Within a source, first come is first
// served. Its operations take time in the number of waiting sources at most. It is
// not safe for concurrent use.
type turns struct {
	lines   []*line // never an empty one; the first is next, a new source comes last
	waiting int     // in all lines
}

// line holds the waiters of one source, the oldest first.
type line struct {
	source  string
	waiters []*waiter
}

// waiter is one caller. It is answered once, unless it leaves first: nil gives
// it a slot, an error sends it away.
type waiter struct {
	source string
	answer chan error // has room for the answer, so that answering never blocks
}

func newWaiter(source string) *waiter {
	return &waiter{source: source, answer: make(chan error, 1)}
}

// add puts w at the end of its source's line.
func (t *turns) add(w *waiter) {
	t.waiting++
	if l := t.of(w.source); l != nil {
		l.waiters = append(l.waiters, w)
		return
	}
	t.lines = append(t.lines, &line{source: w.source, waiters: []*waiter{w}})
}

// next takes out the waiter whose turn it is and puts its source behind all
// others; nil if nobody waits.
func (t *turns) next() *waiter {
	if len(t.lines) == 0 {
		return nil
	}
	first := t.lines[0]
	t.lines = append(t.lines[1:], first)
	w := first.waiters[0]
	t.remove(w)
	return w
}

// remove takes w out and tells whether it was still there.
func (t *turns) remove(w *waiter) bool {
	l := t.of(w.source)
	if l == nil {
		return false
	}
	i := slices.Index(l.waiters, w)
	if i < 0 {
		return false
	}
	t.waiting--
	l.waiters = slices.Delete(l.waiters, i, i+1)
	if len(l.waiters) == 0 {
		i := slices.Index(t.lines, l)
		t.lines = slices.Delete(t.lines, i, i+1)
	}
	return true
}

// giveWay takes out the newest waiter of the longest line, if there is one that
// stays at least as long as source's line with one more; else it returns nil.
// So a crowd loses places to the others until all have the same, and never a
// place back and forth.
func (t *turns) giveWay(source string) *waiter {
	mine := 0
	var longest *line
	for _, l := range t.lines {
		if l.source == source {
			mine = len(l.waiters)
		}
		if longest == nil || len(l.waiters) > len(longest.waiters) {
			longest = l
		}
	}
	if longest == nil || len(longest.waiters)-1 < mine+1 {
		return nil
	}
	newest := longest.waiters[len(longest.waiters)-1]
	t.remove(newest)
	return newest
}

// of returns the line of source, nil if nobody of it waits.
func (t *turns) of(source string) *line {
	i := slices.IndexFunc(t.lines, func(l *line) bool { return l.source == source })
	if i < 0 {
		return nil
	}
	return t.lines[i]
}
