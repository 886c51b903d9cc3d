package webhookcert

import (
	"slices"
	"time"
)

// When something is done ahead of an end.
const (
	leafRenewal = 30 * day // of the 90 days of a leaf
	nextMade    = 2 * 365 * day
	nextSigns   = 365 * day
)

// authorities are who may vouch for the leaf.
type authorities struct {
	signing pair
	next    pair   // made ahead and trusted for a year before it signs; mostly none
	trusted bundle // every one that has ever signed and hasn't expired, and next
}

// renewed returns what the authorities should be now. An authority is trusted for a year before it signs, and for as
// long as it is valid afterwards: whoever took the bundle within the last year trusts every leaf that there is.
func (a authorities) renewed(now time.Time) (authorities, error) {
	var err error
	if a.signing.left(now) <= 0 || !a.signing.cert.IsCA {
		a.signing, a.next = a.next, pair{}
	}
	if a.signing.left(now) <= 0 || !a.signing.cert.IsCA {
		if a.signing, err = newAuthority(now); err != nil {
			return authorities{}, err
		}
	}
	left := a.signing.left(now)
	if left < nextMade && a.next.left(now) <= 0 {
		if a.next, err = newAuthority(now); err != nil {
			return authorities{}, err
		}
	}
	if left < nextSigns {
		a.signing, a.next = a.next, pair{}
	}
	a.trusted = a.trusted.with(now, a.signing.certPEM, a.next.certPEM)
	return a, nil
}

// leafRenewed returns leaf, or another in its place if it ends soon, isn't of these names, or isn't the signing
// authority's.
func (a authorities) leafRenewed(leaf pair, names []string, now time.Time) (pair, error) {
	if leaf.left(now) > leafRenewal && slices.Equal(namesOf(leaf), names) && leaf.cert.CheckSignatureFrom(a.signing.cert) == nil {
		return leaf, nil
	}
	return newLeaf(now, names, a.signing)
}

// namesOf are the names that a leaf is of, in the order in which newLeaf took them: addresses last.
func namesOf(leaf pair) []string {
	names := slices.Clone(leaf.cert.DNSNames)
	for _, address := range leaf.cert.IPAddresses {
		names = append(names, address.String())
	}
	return names
}
