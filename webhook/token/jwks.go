package token

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/go-jose/go-jose/v4"
)

const emptyJWKS = `{"keys":[]}`

// JWKS returns the public keys of the Ring as a JSON Web Key Set (RFC 7517), in
// the document's order: those of next generations too, so that verifiers know
// them before they sign, and of retired ones. Symmetric keys never appear.
// It was made with the Ring, and must not be modified.
func (r *Ring) JWKS() []byte {
	if r == nil || r.jwks == nil {
		return []byte(emptyJWKS)
	}
	return r.jwks
}

// Algorithms returns the algorithms of the keys in JWKS, sorted, each once. It
// must not be modified.
func (r *Ring) Algorithms() []Algorithm {
	if r == nil {
		return nil
	}
	return r.algorithms
}

// publish makes the key set of generations. What is published is listed by type,
// so that no new kind of key gets out by being forgotten here.
func publish(generations []Generation) ([]byte, []Algorithm, error) {
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{}}
	var algorithms []Algorithm
	for _, g := range generations {
		switch key := g.keys().verifying.(type) {
		case *ecdsa.PublicKey, ed25519.PublicKey, *rsa.PublicKey:
			set.Keys = append(set.Keys, jose.JSONWebKey{
				Key: key, KeyID: g.ID, Algorithm: string(g.Algorithm), Use: "sig",
			})
			algorithms = append(algorithms, g.Algorithm)
		}
	}
	jwks, err := json.Marshal(set)
	if err != nil {
		return nil, nil, fmt.Errorf("publish keys: %w", err)
	}
	slices.Sort(algorithms)
	return jwks, slices.Compact(algorithms), nil
}
