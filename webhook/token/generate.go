package token

import (
	"encoding/base64"
	"fmt"
	"io"
	"time"
)

const idSize = 16 // random bytes: 22 characters of base64url

// NewGeneration makes a generation with new keys and a random id of 128 bits.
// state is Next or Active. random is crypto/rand.Reader; ECDSA and RSA keys are
// drawn from the system's own source in any case (Go 1.26), and so can't be made
// predictable. It fails if random does, or if an argument is not acceptable in a
// Document.
func NewGeneration(alg Algorithm, state State, createdAt, activatesAt, expiresAt time.Time, random io.Reader) (Generation, error) {
	id, err := randomBytes(random, idSize)
	if err != nil {
		return Generation{}, fmt.Errorf("make key id: %w", err)
	}
	signing, err := alg.generate(random)
	if err != nil {
		return Generation{}, fmt.Errorf("make signing key: %w", err)
	}
	internal, err := randomBytes(random, symmetricKeySize)
	if err != nil {
		return Generation{}, fmt.Errorf("make internal key: %w", err)
	}
	g := Generation{
		ID:          base64.RawURLEncoding.EncodeToString(id),
		Algorithm:   alg,
		State:       state,
		CreatedAt:   createdAt.UTC(),
		ActivatesAt: activatesAt.UTC(),
		ExpiresAt:   expiresAt.UTC(),
		keys:        seal(keys{signing: signing, verifying: verifyingKey(signing), internal: internal}),
	}
	if err := g.validate(); err != nil {
		return Generation{}, fmt.Errorf("make key generation: %w", err)
	}
	return g, nil
}

// Retire returns g as it is kept after its time: it signs no more, verifies
// until expiresAt, and its private key is dropped. An HS256 key stays, since it
// is also what verifies.
func (g Generation) Retire(expiresAt time.Time) Generation {
	g.State = Retired
	g.ExpiresAt = expiresAt.UTC()
	if g.keys != nil {
		kept := g.keys()
		kept.signing = nil
		g.keys = seal(kept)
	}
	return g
}

// EndAccess returns g as it is kept when no access token of it can live any more:
// without the key that verifies those. What only Latchkey reads holds until g
// expires. A generation that isn't retired is returned as it is.
func (g Generation) EndAccess() Generation {
	if g.State != Retired || g.keys == nil {
		return g
	}
	kept := g.keys()
	kept.verifying = nil
	g.keys = seal(kept)
	return g
}

func randomBytes(random io.Reader, n int) ([]byte, error) {
	b := make([]byte, n)
	_, err := io.ReadFull(random, b)
	return b, err
}
