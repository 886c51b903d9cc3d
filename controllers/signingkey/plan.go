package signingkey

import (
	"time"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/webhook/token"
)

const (
	// slack is what clocks of leaders and replicas may differ by, together with how late a replica
	// may learn that another key signs: for so long it goes on with the old one.
	slack = 10 * time.Minute
	// access is the longest life of an access token, longest that of a login.
	access  = 24*time.Hour + slack
	longest = 2160*time.Hour + slack
	// maxLead is for how long at most a key is published before it signs.
	maxLead = 24 * time.Hour
	// maxOverlap is how many generations at most may sign, one after the other, within the life of
	// one token. The schema holds refreshTTL to 16 periods, and 24 periods are a day at least.
	maxOverlap = 24
	// maxGenerations bounds the document, and with it the Secret and the Realm's status. Rotation
	// stays below 150 whatever is set and reset, since a period is a maxOverlap-th of the horizon at
	// least; only who changes the algorithm back and forth gets here, and then waits.
	maxGenerations = 256
)

// plan is what a realm's settings mean for its generations.
type plan struct {
	algorithm token.Algorithm
	rotation  time.Duration // for how long one signs
	lead      time.Duration // for how long it is published before: longer than verifiers keep a JWKS
	tail      time.Duration // for how long something that it signs can live
}

func planOf(spec v1alpha1.RealmSpec) plan {
	rotation := spec.Keys.RotationPeriod.Duration
	return plan{
		algorithm: token.Algorithm(spec.Tokens.Algorithm),
		rotation:  rotation,
		lead:      min(rotation/4, maxLead),
		tail:      max(access, spec.Tokens.RefreshTTL.Duration+slack),
	}
}

// age does to g what time and settings do to it, whatever signs.
func (p plan) age(g *generations, now time.Time) {
	var staying []token.Generation
	for i, one := range g.retired {
		if at, known := g.retiredAt(i); known && !now.Before(at.Add(access)) {
			one = one.EndAccess()
		}
		if now.Before(one.ExpiresAt) {
			staying = append(staying, one)
		}
	}
	g.retired = staying
	if g.active != nil {
		// Never earlier than it was: what it signed under longer settings is still around.
		g.active.ExpiresAt = g.active.ActivatesAt.Add(p.lives(*g.active))
	}
	switch {
	case g.next == nil:
	case g.next.Algorithm != p.algorithm:
		g.next = nil // it has signed nothing
	case g.active != nil:
		g.next.ActivatesAt = p.stillActivates(*g, now)
		g.next.ExpiresAt = g.next.ActivatesAt.Add(p.tail)
	}
}

// lives is for how long something that active signs can live: the longest that settings have said
// since it does.
func (p plan) lives(active token.Generation) time.Duration {
	return max(p.tail, min(active.ExpiresAt.Sub(active.ActivatesAt), longest))
}

// period is for how long active signs: longer than asked if refreshTTL was much longer until a while
// ago. Logins from then go on, and each generation that signs for them has to stay until they end.
func (p plan) period(g generations) time.Duration {
	from := g.active.ActivatesAt
	end := later(from.Add(p.lives(*g.active)), g.horizon(from))
	return max(p.rotation, (end.Sub(from)-slack)/maxOverlap)
}

// due is when active has signed long enough. Zero: long ago, as it can't have begun after now, and
// only a clock that was wrong can say so.
func (p plan) due(g generations, now time.Time) time.Time {
	if g.active.ActivatesAt.After(now.Add(slack)) {
		return time.Time{}
	}
	return g.active.ActivatesAt.Add(p.period(g))
}

func (p plan) obsolete(g generations) bool { return g.active.Algorithm != p.algorithm }

// publishes is when the next generation is due to be made.
func (p plan) publishes(g generations, now time.Time) time.Time {
	if p.obsolete(g) {
		return time.Time{}
	}
	return p.due(g, now).Add(-p.lead)
}

// activates is when a next generation that is made now is due to sign: at once if the active one's
// algorithm isn't wanted any more.
func (p plan) activates(g generations, now time.Time) time.Time {
	if p.obsolete(g) {
		return now
	}
	return later(p.due(g, now), now.Add(p.lead))
}

// stillActivates is when the next generation is due to sign, as settings may have changed since it was made.
func (p plan) stillActivates(g generations, now time.Time) time.Time {
	switch {
	case p.obsolete(g):
		return g.next.ActivatesAt
	case g.next.CreatedAt.After(now.Add(slack)): // by a clock that was wrong
		return later(p.due(g, now), g.next.ActivatesAt)
	default:
		return later(p.due(g, now), g.next.CreatedAt.Add(p.lead))
	}
}

// retire returns the active generation as it is kept from now on: for as long as anything lives that
// it has signed, be it for a login that is older than itself.
func (p plan) retire(g generations, now time.Time) token.Generation {
	return g.active.Retire(later(now.Add(p.lives(*g.active)), g.horizon(now)))
}

// again is when the first step is due that time brings; now if one is due already.
func (p plan) again(g generations, now time.Time) time.Time {
	var again time.Time
	at := func(t time.Time) {
		if again.IsZero() || t.Before(again) {
			again = later(t, now)
		}
	}
	for i, one := range g.retired {
		if retired, known := g.retiredAt(i); known && one.VerifiesAccess() {
			at(retired.Add(access))
		}
		at(one.ExpiresAt)
	}
	if g.next != nil {
		at(g.next.ActivatesAt)
	} else if publishes := p.publishes(g, now); publishes.After(now) { // else there is no room for one
		at(publishes)
	}
	return again
}
