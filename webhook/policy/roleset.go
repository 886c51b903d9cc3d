package policy

import (
	"cmp"
	"math/bits"
	"slices"
)

// roleBits says for each role of a Policy, by index, whether it is effective.
type roleBits []uint64

// newRoleBits has room for that many roles, and at least for the reserved ones.
func newRoleBits(roles int) roleBits { return make(roleBits, roles/64+1) }

func (b roleBits) add(role int)      { b[role/64] |= 1 << (role % 64) }
func (b roleBits) has(role int) bool { return b[role/64]&(1<<(role%64)) != 0 }

// roleSet is the same for the roles that a rule is for, usually one or two of
// thousands: a bitset without its empty words, in ascending order.
type roleSet []roleWord

type roleWord struct {
	at   int // the index of this word in a roleBits
	bits uint64
}

// with returns s and role; it may reuse the memory of s.
func (s roleSet) with(role int) roleSet {
	i, found := slices.BinarySearchFunc(s, role/64, func(w roleWord, at int) int { return cmp.Compare(w.at, at) })
	if !found {
		s = slices.Insert(s, i, roleWord{at: role / 64})
	}
	s[i].bits |= 1 << (role % 64)
	return s
}

// first returns the lowest role of s that is effective.
func (s roleSet) first(effective roleBits) (role int, ok bool) {
	for _, w := range s {
		if both := w.bits & effective[w.at]; both != 0 {
			return w.at*64 + bits.TrailingZeros64(both), true
		}
	}
	return 0, false
}
