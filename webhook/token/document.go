package token

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"time"
)

// State is where a Generation stands in its life.
type State string

// The states of a generation, in order. Keys of all three verify; which of them
// are still there is up to the document.
const (
	Next    State = "next"    // published, so that every verifier knows it before it signs
	Active  State = "active"  // signs
	Retired State = "retired" // has lost the key that signs access tokens; verifies until it expires
)

// Document is the key document of a realm: all of its key generations, of which
// exactly one is active. It holds secrets and prints as "[redacted]".
// The zero Document is not acceptable to Marshal or NewRing.
type Document struct {
	redacted

	// DistrustBefore ends trust in every generation that was created before it:
	// such keys neither sign nor verify, and are not published. Zero: never.
	DistrustBefore time.Time

	// Generations are kept in the order in which the document lists them.
	Generations []Generation
}

// Generation is one generation of keys: a signing key for access tokens and an
// internal HMAC key for what only Latchkey reads. It holds secrets and prints as
// "[redacted]". Only ParseDocument and NewGeneration make one with keys; to compare
// two, compare what Document.Marshal makes of them.
type Generation struct {
	redacted

	// ID is the "kid" of tokens: 1 to 64 characters of [A-Za-z0-9_-].
	ID        string
	Algorithm Algorithm
	State     State

	// CreatedAt is what Document.DistrustBefore is compared with.
	CreatedAt time.Time
	// ActivatesAt is when the generation is, or was, due to sign. Nothing here
	// acts on it; the state does.
	ActivatesAt time.Time
	// ExpiresAt ends a retired generation: from then on it verifies nothing. Of
	// one that isn't retired it says how long what it signs at ActivatesAt can
	// live; whoever retires it adds for how long it signed.
	ExpiresAt time.Time

	keys sealed[keys] // nil in the zero Generation
}

// keys are the key material of a generation, never changed once made.
type keys struct {
	signing   any    // signs access tokens: a private key, or []byte for HS256; nil once retired
	verifying any    // verifies access tokens: a public key, or []byte for HS256; nil when no access token can live any more
	internal  []byte // signs and verifies refresh, session and device tokens
}

const maxIDLength = 64

// Active returns the generation that signs, distrusted or not; false if the
// document has none.
func (d Document) Active() (Generation, bool) {
	for _, g := range d.Generations {
		if g.State == Active {
			return g, true
		}
	}
	return Generation{}, false
}

// Distrusts reports whether g was created before DistrustBefore, and so neither
// signs nor verifies.
func (d Document) Distrusts(g Generation) bool {
	return g.CreatedAt.Before(d.DistrustBefore)
}

// VerifiesAccess reports whether g has the key that verifies access tokens, which
// EndAccess drops. Whether they are believed is the Ring's to say.
func (g Generation) VerifiesAccess() bool { return g.keys != nil && g.keys().verifying != nil }

// validate says what is wrong with d, naming the generation and the field and
// never quoting a value that could be material.
func (d Document) validate() error {
	if !d.DistrustBefore.IsZero() && !representable(d.DistrustBefore) {
		return errors.New("distrustBefore: is not within the years 1 to 9999")
	}
	seen := make(map[string]bool, len(d.Generations))
	active := 0
	for i, g := range d.Generations {
		if err := g.validate(); err != nil {
			return inGeneration(i, g.ID, err)
		}
		if seen[g.ID] {
			return inGeneration(i, g.ID, errors.New("id: is that of another generation too"))
		}
		seen[g.ID] = true
		if g.State == Active {
			active++
		}
	}
	if active != 1 {
		return fmt.Errorf("generations: exactly one must be active, not %d of %d", active, len(d.Generations))
	}
	return nil
}

func (g Generation) validate() error {
	switch {
	case !validID(g.ID):
		return errors.New("id: must be 1 to 64 characters of A-Z, a-z, 0-9, _ and -")
	case g.Algorithm.method() == nil:
		return errors.New("algorithm: must be ES256, EdDSA, RS256 or HS256")
	case g.State != Next && g.State != Active && g.State != Retired:
		return errors.New("state: must be next, active or retired")
	case !representable(g.CreatedAt):
		return errors.New("createdAt: is missing or not within the years 1 to 9999")
	case !representable(g.ActivatesAt):
		return errors.New("activatesAt: is missing or not within the years 1 to 9999")
	case !representable(g.ExpiresAt):
		return errors.New("expiresAt: is missing or not within the years 1 to 9999")
	case g.keys == nil:
		return errors.New("signingKey: is missing")
	}
	return g.keys().validate(g.Algorithm, g.State)
}

// validate holds keys against the algorithm and state of their generation.
func (k keys) validate(a Algorithm, s State) error {
	symmetric, _ := k.verifying.([]byte)
	switch {
	case len(k.internal) != symmetricKeySize:
		return errors.New("internalKey: must be 32 bytes")
	case subtle.ConstantTimeCompare(k.internal, symmetric) == 1:
		return errors.New("internalKey: must not be the signingKey, which others may hold")
	case k.verifying != nil && !a.verifies(k.verifying):
		return fmt.Errorf("signingKey, publicKey: not a key for %s", a)
	case s != Retired && (k.signing == nil || k.verifying == nil):
		return errors.New("signingKey: is missing; only a retired generation has none")
	case s == Retired && k.signing != nil:
		return errors.New("signingKey: must be dropped on retirement")
	}
	return nil
}

// inGeneration says where err is: by position, and by id unless that is the
// fault and so could be anything.
func inGeneration(i int, id string, err error) error {
	if !validID(id) {
		return fmt.Errorf("generations[%d]: %w", i, err)
	}
	return fmt.Errorf("generations[%d] %s: %w", i, id, err)
}

func validID(id string) bool {
	return len(id) >= 1 && len(id) <= maxIDLength && isBase64URL(id)
}

// representable reports whether RFC 3339 can express t, which is not zero.
func representable(t time.Time) bool {
	year := t.UTC().Year()
	return !t.IsZero() && year >= 1 && year <= 9999
}
