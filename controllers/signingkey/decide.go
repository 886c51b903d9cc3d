package signingkey

import (
	"io"
	"time"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/webhook/token"
)

// state is what the Secret of a realm says.
type state struct {
	Document token.Document // without generations: there is none yet
	// Seen is the keys.distrustBefore that the document has taken account of. It lets a time in
	// the future count once, when it was first seen, and not again when it has come.
	Seen string
}

// input is all that a decision depends on.
type input struct {
	Before state
	Spec   v1alpha1.RealmSpec
	Now    time.Time
	// Followed says that every replica that may be answering knows Before. It counts for nothing
	// unless the outcome without it Waits.
	Followed bool
	// Random is what new keys are made of.
	Random io.Reader
}

// outcome is what the Secret should say.
type outcome struct {
	After   state
	Changed bool
	// Waits: the next generation is due to sign, and nothing but Followed is missing.
	Waits bool
	// Full: a next generation is due to be made, and the document has no room for it.
	Full bool
	// Since is when what Waits was due.
	Since time.Time
	// Again is when the time alone changes the outcome; Now if a step is due that time alone doesn't
	// bring. Zero: never.
	Again time.Time
}

// decide returns what the Secret should say, and changes nothing in what it does say. It fails if
// Random does. The steps of a key's life, at most one of the last three at a time:
//
//   - what is distrusted leaves, and so does a next generation that nobody wants
//   - a retired one loses what verifies access tokens, later it leaves
//   - nothing signs any more: the next one does, or else a new one, without asking anybody
//   - the active one is about to have signed long enough, or is of an algorithm that isn't wanted any
//     more: a next one is made
//   - the next one is due, and every replica knows it: it signs, and the active one retires
func decide(in input) (outcome, error) {
	plan := planOf(in.Spec)
	out := outcome{After: in.distrust()}
	g := split(in.Before.Document, out.After.Document)
	plan.age(&g, in.Now)
	if err := plan.step(&g, in, &out); err != nil {
		return outcome{After: in.Before}, err
	}
	out.Again = plan.again(g, in.Now)
	out.After.Document.Generations = g.list()
	out.Changed = out.After.Seen != in.Before.Seen || !sameFaces(in.Before.Document, out.After.Document)
	return out, nil
}

// distrust returns a state without generations that has taken account of keys.distrustBefore.
func (in input) distrust() state {
	after := state{Document: token.Document{DistrustBefore: in.Before.Document.DistrustBefore}, Seen: in.Before.Seen}
	asked := in.Spec.Keys.DistrustBefore
	if asked == nil || in.Before.Seen == asked.UTC().Format(time.RFC3339Nano) {
		return after
	}
	after.Seen = asked.UTC().Format(time.RFC3339Nano)
	after.Document.DistrustBefore = later(after.Document.DistrustBefore, earlier(asked.UTC(), in.Now))
	return after
}

// step does what brings another key to sign, if it is time.
func (p plan) step(g *generations, in input, out *outcome) (err error) {
	// After DistrustBefore, also if that comes from a leader whose clock was ahead.
	created := later(in.Now, out.After.Document.DistrustBefore)
	switch {
	case g.active == nil && g.next != nil:
		g.active, g.next = p.activate(*g.next, in.Now), nil
	case g.active == nil:
		g.active, err = p.make(token.Active, created, in.Now, in.Random)
	case g.next == nil && in.Now.Before(p.publishes(*g, in.Now)):
	case g.next == nil && g.count() >= maxGenerations:
		out.Full, out.Since = true, p.publishes(*g, in.Now)
	case g.next == nil:
		g.next, err = p.make(token.Next, created, p.activates(*g, in.Now), in.Random)
	case in.Now.Before(g.next.ActivatesAt):
	case !in.Followed:
		out.Waits, out.Since = true, g.next.ActivatesAt
	default:
		g.retired = append(g.retired, p.retire(*g, in.Now))
		g.active, g.next = p.activate(*g.next, in.Now), nil
	}
	return err
}

func (p plan) make(s token.State, created, activates time.Time, random io.Reader) (*token.Generation, error) {
	g, err := token.NewGeneration(p.algorithm, s, created, activates, activates.Add(p.tail), random)
	return &g, err
}

// activate returns g as it signs from now on.
func (p plan) activate(g token.Generation, now time.Time) *token.Generation {
	g.State, g.ActivatesAt, g.ExpiresAt = token.Active, now.UTC(), now.UTC().Add(p.tail)
	return &g
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
