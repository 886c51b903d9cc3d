package webhookcert

import (
	"crypto/x509"
	"slices"
	"time"
)

// The times. People copy the authorities into files of the API server, so these live long, and the next one is
// known for a year before anything is signed with it. A leaf never outlives who signed it.
const (
	year          = 365 * 24 * time.Hour
	authorityLife = 10 * year
	nextIsMadeAt  = 2 * year // left of the last authority
	nextSignsAt   = 1 * year // left of the one that signs
	leafLife      = 90 * 24 * time.Hour
	leafRenewedAt = 30 * 24 * time.Hour // left of the leaf
)

// State is what is stored, or should be.
type State struct {
	Authorities []Pair // oldest first
	Leaf        *Pair
}

// Plan returns what should be stored at a time, given what is. What is still good is kept as it is.
func Plan(stored State, names []string, now time.Time) (State, error) {
	wanted := State{Authorities: slices.DeleteFunc(slices.Clone(stored.Authorities), func(a Pair) bool {
		return !now.Before(a.Certificate.NotAfter) || !a.Certificate.IsCA
	})}
	slices.SortStableFunc(wanted.Authorities, func(a, b Pair) int {
		return a.Certificate.NotAfter.Compare(b.Certificate.NotAfter)
	})
	if n := len(wanted.Authorities); n == 0 || wanted.Authorities[n-1].left(now) <= nextIsMadeAt {
		next, err := newAuthority(now)
		if err != nil {
			return State{}, err
		}
		wanted.Authorities = append(wanted.Authorities, next)
	}
	if stored.Leaf != nil && fits(*stored.Leaf, wanted.Authorities, names, now) {
		wanted.Leaf = stored.Leaf
		return wanted, nil
	}
	leaf, err := newLeaf(names, signer(wanted.Authorities, now), now)
	if err != nil {
		return State{}, err
	}
	wanted.Leaf = &leaf
	return wanted, nil
}

// signer is the oldest authority with enough time left: whoever trusts only that one isn't surprised.
func signer(authorities []Pair, now time.Time) Pair {
	for _, a := range authorities {
		if a.left(now) > nextSignsAt {
			return a
		}
	}
	return authorities[len(authorities)-1]
}

// fits tells whether a leaf is good for its names for some time yet.
func fits(leaf Pair, authorities []Pair, names []string, now time.Time) bool {
	if leaf.left(now) <= leafRenewedAt {
		return false
	}
	for _, name := range names {
		if leaf.Certificate.VerifyHostname(name) != nil {
			return false
		}
	}
	roots := x509.NewCertPool()
	for _, a := range authorities {
		roots.AddCert(a.Certificate)
	}
	_, err := leaf.Certificate.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: now})
	return err == nil
}

func (p Pair) left(now time.Time) time.Duration { return p.Certificate.NotAfter.Sub(now) }
