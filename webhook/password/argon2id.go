package password

import (
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

const (
	maxMemoryKiB   = 128 << 10
	maxTime        = 16
	maxParallelism = 16

	minSaltLength, maxSaltLength = 8, 64 // bytes
	minKeyLength, maxKeyLength   = 16, 64
)

// argon2id is RFC 9106's Argon2id, version 0x13, without secret or associated data.
type argon2id struct {
	params    Params
	salt, key []byte
}

// parseArgon2id reads leniently, checks the bounds, and then requires that
// writing the result back gives the very same text: so each hash has one text,
// and no peculiarity of a decoder can let another one in.
func parseArgon2id(phc string) (scheme, error) {
	fields := strings.Split(phc, "$") // "", "argon2id", version, parameters, salt, hash
	if len(fields) != 6 {
		return nil, errNotCanonical
	}
	if fields[2] != "v=19" {
		return nil, errors.New("argon2id: only version 19 (v=19) is supported")
	}
	var m, t, p uint32
	if _, err := fmt.Sscanf(fields[3], "m=%d,t=%d,p=%d", &m, &t, &p); err != nil {
		return nil, errNotCanonical
	}
	if err := checkArgon2id(m, t, p); err != nil {
		return nil, err
	}
	salt, err := base64.RawStdEncoding.DecodeString(fields[4])
	if err != nil {
		return nil, errNotCanonical
	}
	key, err := base64.RawStdEncoding.DecodeString(fields[5])
	if err != nil {
		return nil, errNotCanonical
	}
	if n := len(salt); n < minSaltLength || n > maxSaltLength {
		return nil, fmt.Errorf("argon2id: the salt has %d bytes, not %d to %d", n, minSaltLength, maxSaltLength)
	}
	if n := len(key); n < minKeyLength || n > maxKeyLength {
		return nil, fmt.Errorf("argon2id: the hash has %d bytes, not %d to %d", n, minKeyLength, maxKeyLength)
	}
	a := &argon2id{params: Params{MemoryKiB: m, Time: t, Parallelism: uint8(p)}, salt: salt, key: key}
	if a.encode() != phc {
		return nil, errNotCanonical
	}
	return a, nil
}

var errNotCanonical = errors.New(
	"argon2id: write it as $argon2id$v=19$m=…,t=…,p=…$salt$hash, with plain numbers and base64 without padding")

// checkArgon2id keeps within what argon2.IDKey computes without a panic
// (it wants t and p of at least 1) or a silent correction (m of at least 8·p),
// and within what one login may cost. Its arguments are wider than Params so
// that no number can wrap round before it is judged.
func checkArgon2id(m, t, p uint32) error {
	switch {
	case p < 1 || p > maxParallelism:
		return fmt.Errorf("argon2id: parallelism p=%d is not 1 to %d", p, maxParallelism)
	case t < 1 || t > maxTime:
		return fmt.Errorf("argon2id: passes t=%d is not 1 to %d", t, maxTime)
	case m < 8*p || m > maxMemoryKiB:
		return fmt.Errorf("argon2id: memory m=%d is not %d (8 for each lane) to %d KiB", m, 8*p, maxMemoryKiB)
	}
	return nil
}

func (a *argon2id) encode() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		a.params.MemoryKiB, a.params.Time, a.params.Parallelism,
		base64.RawStdEncoding.EncodeToString(a.salt), base64.RawStdEncoding.EncodeToString(a.key))
}

// derive computes the key of the given length, in bytes, that password has
// under these parameters and this salt.
func (a *argon2id) derive(password string, length int) []byte {
	return argon2.IDKey([]byte(password), a.salt, a.params.Time, a.params.MemoryKiB, a.params.Parallelism, uint32(length))
}

func (a *argon2id) verify(password string) bool {
	return subtle.ConstantTimeCompare(a.key, a.derive(password, len(a.key))) == 1
}

func (a *argon2id) weaker(p Params) bool {
	return a.params.MemoryKiB < p.MemoryKiB || a.params.work() < p.work()
}

func (a *argon2id) memory() uint64 { return uint64(a.params.MemoryKiB) << 10 }
