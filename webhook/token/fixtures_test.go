package token_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/latchkey-auth/latchkey/webhook/token"
)

const issuer = "https://auth.example.com"

var (
	now    = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	access = token.Expect{Type: token.Access, Issuer: issuer, Audiences: []string{issuer}}

	algorithms = []token.Algorithm{token.ES256, token.EdDSA, token.RS256, token.HS256}
	types      = []token.Type{token.Access, token.Refresh, token.Session, token.Device}
)

// rawRSA takes long to make, so that all tests share one.
var rawRSA = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// rawKey is the signing key of the generation id: the same in every process, but
// for RSA, and so known to tests that must sign what Sign would not.
func rawKey(alg token.Algorithm, id string) any {
	seed := sha256.Sum256([]byte("signing key of " + id))
	switch alg {
	case token.ES256:
		key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), seed[:])
		if err != nil {
			panic(err)
		}
		return key
	case token.EdDSA:
		return ed25519.NewKeyFromSeed(seed[:])
	case token.RS256:
		return rawRSA()
	}
	return seed[:]
}

func rawInternalKey(id string) []byte {
	seed := sha256.Sum256([]byte("internal key of " + id))
	return seed[:]
}

// keyDocument is the JSON of a document as api.md describes it, written down
// here a second time so that the format can't change unnoticed.
type keyDocument struct {
	Version        int             `json:"version"`
	DistrustBefore *time.Time      `json:"distrustBefore,omitempty"`
	Generations    []keyGeneration `json:"generations"`
}

type keyGeneration struct {
	ID          string          `json:"id"`
	Algorithm   token.Algorithm `json:"algorithm"`
	State       token.State     `json:"state"`
	CreatedAt   time.Time       `json:"createdAt"`
	ActivatesAt time.Time       `json:"activatesAt"`
	ExpiresAt   time.Time       `json:"expiresAt"`
	SigningKey  []byte          `json:"signingKey,omitempty"`
	PublicKey   []byte          `json:"publicKey,omitempty"`
	InternalKey []byte          `json:"internalKey"`
}

// aGeneration has the keys that rawKey and rawInternalKey derive from id.
func aGeneration(id string, alg token.Algorithm, state token.State, edits ...func(*keyGeneration)) keyGeneration {
	g := keyGeneration{
		ID: id, Algorithm: alg, State: state, InternalKey: rawInternalKey(id),
		CreatedAt: now.Add(-48 * time.Hour), ActivatesAt: now.Add(-24 * time.Hour), ExpiresAt: now.Add(24 * time.Hour),
	}
	if alg == token.HS256 {
		g.SigningKey = rawKey(alg, id).([]byte)
	} else {
		g.PublicKey = pkix(rawKey(alg, id).(crypto.Signer).Public())
		if state != token.Retired {
			g.SigningKey = pkcs8(rawKey(alg, id))
		}
	}
	for _, edit := range edits {
		edit(&g)
	}
	return g
}

func createdAt(at time.Time) func(*keyGeneration) { return func(g *keyGeneration) { g.CreatedAt = at } }
func expiresAt(at time.Time) func(*keyGeneration) { return func(g *keyGeneration) { g.ExpiresAt = at } }

func aDocument(generations ...keyGeneration) keyDocument {
	return keyDocument{Version: 1, Generations: generations}
}

func (d keyDocument) distrusting(before time.Time) keyDocument {
	d.DistrustBefore = &before
	return d
}

func (d keyDocument) text() []byte {
	text, err := json.Marshal(d)
	if err != nil {
		panic(err)
	}
	return text
}

func (d keyDocument) parse(t testing.TB) token.Document {
	t.Helper()
	parsed, err := token.ParseDocument(d.text())
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func (d keyDocument) ring(t testing.TB, previous *token.Ring) *token.Ring {
	t.Helper()
	ring, err := token.NewRing(d.parse(t), previous)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

// aRing signs with the one generation "key-1" of alg.
func aRing(t testing.TB, alg token.Algorithm) *token.Ring {
	t.Helper()
	return aDocument(aGeneration("key-1", alg, token.Active)).ring(t, nil)
}

func pkcs8(key any) []byte {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		panic(err)
	}
	return der
}

func pkix(key any) []byte {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		panic(err)
	}
	return der
}

// alice is what a login of hers puts into each type of token.
func alice(t token.Type) token.Claims {
	c := token.Claims{
		Issuer: issuer, Subject: "uid-alice", ClientID: "latchkey",
		ID: "jti-1", SessionID: "sid-1", Username: "alice",
		IssuedAt: now, ExpiresAt: now.Add(30 * time.Minute), AuthTime: now.Add(-time.Hour),
	}
	switch t {
	case token.Access:
		c.Audience = []string{issuer}
		c.Roles = []string{"editor", "viewer"}
	case token.Refresh:
		c.Generation = 1
	case token.Device:
		c.SessionID = ""
	}
	return c
}

func expecting(t token.Type) token.Expect {
	if t == token.Access {
		return access
	}
	return token.Expect{Type: t, Issuer: issuer}
}

func sign(t testing.TB, ring *token.Ring, typ token.Type, c token.Claims) string {
	t.Helper()
	raw, err := ring.Sign(typ, c)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// joseHeader is the header of Latchkey's own tokens.
func joseHeader(alg token.Algorithm, id string, typ token.Type) string {
	return fmt.Sprintf(`{"alg":"%s","kid":"%s","typ":"%s"}`, alg, id, typ)
}

// claimsText are alice's claims in an access token, as text to be edited by
// replacing pairs of old and new.
func claimsText(edits ...string) string {
	text := fmt.Sprintf(`{"iss":"%s","sub":"uid-alice","aud":["%s"],"client_id":"latchkey","iat":%d,"exp":%d,"auth_time":%d,`+
		`"jti":"jti-1","sid":"sid-1","preferred_username":"alice","roles":["viewer"]}`,
		issuer, issuer, now.Unix(), now.Unix()+1800, now.Unix()-3600)
	for i := 0; i < len(edits); i += 2 {
		if !strings.Contains(text, edits[i]) {
			panic("no claim " + edits[i])
		}
		text = strings.Replace(text, edits[i], edits[i+1], 1)
	}
	return text
}

// forge signs any header and any claims with any key.
func forge(header, claims string, alg token.Algorithm, key any) string {
	signed := b64(header) + "." + b64(claims)
	signature, err := jwt.GetSigningMethod(string(alg)).Sign(signed, key)
	if err != nil {
		panic(err)
	}
	return signed + "." + b64(string(signature))
}

// forgeClaims signs claims with the realm's own ES256 key and header.
func forgeClaims(claims string) string {
	return forge(joseHeader(token.ES256, "key-1", token.Access), claims, token.ES256, rawKey(token.ES256, "key-1"))
}

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
