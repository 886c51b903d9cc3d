package token

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
)

var (
	// ErrInvalid is returned for what is not a token that a trusted key signed
	// for what is expected. Its text names the reason, and nothing of the token.
	ErrInvalid = errors.New("invalid token")
	// ErrExpired is returned if nothing but the expiry is wrong.
	ErrExpired = errors.New("token expired")
)

// Expect is what the caller of Verify takes. The zero Expect takes nothing.
type Expect struct {
	Type   Type
	Issuer string // compared byte for byte with iss
	// Audiences are the names under which the caller goes: an access token must
	// be for one of them. Tokens of other types have no audience.
	Audiences []string
}

// Verify returns the claims of raw if a key that r trusts signed it and it meets
// e at now, else an error that is ErrInvalid or ErrExpired.
//
// raw is at most MaxSize bytes of base64url and exactly two dots; its header
// is one that the realm issues for e.Type; its signature holds; its claims are
// present, integer where they are times, unduplicated and in bounds; iat, nbf
// and auth_time are not more than 60 s ahead of now.
//
// One login's token can have two spellings (an ECDSA signature has a twin), so
// revocation goes by the claims, never by raw.
func (r *Ring) Verify(raw string, e Expect, now time.Time) (*Claims, error) {
	v, err := r.authenticate(raw, e.Type, now)
	if err != nil {
		return nil, err
	}
	if err := v.meets(e, now); err != nil {
		return nil, err
	}
	return &v.claims, nil
}

// verified is what the signature of a token holds true, whoever asks and
// whenever: the part of verification that a Cache may remember.
type verified struct {
	claims    Claims
	notBefore time.Time
	by        *verifier
}

// authenticate finds the key for raw's exact header, then holds the signature,
// then reads the claims: nothing of a token is interpreted before it is proven.
func (r *Ring) authenticate(raw string, t Type, now time.Time) (*verified, error) {
	if len(raw) > MaxSize {
		return nil, invalid("too long")
	}
	header, rest, _ := strings.Cut(raw, ".")
	payload, signature, two := strings.Cut(rest, ".")
	if !two || !isBase64URL(header) || !isBase64URL(payload) || !isBase64URL(signature) {
		return nil, invalid("not three segments of base64url")
	}
	key := r.find(header, t, now)
	if key == nil {
		return nil, invalid("header is not one of this realm's for this type")
	}
	sig, err := decodeSegment(signature)
	if err != nil {
		return nil, invalid("signature is not canonical base64url")
	}
	signed := raw[:len(header)+len(".")+len(payload)]
	if key.method.Verify(signed, sig, key.key()) != nil {
		return nil, invalid("signature")
	}
	claims, err := readClaims(payload, t)
	if err != nil {
		return nil, err
	}
	return &verified{claims: claims.decode(t), notBefore: time.Unix(claims.NotBefore, 0), by: key}, nil
}

// readClaims refuses what only a stolen key could have signed: anything that
// Sign would not. Claims that it doesn't know are a newer replica's.
func readClaims(payload string, t Type) (*claimsJSON, error) {
	decoded, err := decodeSegment(payload)
	if err != nil {
		return nil, invalid("claims are not canonical base64url")
	}
	claims := &claimsJSON{}
	if err := json.Unmarshal(decoded, claims); err != nil { // duplicates and invalid UTF-8 are errors
		return nil, invalid("claims are not strict JSON of the right types")
	}
	if defect := claims.defect(t); defect != "" {
		return nil, invalid("claim " + defect + " is missing or out of bounds")
	}
	return claims, nil
}

// meets holds v, which Ring.find has found to be of the type e.Type, against what
// changes between requests: the rest of e, and the time. Expiry is last, so that
// ErrExpired means that all else held.
func (v *verified) meets(e Expect, now time.Time) error {
	latest := now.Add(maxSkew)
	switch {
	case v.claims.Issuer != e.Issuer:
		return invalid("iss")
	case e.Type == Access && !v.isFor(e.Audiences):
		return invalid("aud")
	case v.claims.IssuedAt.After(latest):
		return invalid("iat is in the future")
	case v.claims.AuthTime.After(latest):
		return invalid("auth_time is in the future")
	case v.notBefore.After(latest):
		return invalid("nbf is in the future")
	case !now.Before(v.claims.ExpiresAt):
		return ErrExpired
	}
	return nil
}

func (v *verified) isFor(audiences []string) bool {
	return slices.ContainsFunc(v.claims.Audience, func(audience string) bool {
		return slices.Contains(audiences, audience)
	})
}

func invalid(reason string) error { return fmt.Errorf("%w: %s", ErrInvalid, reason) }

// decodeSegment reads unpadded base64url whose unused trailing bits are zero, so
// that bytes have one spelling. It is given isBase64URL text: the decoder skips
// line breaks.
func decodeSegment(segment string) ([]byte, error) {
	return base64.RawURLEncoding.Strict().DecodeString(segment)
}

// isBase64URL reports whether s has no characters but those of RFC 4648 section 5.
func isBase64URL(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && !('0' <= c && c <= '9') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}
