package refresh

import (
	"math"
	"time"
)

// State is how far the chain of refresh tokens of a login has come. The zero State is that of a
// login whose first refresh token, of generation 1, was never presented.
type State struct {
	Generation int64     // the highest that was presented
	TokenID    string    // the jti of the token that was the first of that generation
	At         time.Time // when it was presented, in whole seconds
}

// Presented is a refresh token whose signature held.
type Presented struct {
	Generation int64  // gen, from 1
	TokenID    string // jti
	// Arrived is when the request with it came. What happened since can't have been known to
	// whoever sent it, so a request that was held up is never mistaken for a thief's.
	Arrived time.Time
}

// Outcome is what is to be done about a presented token.
type Outcome int

// The outcomes. Advance, Repeat and Sibling accept the token.
const (
	// Refused turns the token away and leaves the login alone.
	Refused Outcome = iota
	// Advance stores Decision.Next in place of the State that was judged, and accepts once that
	// is done. If the State has changed meanwhile, it is judged anew.
	Advance
	// Repeat accepts the newest token again, and stores nothing: an answer was lost, or requests
	// raced with one token.
	Repeat
	// Sibling accepts another token of the newest generation, and stores nothing: requests raced,
	// and two of them went on with what they got. It is worth an audit line.
	Sibling
	// Reuse ends the login: the token was overtaken, so two parties hold the login's tokens.
	Reuse
)

// Decision is the answer to a Presented. The zero value refuses.
type Decision struct {
	Outcome Outcome
	// Next is the State to store; set for Advance alone.
	Next State
	// Issue is the generation of the token to answer with, one above the presented one; 0 unless
	// the token is accepted.
	Issue int64
}

// Accepted reports whether the token is answered with a new one.
func (d Decision) Accepted() bool {
	return d.Outcome == Advance || d.Outcome == Repeat || d.Outcome == Sibling
}

// Decide judges p by the State that its login is in now.
//
// leeway is how long after a generation was first presented a request may still be part of the race
// that this ended. States keep whole seconds, so it lasts up to a second longer and never less. A
// State that is ahead of the caller's clock counts as one of this moment: a wrong clock ends no login.
func Decide(s State, p Presented, leeway time.Duration, now time.Time) Decision {
	if p.Generation < 1 || p.Generation == math.MaxInt64 || p.TokenID == "" || p.Arrived.IsZero() || s.Generation < 0 {
		return Decision{}
	}
	raced := !p.Arrived.Truncate(time.Second).After(s.At.Add(leeway))
	successor := p.Generation - 1
	switch {
	case successor > s.Generation: // nobody was ever given it: the State is older than the token, as after a restore
		return Decision{}
	case successor == s.Generation:
		next := State{Generation: p.Generation, TokenID: p.TokenID, At: now.UTC().Truncate(time.Second)}
		return Decision{Outcome: Advance, Next: next, Issue: p.Generation + 1}
	case p.Generation == s.Generation && p.TokenID == s.TokenID:
		return Decision{Outcome: Repeat, Issue: p.Generation + 1}
	case p.Generation == s.Generation && raced:
		return Decision{Outcome: Sibling, Issue: p.Generation + 1}
	case raced:
		return Decision{}
	default:
		return Decision{Outcome: Reuse}
	}
}
