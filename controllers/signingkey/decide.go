package signingkey

import (
	"io"
	"slices"
	"time"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/webhook/token"
)

// longestAccess is the longest life of an access token, which a retired key has to outlast.
const longestAccess = 24 * time.Hour

// state is what the Secret of a realm says.
type state struct {
	document token.Document // without generations: there is none yet
	// seen is the keys.distrustBefore that the document has taken account of. It lets a time in
	// the future count once, when it was first seen, and not again when it has come.
	seen string
}

// decide returns what the Secret should say at the time now, given what it says and what spec
// asks for. It returns before, and changes nothing in it, if that is good. It fails if random does.
func decide(before state, spec v1alpha1.RealmSpec, now time.Time, random io.Reader) (after state, changed bool, err error) {
	after = state{document: token.Document{DistrustBefore: before.document.DistrustBefore}, seen: before.seen}
	if asked := spec.Keys.DistrustBefore; asked != nil && before.seen != asked.UTC().Format(time.RFC3339Nano) {
		after.seen = asked.UTC().Format(time.RFC3339Nano)
		after.document.DistrustBefore = later(before.document.DistrustBefore, earlier(asked.UTC(), now))
		changed = true
	}
	plan := planOf(spec)
	signs := false
	for _, g := range before.document.Generations {
		g, keep := plan.treat(g, now)
		if !keep || after.document.Distrusts(g) {
			continue
		}
		signs = signs || g.State == token.Active
		after.document.Generations = append(after.document.Generations, g)
	}
	if !signs {
		// After DistrustBefore, also if that comes from a leader whose clock was ahead.
		created := later(now, after.document.DistrustBefore)
		g, err := token.NewGeneration(plan.algorithm, token.Active, created, created, plan.leaves(created), random)
		if err != nil {
			return before, false, err
		}
		after.document.Generations = append(after.document.Generations, g)
	}
	same := slices.EqualFunc(before.document.Generations, after.document.Generations, sameFace)
	if !changed && same {
		return before, false, nil
	}
	return after, true, nil
}

// sameFace compares what a generation shows: its keys follow from its id and state.
func sameFace(a, b token.Generation) bool {
	return a.ID == b.ID && a.State == b.State && a.ExpiresAt.Equal(b.ExpiresAt)
}

// plan is what a realm's settings mean for a generation.
type plan struct {
	algorithm token.Algorithm
	rotation  time.Duration // for how long it signs
	tail      time.Duration // for how long something that it signed can live after that
}

func planOf(spec v1alpha1.RealmSpec) plan {
	return plan{
		algorithm: token.Algorithm(spec.Tokens.Algorithm),
		rotation:  spec.Keys.RotationPeriod.Duration,
		tail:      max(longestAccess, spec.Tokens.RefreshTTL.Duration),
	}
}

// leaves is when a generation that begins to sign at activates leaves the document.
func (p plan) leaves(activates time.Time) time.Time { return activates.Add(p.rotation + p.tail) }

// treat returns g as it should be, and whether it stays at all.
func (p plan) treat(g token.Generation, now time.Time) (token.Generation, bool) {
	switch {
	case g.State == token.Retired:
		return g, now.Before(g.ExpiresAt)
	case g.Algorithm == p.algorithm:
		// Never earlier than announced: what it signed under longer settings is still around.
		g.ExpiresAt = later(g.ExpiresAt, p.leaves(g.ActivatesAt))
		return g, true
	case g.State == token.Active:
		return g.Retire(later(g.ExpiresAt, now.Add(p.tail))), true
	default: // a next one of an algorithm that nobody wants any more has signed nothing
		return g, false
	}
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
