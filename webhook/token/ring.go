package token

import (
	"encoding/base64"
	"fmt"
	"slices"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Type is what a token is for: its "typ" (RFC 8725 section 3.11). No key makes
// or verifies tokens of any other type than these.
type Type string

// The token types. Access tokens are signed with the realm's algorithm, for apps
// to verify too; the others with the internal key of their generation.
const (
	Access  Type = "at+jwt" // RFC 9068
	Refresh Type = "rt+jwt"
	Session Type = "session+jwt"
	// Device tells that a browser once logged in as its subject, and no more: it opens
	// nothing, and belongs to no login. Its jti names the device.
	Device Type = "device+jwt"
)

// Ring holds the keys of a document that are trusted. It never changes, so that
// any number of goroutines may use it; a changed document makes a new Ring.
// The zero Ring, and a nil one, trusts nothing and signs nothing.
type Ring struct {
	redacted

	trusted    map[string]trust // by the exact first segment of a token
	signers    map[Type]signer  // of the active generation; empty if it is distrusted
	activeID   string
	jwks       []byte
	algorithms []Algorithm
}

// verifier is the one way to verify tokens that begin with header. Its address
// is its identity: as long as a Ring trusts the same verifier, what that one has
// verified stays verified.
type verifier struct {
	header string // the first segment: base64url of the JOSE header
	use    Type
	method jwt.SigningMethod
	key    sealed[any]
}

// trust is how long a Ring believes a verifier.
type trust struct {
	*verifier
	until time.Time // zero: as long as the Ring lives
}

// signer makes tokens that begin with header.
type signer struct {
	header string
	method jwt.SigningMethod
	key    sealed[any]
}

// NewRing makes the Ring of d. Generations that d distrusts are left out
// altogether; if the active one is among them, the Ring verifies with what
// remains and Sign returns ErrNoActiveKey. previous, which may be nil, is the
// Ring of the document before: unchanged keys keep their identity, so that what
// a Cache holds stays valid. It fails if Marshal would.
func NewRing(d Document, previous *Ring) (*Ring, error) {
	if err := d.validate(); err != nil {
		return nil, fmt.Errorf("make key ring: %w", err)
	}
	trusted := slices.DeleteFunc(slices.Clone(d.Generations), d.Distrusts)
	r := &Ring{trusted: map[string]trust{}, signers: map[Type]signer{}}
	for _, g := range trusted {
		if g.State == Active {
			r.activeID = g.ID
		}
		k := g.keys()
		r.admit(g, Access, g.Algorithm, k.signing, k.verifying, previous)
		r.admit(g, Refresh, HS256, k.internal, k.internal, previous)
		r.admit(g, Session, HS256, k.internal, k.internal, previous)
		r.admit(g, Device, HS256, k.internal, k.internal, previous)
	}
	var err error
	if r.jwks, r.algorithms, err = publish(trusted); err != nil {
		return nil, fmt.Errorf("make key ring: %w", err)
	}
	return r, nil
}

// admit adds what g contributes to tokens of type t: one verifier, and one
// signer if g is active.
func (r *Ring) admit(g Generation, t Type, a Algorithm, signing, verifying any, previous *Ring) {
	if verifying == nil {
		return
	}
	header := headerSegment(a, g.ID, t)
	v := previous.same(&verifier{header: header, use: t, method: a.method(), key: seal(verifying)})
	entry := trust{verifier: v}
	if g.State == Retired {
		entry.until = g.ExpiresAt
	}
	r.trusted[header] = entry
	if g.State == Active {
		r.signers[t] = signer{header: header, method: a.method(), key: seal(signing)}
	}
}

// same returns the verifier of r that does exactly what v does, else v.
func (r *Ring) same(v *verifier) *verifier {
	if r == nil {
		return v
	}
	known, ok := r.trusted[v.header] // the header names type and algorithm
	if !ok || !sameKey(known.key(), v.key()) {
		return v
	}
	return known.verifier
}

// find returns the verifier of tokens of type t that begin with header, or nil
// if r trusts none now.
func (r *Ring) find(header string, t Type, now time.Time) *verifier {
	if r == nil {
		return nil
	}
	entry, ok := r.trusted[header]
	if !ok || entry.use != t || !entry.until.IsZero() && !now.Before(entry.until) {
		return nil
	}
	return entry.verifier
}

// ActiveKeyID returns the id of the generation that signs, or "" if none does.
func (r *Ring) ActiveKeyID() string {
	if r == nil {
		return ""
	}
	return r.activeID
}

// headerSegment is the first segment of every token of type t that the generation
// signs. Its values are plain ASCII, which Go and JSON quote alike.
func headerSegment(a Algorithm, id string, t Type) string {
	header := fmt.Sprintf(`{"alg":%q,"kid":%q,"typ":%q}`, a, id, t)
	return base64.RawURLEncoding.EncodeToString([]byte(header))
}
