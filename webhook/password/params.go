package password

import (
	"crypto/rand"
	"fmt"
)

const (
	saltLength = 16 // bytes, as RFC 9106 section 3.1 recommends
	keyLength  = 32
)

// Params is what an argon2id hash costs, to us and to whoever guesses. The
// zero Params is out of bounds and makes nothing.
type Params struct {
	MemoryKiB   uint32 // m, in KiB: 8 for each lane to 131072
	Time        uint32 // t, passes over the memory: 1 to 16
	Parallelism uint8  // p, lanes: 1 to 16
}

// Default returns m=19456, t=2, p=1: OWASP's first choice, 20 to 40 ms of one core.
func Default() Params { return Params{MemoryKiB: 19456, Time: 2, Parallelism: 1} }

// Strong returns m=65536, t=3, p=4: the second recommendation of RFC 9106 section 4.
func Strong() Params { return Params{MemoryKiB: 65536, Time: 3, Parallelism: 4} }

// Make hashes password under a new random salt of 16 bytes and returns the PHC
// string of argon2id to store. It fails only if p is out of Parse's bounds;
// whether the password is any good is for [CheckNew]. Run it within [Slots].
func (p Params) Make(password string) (string, error) {
	if err := p.check(); err != nil {
		return "", fmt.Errorf("make password hash: %w", err)
	}
	a := argon2id{params: p, salt: make([]byte, saltLength)}
	_, _ = rand.Read(a.salt) // never fails: it ends the process instead
	a.key = a.derive(password, keyLength)
	return a.encode(), nil
}

// Dummy returns what to verify when there is no such user, so that a login
// takes as long as for one whose hash was made with p. It is parsed like every
// stored hash, has exactly the parameters and lengths that Make writes, and
// holds for no password. If p is out of Parse's bounds it is the zero Hash.
func (p Params) Dummy() Hash {
	a := argon2id{params: p, salt: make([]byte, saltLength), key: make([]byte, keyLength)}
	h, err := Parse(a.encode())
	if err != nil {
		return Hash{}
	}
	h.decoy = true
	return h
}

func (p Params) check() error { return checkArgon2id(p.MemoryKiB, p.Time, uint32(p.Parallelism)) }

// work is what a guess computes: KiB passed over, whatever the number of lanes.
func (p Params) work() uint64 { return uint64(p.MemoryKiB) * uint64(p.Time) }
