package token_test

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/latchkey-auth/latchkey/webhook/token"
)

// refuses fails if raw is a token of any type to ring.
func refuses(t *testing.T, ring *token.Ring, raw string) {
	t.Helper()
	cache := token.NewCache(10)
	for _, typ := range append([]token.Type{"", "JWT"}, types...) {
		e := token.Expect{Type: typ, Issuer: issuer, Audiences: []string{issuer}}
		for range 2 { // the second time from the cache, were it there
			if claims, err := cache.Verify(ring, raw, e, now); !errors.Is(err, token.ErrInvalid) || claims != nil {
				t.Errorf("as %q: got claims %v, error %v, want ErrInvalid", typ, claims, err)
			}
		}
		if claims, err := ring.Verify(raw, e, now); !errors.Is(err, token.ErrInvalid) || claims != nil {
			t.Errorf("as %q: got claims %v, error %v, want ErrInvalid", typ, claims, err)
		}
	}
}

// unsigned is header and alice's claims with the signature given.
func unsigned(header, signature string) string {
	return b64(header) + "." + b64(claimsText()) + "." + signature
}

func TestAttack_the_forger_of_these_tests_can_make_a_valid_token(t *testing.T) {
	raw := forgeClaims(claimsText())
	if _, err := aRing(t, token.ES256).Verify(raw, access, now); err != nil {
		t.Fatalf("the tests below would prove nothing: %v", err)
	}
}

func TestAttack_algorithm(t *testing.T) {
	ring := aRing(t, token.ES256)
	valid := forgeClaims(claimsText())
	payload, signature := strings.Split(valid, ".")[1], strings.Split(valid, ".")[2]
	own := strings.Split(valid, ".")[0]
	tests := map[string]string{
		"J03 alg none with the original signature": unsigned(`{"alg":"none","kid":"key-1","typ":"at+jwt"}`, signature),
		"J04 the signature is stripped":            own + "." + payload + ".",
		"J05 two segments":                         own + "." + payload,
		"J08 HS256 with an empty key and kid":      forge(`{"alg":"HS256","kid":"","typ":"at+jwt"}`, claimsText(), token.HS256, []byte{}),
		"J08 HS256 with an empty key":              forge(joseHeader(token.HS256, "key-1", token.Access), claimsText(), token.HS256, []byte{}),
		"no alg":                                   unsigned(`{"kid":"key-1","typ":"at+jwt"}`, signature),
		"another algorithm's header with the right key": forge(joseHeader(token.EdDSA, "key-1", token.Access),
			claimsText(), token.ES256, rawKey(token.ES256, "key-1")),
		"no header":      "." + payload + "." + signature,
		"nothing at all": "",
		"two dots":       "..",
	}
	for _, none := range []string{"none", "None", "NONE", "nOnE"} {
		for _, typ := range []token.Type{token.Access, token.Refresh} {
			header := joseHeader(token.Algorithm(none), "key-1", typ)
			tests[fmt.Sprintf("J02 alg %s, %s, no signature", none, typ)] = unsigned(header, "")
		}
	}
	for name, raw := range tests {
		t.Run(name, func(t *testing.T) { refuses(t, ring, raw) })
	}
}

func TestAttack_public_key_as_HMAC_key(t *testing.T) {
	for _, alg := range []token.Algorithm{token.ES256, token.EdDSA, token.RS256} {
		ring := aRing(t, alg)
		for form, key := range publicForms(t, ring, aGeneration("key-1", alg, token.Active).PublicKey, alg) {
			for _, typ := range types {
				t.Run(fmt.Sprintf("J06 J07 %s key as %s signs %s", alg, form, typ), func(t *testing.T) {
					claims := claimsText()
					if typ == token.Refresh {
						claims = claimsText(`"aud":["`+issuer+`"],`, ``, `,"roles":["viewer"]`, `,"gen":1`)
					}
					if typ == token.Session {
						claims = claimsText(`"aud":["`+issuer+`"],`, ``, `,"roles":["viewer"]`, ``)
					}
					if typ == token.Device {
						claims = claimsText(`"aud":["`+issuer+`"],`, ``, `,"roles":["viewer"]`, ``, `,"sid":"sid-1"`, ``)
					}
					refuses(t, ring, forge(joseHeader(token.HS256, "key-1", typ), claims, token.HS256, key))
					refuses(t, ring, forge(joseHeader(alg, "key-1", typ), claims, token.HS256, key))
				})
			}
		}
	}
}

// publicForms are the byte strings in which a public key goes about.
func publicForms(t *testing.T, ring *token.Ring, der []byte, alg token.Algorithm) map[string][]byte {
	t.Helper()
	var set struct{ Keys []json.RawMessage }
	var members struct{ X, Y, N string }
	if err := json.Unmarshal(ring.JWKS(), &set); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(set.Keys[0], &members); err != nil {
		t.Fatal(err)
	}
	armored := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	forms := map[string][]byte{
		"PEM":                     armored,
		"PEM without a last line": armored[:len(armored)-1],
		"DER":                     der,
		"JWK":                     set.Keys[0],
		"JWKS":                    ring.JWKS(),
		"coordinates in base64":   []byte(members.X + members.Y + members.N),
		"kid":                     []byte("key-1"),
	}
	if alg != token.RS256 {
		forms["raw"] = der[len(der)-32:] // X of Ed25519, Y of P-256
	}
	if alg == token.ES256 {
		forms["raw X||Y"] = der[len(der)-64:]
		forms["raw point"] = der[len(der)-65:]
	}
	return forms
}

func TestAttack_header(t *testing.T) {
	ring := aDocument(aGeneration("key-1", token.ES256, token.Active), aGeneration("key-2", token.ES256, token.Next)).ring(t, nil)
	own, other := rawKey(token.ES256, "key-1"), rawKey(token.ES256, "key-2")
	stranger := strangerKey(t)
	headers := map[string]struct {
		header string
		key    any
	}{
		"J12 jku":                                 {`{"alg":"ES256","jku":"http://127.0.0.1:1/jwks","kid":"key-1","typ":"at+jwt"}`, stranger},
		"J12 jku with the right key":              {`{"alg":"ES256","kid":"key-1","typ":"at+jwt","jku":"http://127.0.0.1:1/jwks"}`, own},
		"an embedded jwk":                         {`{"alg":"ES256","kid":"key-1","typ":"at+jwt","jwk":{"kty":"EC"}}`, stranger},
		"J16 kid of SQL":                          {`{"alg":"ES256","kid":"x' UNION SELECT 'k'-- ","typ":"at+jwt"}`, stranger},
		"J16 kid of a command":                    {`{"alg":"ES256","kid":"$(id)","typ":"at+jwt"}`, stranger},
		"J16 kid of LDAP":                         {`{"alg":"ES256","kid":"*)(uid=*","typ":"at+jwt"}`, stranger},
		"J16 kid of a path":                       {`{"alg":"ES256","kid":"a/b?c#d","typ":"at+jwt"}`, stranger},
		"J18 kid of 100 kB":                       {`{"alg":"ES256","kid":"` + strings.Repeat("A", 100_000) + `","typ":"at+jwt"}`, stranger},
		"J18 kid with NUL and line break":         {`{"alg":"ES256","kid":"k\u0000\r\nX: y","typ":"at+jwt"}`, stranger},
		"J19 an unknown kid":                      {joseHeader(token.ES256, "key-3", token.Access), stranger},
		"J21 kid of one key, signed by another":   {joseHeader(token.ES256, "key-2", token.Access), own},
		"J21 and the other way round":             {joseHeader(token.ES256, "key-1", token.Access), other},
		"J22 no kid":                              {`{"alg":"ES256","typ":"at+jwt"}`, own},
		"J22 no kid, a stranger's key":            {`{"alg":"ES256","typ":"at+jwt"}`, stranger},
		"a stranger's key":                        {joseHeader(token.ES256, "key-1", token.Access), stranger},
		"J23 typ JWT":                             {joseHeader(token.ES256, "key-1", "JWT"), own},
		"J23 no typ":                              {`{"alg":"ES256","kid":"key-1"}`, own},
		"typ of a refresh token":                  {joseHeader(token.ES256, "key-1", token.Refresh), own},
		"J25 typ application/at+jwt (documented)": {joseHeader(token.ES256, "key-1", "application/at+jwt"), own},
		"J25 typ AT+JWT (documented)":             {joseHeader(token.ES256, "key-1", "AT+JWT"), own},
		"crit with an unknown extension":          {`{"alg":"ES256","crit":["exp"],"kid":"key-1","typ":"at+jwt"}`, own},
		"J28 crit that is empty":                  {`{"alg":"ES256","crit":[],"kid":"key-1","typ":"at+jwt"}`, own},
		"J28 crit that is no array":               {`{"alg":"ES256","crit":"exp","kid":"key-1","typ":"at+jwt"}`, own},
		"a duplicate alg":                         {`{"alg":"none","alg":"ES256","kid":"key-1","typ":"at+jwt"}`, own},
		"another order of members":                {`{"typ":"at+jwt","alg":"ES256","kid":"key-1"}`, own},
		"a blank in the header":                   {`{"alg": "ES256","kid":"key-1","typ":"at+jwt"}`, own},
		"J35 a deeply nested header":              {`{"alg":"ES256","x":` + strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000) + `}`, own},
		"a header nested as deep as 4 KiB take":   {`{"alg":"ES256","x":` + strings.Repeat("[", 1_200) + strings.Repeat("]", 1_200) + `}`, own},
	}
	for name, tt := range headers {
		t.Run(name, func(t *testing.T) { refuses(t, ring, forge(tt.header, claimsText(), token.ES256, tt.key)) })
	}
}

func TestAttack_J19_unknown_kids_leave_nothing_behind(t *testing.T) {
	ring := aRing(t, token.ES256)
	cache := token.NewCache(10)
	valid := sign(t, ring, token.Access, alice(token.Access))
	first, err := cache.Verify(ring, valid, access, now)
	if err != nil {
		t.Fatal(err)
	}
	for range 2_000 {
		raw := unsigned(joseHeader(token.ES256, rand.Text(), token.Access), strings.Repeat("A", 86))
		if _, err := cache.Verify(ring, raw, access, now); !errors.Is(err, token.ErrInvalid) {
			t.Fatal(err)
		}
	}
	if again, err := cache.Verify(ring, valid, access, now); again != first {
		t.Errorf("the valid token was forgotten: %v", err)
	}
}

func TestAttack_token_types_do_not_stand_in_for_each_other(t *testing.T) {
	for _, alg := range algorithms {
		ring := aRing(t, alg)
		for _, made := range types {
			for _, asked := range types {
				t.Run(fmt.Sprintf("%s: %s as %s", alg, made, asked), func(t *testing.T) {
					cache := token.NewCache(10)
					raw := sign(t, ring, made, alice(made))
					if _, err := cache.Verify(ring, raw, expecting(made), now); err != nil { // it is in the cache now
						t.Fatal(err)
					}
					if _, err := cache.Verify(ring, raw, expecting(asked), now); (err == nil) != (made == asked) {
						t.Errorf("got error %v", err)
					}
				})
			}
		}
	}
}

func strangerKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	return rawKey(token.ES256, "stranger").(*ecdsa.PrivateKey)
}

func TestAttack_RS256_relatives(t *testing.T) {
	ring := aRing(t, token.RS256)
	signed := b64(joseHeader(token.RS256, "key-1", token.Access)) + "." + b64(claimsText())
	key := rawKey(token.RS256, "key-1").(*rsa.PrivateKey)
	for name, method := range map[string]jwt.SigningMethod{
		"PS256 under the RS256 header": jwt.SigningMethodPS256,
		"RS384 under the RS256 header": jwt.SigningMethodRS384,
		"RS512 under the RS256 header": jwt.SigningMethodRS512,
	} {
		t.Run(name, func(t *testing.T) {
			signature, err := method.Sign(signed, key)
			if err != nil {
				t.Fatal(err)
			}
			refuses(t, ring, signed+"."+b64(string(signature)))
		})
	}
}
