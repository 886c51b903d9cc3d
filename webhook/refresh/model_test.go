package refresh_test

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/webhook/refresh"
)

// This is the service around Decide, as small as it gets: three requests at a time read the State,
// decide, compare-and-swap and may lose their answer, while time passes. Every order of these steps
// is tried, up to the bounds below; promises_test.go holds what must be true of all of them.
const (
	requests       = 3
	lastGeneration = 3 // that is presented
	modelLeeway    = 2 // seconds
	mayPass        = 2 // times that time passes: by a second, or by more than the leeway
)

// issued is a refresh token: its generation, and a number of its own among those of its generation.
type issued struct{ generation, number int8 }

// phase is how far a request has come.
type phase int8

const (
	idle       phase = iota // not sent, or answered
	arrived                 // at a replica, which is to read
	decides                 // by what it has read
	turnedAway              // for good: whoever sent it logs in again
)

// stored is the Session: the newest token that was presented, since when, and whether the login has ended.
type stored struct {
	newest issued
	at     int8
	ended  bool
}

// party sends a request at a time, and holds the token that it would send next. Of a client, whose
// requests the parties are, the first one's token is all.
type party struct {
	holds     issued
	phase     phase
	presents  issued
	arrivedAt int8
	read      stored
}

// world is everything, comparable so that none is visited twice.
type world struct {
	session          stored
	now              int8
	parties          [requests]party
	given            [lastGeneration + 2]int8 // tokens of each generation
	mayLose, moments int8                     // answers that may still get lost; times that time has passed
}

// explorer walks through every world that can be reached.
type explorer struct {
	t      *testing.T
	client bool // the parties are the requests of one client, which retries; else three holders of one token
	seen   map[world]struct{}
	next   []world

	accepted, siblings, conflicts, refused, ended int
}

func explore(t *testing.T, client bool) *explorer {
	e := &explorer{t: t, client: client, seen: map[world]struct{}{}}
	first := issued{generation: 1}
	start := world{given: [lastGeneration + 2]int8{1: 1}, mayLose: 1}
	if client {
		start.mayLose = 2
	}
	for i := range start.parties {
		if i == 0 || !client {
			start.parties[i].holds = first
		}
	}
	e.reach(start)
	for len(e.next) > 0 && !t.Failed() {
		w := e.next[len(e.next)-1]
		e.next = e.next[:len(e.next)-1]
		e.promiseForgeriesAreRefused(w)
		e.promiseTheLineageIsOne(w)
		for i := range w.parties {
			e.step(w, i)
		}
		if w.moments < mayPass {
			for _, seconds := range []int8{1, modelLeeway + 1} {
				later := w
				later.now, later.moments = w.now+seconds, w.moments+1
				e.reach(later)
			}
		}
	}
	t.Logf("%d worlds: %d acceptances, %d of them siblings; %d conflicts, %d refusals, %d ends of a login",
		len(e.seen), e.accepted, e.siblings, e.conflicts, e.refused, e.ended)
	return e
}

// reach notes a world to go on from. Worlds that differ in who is who are one.
func (e *explorer) reach(w world) {
	if !e.client {
		slices.SortFunc(w.parties[:], byAppearance)
	} else {
		slices.SortFunc(w.parties[1:], byAppearance)
	}
	if _, known := e.seen[w]; !known {
		e.seen[w] = struct{}{}
		e.next = append(e.next, w)
	}
}

func byAppearance(a, b party) int {
	tokens := func(a, b issued) int {
		return cmp.Or(cmp.Compare(a.generation, b.generation), cmp.Compare(a.number, b.number))
	}
	flag := map[bool]int{true: 1}
	return cmp.Or(tokens(a.holds, b.holds), cmp.Compare(a.phase, b.phase), tokens(a.presents, b.presents), cmp.Compare(a.arrivedAt, b.arrivedAt),
		tokens(a.read.newest, b.read.newest), cmp.Compare(a.read.at, b.read.at), cmp.Compare(flag[a.read.ended], flag[b.read.ended]))
}

// holder is whose token party i presents and whose an answer to it is.
func (e *explorer) holder(w *world, i int) *issued {
	if e.client {
		i = 0
	}
	return &w.parties[i].holds
}

// step takes the next step of a request, in each way in which it can go.
func (e *explorer) step(w world, i int) {
	p := &w.parties[i]
	switch p.phase {
	case idle:
		if token := *e.holder(&w, i); token.generation <= lastGeneration {
			*p = party{holds: p.holds, phase: arrived, presents: token, arrivedAt: w.now}
			e.reach(w)
		}
	case arrived:
		p.phase, p.read = decides, w.session
		e.reach(w)
	case decides:
		e.decide(w, i)
	}
}

func (e *explorer) decide(w world, i int) {
	p := w.parties[i]
	if p.read.ended { // there is no Session any more
		e.refuse(w, i)
		return
	}
	d := refresh.Decide(p.read.state(), p.presents.presented(p.arrivedAt), modelLeeway*time.Second, moment(w.now))
	e.promise(w, i, d)
	switch d.Outcome {
	case refresh.Advance:
		if p.read != w.session { // the compare-and-swap says so
			e.conflicts++
			w.parties[i].phase, w.parties[i].read = arrived, stored{}
			e.reach(w)
			return
		}
		w.session = stored{newest: p.presents, at: w.now}
		e.accept(w, i)
	case refresh.Repeat:
		e.accept(w, i)
	case refresh.Sibling:
		e.siblings++
		e.accept(w, i)
	case refresh.Reuse:
		e.ended++
		w.session.ended = true
		e.refuse(w, i)
	case refresh.Refused:
		e.refuse(w, i)
	}
}

// accept gives a request its answer, or loses it.
func (e *explorer) accept(w world, i int) {
	e.accepted++
	presented := w.parties[i].presents
	w.parties[i] = party{holds: w.parties[i].holds}
	if w.mayLose > 0 {
		lost := w
		lost.mayLose--
		e.reach(lost)
	}
	if holds := e.holder(&w, i); *holds == presented { // else a client's that waits for it no more
		next := presented.generation + 1
		*holds = issued{next, w.given[next]}
		w.given[next]++
	}
	e.reach(w)
}

func (e *explorer) refuse(w world, i int) {
	e.refused++
	w.parties[i] = party{holds: w.parties[i].holds, phase: turnedAway}
	e.reach(w)
}
