package password

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// MaxMemory is the most memory, in bytes, that one Verify of a parsed Hash can
// need: hashes that want more are refused by Parse.
const MaxMemory = maxMemoryKiB << 10

const (
	// maxTextLength is in bytes; the longest text within bounds has 207.
	maxTextLength = 256
	redacted      = "[redacted]"
)

// Hash is a stored password hash whose cost is known to be within bounds.
// Only [Parse] and [Params.Dummy] make one; the zero Hash verifies nothing.
// It prints as [redacted] everywhere: by any fmt verb, as text, in JSON and in logs.
type Hash struct {
	scheme func() scheme // a function, since fmt shows only its address, even within unexported fields
	decoy  bool          // computes as any other, but holds for no password
}

// scheme is one way to hash, with the parameters, salt and key of one hash.
type scheme interface {
	verify(password string) bool
	weaker(p Params) bool
	memory() uint64
}

// Parse reads a stored hash in its PHC string form: argon2id, or bcrypt as
// $2a$, $2b$ or $2y$. It costs next to nothing, whatever the text says.
//
// It refuses parameters out of these bounds – argon2id: version 19, memory m
// from 8·p KiB to 131072 KiB (128 MiB), passes t from 1 to 16, lanes p from 1 to
// 16, salt of 8 to 64 bytes, hash of 16 to 64 bytes; bcrypt: cost from 4 to 14 –
// and every text that is not exactly what an encoder writes: spaces and line
// breaks, leading zeros, padding, stray base64 bits, other or reordered fields.
//
// The error says what is wrong and repeats numbers only, so that it can stand
// in a condition even where the text is, by mistake, a plaintext password.
func Parse(phc string) (Hash, error) {
	if len(phc) > maxTextLength {
		return Hash{}, fmt.Errorf("a password hash has at most %d bytes", maxTextLength)
	}
	if strings.ContainsFunc(phc, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return Hash{}, errors.New("a password hash has no spaces, line breaks or characters beyond ASCII")
	}
	var (
		parsed scheme
		err    error
	)
	switch {
	case strings.HasPrefix(phc, "$argon2id$"):
		parsed, err = parseArgon2id(phc)
	case strings.HasPrefix(phc, "$2"):
		parsed, err = parseBcrypt(phc)
	default:
		err = errors.New("a password hash begins with $argon2id$, or with $2a$, $2b$ or $2y$ for bcrypt")
	}
	if err != nil {
		return Hash{}, err
	}
	return Hash{scheme: func() scheme { return parsed }}, nil
}

// Verify tells whether password is the one that was hashed. It takes as long
// for a wrong password as for the right one, also where bcrypt can't hold the
// password at all, and never panics. Run it within [Slots].
func (h Hash) Verify(password string) bool {
	return h.scheme != nil && h.scheme().verify(password) && !h.decoy
}

// Weaker tells whether guessing against h is cheaper than against a hash made
// with p: less memory, or less work (memory times passes). bcrypt, which needs
// hardly any memory, always is; so is the zero Hash.
func (h Hash) Weaker(p Params) bool {
	return h.scheme == nil || h.scheme().weaker(p)
}

// Memory returns how many bytes one Verify needs: at most MaxMemory.
func (h Hash) Memory() uint64 {
	if h.scheme == nil {
		return 0
	}
	return h.scheme().memory()
}

// Format prints [redacted], whatever the verb.
func (h Hash) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// MarshalText keeps a Hash out of JSON and other encodings.
func (h Hash) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue keeps a Hash out of logs.
func (h Hash) LogValue() slog.Value { return slog.StringValue(redacted) }

// Fingerprint names a stored hash without revealing it: the first 16 bytes of
// the SHA-256 of its text, in lower-case hex. Two hashes of one password have
// different salts and so different fingerprints; nothing can be guessed from it
// without the salt, so it is safe to store in a status.
func Fingerprint(phc string) string {
	sum := sha256.Sum256([]byte(phc))
	return hex.EncodeToString(sum[:16])
}
