package signingkey

import (
	"slices"
	"time"

	"github.com/latchkey-auth/latchkey/webhook/token"
)

// generations are those of a document by their state. Each began to sign when the one before it
// stopped: the order says so, not the times, which are of several leaders' clocks.
type generations struct {
	retired []token.Generation // the first to retire first
	active  *token.Generation  // nil if what signed is distrusted, or there was nothing
	next    *token.Generation  // nil if there is none
}

// split returns those of document that judged doesn't distrust. It takes one next generation at most:
// this package never makes a second.
func split(document, judged token.Document) generations {
	var g generations
	var distrusted time.Time // the end of the last login that began with a key that is distrusted now
	for _, one := range document.Generations {
		switch {
		case judged.Distrusts(one) && one.State == token.Next: // has signed nothing
		case judged.Distrusts(one):
			distrusted = later(distrusted, one.ExpiresAt)
		case one.State == token.Retired:
			g.retired = append(g.retired, one)
		case one.State == token.Active:
			g.active = &one
		case g.next == nil:
			g.next = &one
		}
	}
	if g.active != nil { // which such logins may have been refreshed with since
		g.active.ExpiresAt = later(g.active.ExpiresAt, distrusted)
	}
	return g
}

// list is the inverse of split.
func (g generations) list() []token.Generation {
	list := slices.Clone(g.retired)
	for _, one := range []*token.Generation{g.active, g.next} {
		if one != nil {
			list = append(list, *one)
		}
	}
	return list
}

func (g generations) count() int { return len(g.list()) }

// retiredAt is when the retired generation at index i stopped signing; false while nothing has
// followed it. If the one that followed has left before it, it is later than it was.
func (g generations) retiredAt(i int) (time.Time, bool) {
	switch {
	case i+1 < len(g.retired):
		return g.retired[i+1].ActivatesAt, true
	case g.active != nil:
		return g.active.ActivatesAt, true
	}
	return time.Time{}, false
}

// horizon is until when anything that was signed so far can live, as of from: at most longest away.
func (g generations) horizon(from time.Time) time.Time {
	horizon := from
	for _, one := range g.retired {
		horizon = later(horizon, one.ExpiresAt)
	}
	return earlier(horizon, from.Add(longest))
}

// sameFaces compares what generations show: their keys follow from that.
func sameFaces(a, b token.Document) bool {
	return slices.EqualFunc(a.Generations, b.Generations, func(a, b token.Generation) bool {
		return a.ID == b.ID && a.State == b.State && a.VerifiesAccess() == b.VerifiesAccess() &&
			a.ActivatesAt.Equal(b.ActivatesAt) && a.ExpiresAt.Equal(b.ExpiresAt)
	})
}
