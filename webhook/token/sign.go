package token

import (
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
)

// ErrNoActiveKey is returned by Sign if the Ring has no key to sign with: the
// active generation is distrusted, or there is no document yet.
var ErrNoActiveKey = errors.New("no active signing key")

// Sign makes a token of type t from c with the active generation.
//
// It takes what the type carries: audience and roles for access tokens, the
// generation for refresh tokens; all but device tokens carry the session. Roles are left out if they take more than 2 KiB,
// or if the token would be longer than MaxSize with them. It fails on claims that
// Verify would refuse at any time: a required one is missing, a list of audiences
// is empty, or a token outlives 24 h (access) or 2160 h (the others).
func (r *Ring) Sign(t Type, c Claims) (string, error) {
	if r == nil || len(r.signers) == 0 {
		return "", ErrNoActiveKey
	}
	s, ok := r.signers[t]
	if !ok {
		return "", fmt.Errorf("sign token: unknown type %q", string(t))
	}
	claims := c.encode(t)
	if defect := claims.defect(t); defect != "" {
		return "", fmt.Errorf("sign %s: claim %s is missing or out of bounds", t, defect)
	}
	raw, err := s.sign(claims)
	if len(raw) > MaxSize && len(claims.Roles) > 0 {
		claims.Roles = nil
		raw, err = s.sign(claims)
	}
	switch {
	case err != nil:
		return "", fmt.Errorf("sign %s: %w", t, err)
	case len(raw) > MaxSize:
		return "", fmt.Errorf("sign %s: longer than %d bytes", t, MaxSize)
	}
	return raw, nil
}

func (s signer) sign(claims claimsJSON) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("encode claims: %w", err)
	}
	signed := s.header + "." + base64.RawURLEncoding.EncodeToString(payload)
	signature, err := s.method.Sign(signed, s.key())
	if err != nil {
		return "", err
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}
