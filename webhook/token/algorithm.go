package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/subtle"
	"fmt"
	"io"

	"github.com/golang-jwt/jwt/v5"
)

// Algorithm is how a generation signs access tokens: a JWS "alg" value.
// Any value but the four constants, the zero value included, signs and
// verifies nothing.
type Algorithm string

// The algorithms that a realm can choose (RFC 7518 section 3.1, RFC 8037).
const (
	ES256 Algorithm = "ES256" // ECDSA on P-256 with SHA-256
	EdDSA Algorithm = "EdDSA" // Ed25519
	RS256 Algorithm = "RS256" // RSASSA-PKCS1-v1_5 with SHA-256; made with 2048 bits (a key signs for 30 days), taken with up to 4096
	HS256 Algorithm = "HS256" // HMAC with SHA-256: who can verify can also sign; 32 bytes, never published
)

const (
	symmetricKeySize = 32 // bytes
	rsaKeySize       = 2048
	rsaMinKeySize    = 2048
	rsaMaxKeySize    = 4096
	rsaExponent      = 65537
)

// method signs and verifies bytes with keys of a, or is nil if a is unknown.
func (a Algorithm) method() jwt.SigningMethod {
	switch a {
	case ES256:
		return jwt.SigningMethodES256
	case EdDSA:
		return jwt.SigningMethodEdDSA
	case RS256:
		return jwt.SigningMethodRS256
	case HS256:
		return jwt.SigningMethodHS256
	}
	return nil
}

// generate makes a new signing key for a.
func (a Algorithm) generate(random io.Reader) (any, error) {
	switch a {
	case ES256:
		return ecdsa.GenerateKey(elliptic.P256(), random)
	case EdDSA:
		_, key, err := ed25519.GenerateKey(random)
		return key, err
	case RS256:
		return rsa.GenerateKey(random, rsaKeySize)
	case HS256:
		return randomBytes(random, symmetricKeySize)
	}
	return nil, fmt.Errorf("unknown algorithm %q", string(a))
}

// verifies reports whether key can verify signatures made by a. The types are
// compared too: the bytes of a public key are never an HMAC key.
func (a Algorithm) verifies(key any) bool {
	switch key := key.(type) {
	case *ecdsa.PublicKey:
		return a == ES256 && key.Curve == elliptic.P256()
	case ed25519.PublicKey:
		return a == EdDSA && len(key) == ed25519.PublicKeySize
	case *rsa.PublicKey:
		bits := key.N.BitLen()
		return a == RS256 && bits >= rsaMinKeySize && bits <= rsaMaxKeySize && key.E == rsaExponent
	case []byte:
		return a == HS256 && len(key) == symmetricKeySize
	}
	return false
}

// verifyingKey returns what verifies the signatures of signing: its public key,
// or itself if it is symmetric.
func verifyingKey(signing any) any {
	if pair, ok := signing.(crypto.Signer); ok {
		return pair.Public()
	}
	return signing
}

// sameKey reports whether two verifying keys are the same.
func sameKey(a, b any) bool {
	switch a := a.(type) {
	case []byte:
		b, ok := b.([]byte)
		return ok && subtle.ConstantTimeCompare(a, b) == 1
	case interface{ Equal(crypto.PublicKey) bool }:
		return a.Equal(b)
	}
	return false
}
