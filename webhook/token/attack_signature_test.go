package token_test

import (
	"bytes"
	"crypto/elliptic"
	"encoding/base64"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/latchkey-auth/latchkey/webhook/token"
)

// withSignature replaces the third segment of raw.
func withSignature(raw string, signature []byte) string {
	return raw[:strings.LastIndexByte(raw, '.')+1] + base64.RawURLEncoding.EncodeToString(signature)
}

func signatureOf(t *testing.T, raw string) []byte {
	t.Helper()
	signature, err := base64.RawURLEncoding.DecodeString(raw[strings.LastIndexByte(raw, '.')+1:])
	if err != nil {
		t.Fatal(err)
	}
	return signature
}

func TestAttack_J44_J45_ECDSA_at_the_bounds(t *testing.T) {
	ring := aRing(t, token.ES256)
	valid := sign(t, ring, token.Access, alice(token.Access))
	curve := elliptic.P256().Params()
	one := big.NewInt(1)
	values := map[string]*big.Int{
		"0": new(big.Int), "1": one, "n-1": new(big.Int).Sub(curve.N, one), "n": curve.N, "p": curve.P,
		"2^256-1": new(big.Int).Sub(new(big.Int).Lsh(one, 256), one),
	}
	for rName, r := range values {
		for sName, s := range values { // r = s = 0 is J44
			t.Run(fmt.Sprintf("r=%s s=%s", rName, sName), func(t *testing.T) {
				refuses(t, ring, withSignature(valid, append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)))
			})
		}
	}
}

func TestAttack_J47_the_twin_of_an_ECDSA_signature_has_the_same_claims(t *testing.T) {
	ring := aRing(t, token.ES256)
	valid := sign(t, ring, token.Access, alice(token.Access))
	signature := signatureOf(t, valid)
	s := new(big.Int).SetBytes(signature[32:])
	twin := withSignature(valid, append(bytes.Clone(signature[:32]), s.Sub(elliptic.P256().Params().N, s).FillBytes(make([]byte, 32))...))
	if twin == valid {
		t.Fatal("not another spelling")
	}
	cache := token.NewCache(10)

	first, err := cache.Verify(ring, valid, access, now)
	if err != nil {
		t.Fatal(err)
	}
	second, err := cache.Verify(ring, twin, access, now)
	if err != nil {
		t.Skip("the twin is refused, which is as good:", err)
	}

	if second.ID != first.ID || second.SessionID != first.SessionID || second.Subject != first.Subject {
		t.Errorf("a revocation of %+v would miss %+v", first, second)
	}
}

func TestAttack_J48_EdDSA(t *testing.T) {
	ring := aRing(t, token.EdDSA)
	valid := sign(t, ring, token.Access, alice(token.Access))
	signature := signatureOf(t, valid)
	order, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	smallOrder := append([]byte{1}, make([]byte, 63)...) // R is the neutral element, S is 0
	tests := map[string][]byte{"all zero": make([]byte, 64), "R of small order": smallOrder}
	for i := 1; i <= 8; i++ {
		s := new(big.Int).SetBytes(reversed(signature[32:]))
		s.Add(s, new(big.Int).Mul(order, big.NewInt(int64(i))))
		tests[fmt.Sprintf("S+%dL", i)] = append(bytes.Clone(signature[:32]), reversed(s.FillBytes(make([]byte, 32)))...)
	}
	for name, forged := range tests {
		t.Run(name, func(t *testing.T) { refuses(t, ring, withSignature(valid, forged)) })
	}
}

func TestAttack_signatures_of_another_length(t *testing.T) {
	for _, alg := range algorithms {
		ring := aRing(t, alg)
		valid := sign(t, ring, token.Access, alice(token.Access))
		signature := signatureOf(t, valid)
		for name, forged := range map[string][]byte{
			"none":                nil,
			"one byte":            signature[:1],
			"a byte less":         signature[:len(signature)-1],
			"a byte more":         append(bytes.Clone(signature), 0),
			"a leading zero":      append([]byte{0}, signature...),
			"twice":               append(bytes.Clone(signature), signature...),
			"the first bit falls": append([]byte{signature[0] ^ 0x80}, signature[1:]...),
			"the last bit falls":  append(bytes.Clone(signature[:len(signature)-1]), signature[len(signature)-1]^1),
		} {
			t.Run(string(alg)+" "+name, func(t *testing.T) { refuses(t, ring, withSignature(valid, forged)) })
		}
	}
}

func TestAttack_spelling(t *testing.T) {
	for _, alg := range algorithms {
		ring := aRing(t, alg)
		valid := sign(t, ring, token.Access, alice(token.Access))
		segments := strings.Split(valid, ".")
		tests := map[string]string{
			"J38 a line break before the last four characters": valid[:len(valid)-4] + "\n" + valid[len(valid)-4:],
			"J38 a line break at the end":                      valid + "\r\n",
			"J38 a line break at the start":                    "\n" + valid,
			"J42 a JWE with PBES2":                             b64(`{"alg":"PBES2-HS256+A128KW","enc":"A128GCM","p2c":2147483647}`) + ".a.b.c.d",
			"J42 a JWE with dir":                               b64(`{"alg":"dir","enc":"A128GCM"}`) + "..a.b.c",
			"J42 five segments that begin as a token":          valid + ".a.b",
			"four segments":                                    valid + ".",
			"a blank at the end":                               valid + " ",
			"the scheme":                                       "Bearer " + valid,
			"two tokens":                                       valid + "," + valid,
			"a NUL at the end":                                 valid + "\x00",
			"a token of 1 MB":                                  valid + strings.Repeat("A", 1<<20),
			"1 MB of dots":                                     strings.Repeat(".", 1<<20),
			"a token of one byte over 4 KiB":                   valid + strings.Repeat("A", 4097-len(valid)),
			"the JSON serialisation":                           `{"payload":"` + segments[1] + `","protected":"` + segments[0] + `","signature":"` + segments[2] + `"}`,
		}
		for i := range segments {
			for name, edit := range map[string]func(string) string{
				"J36 padding = in":               func(s string) string { return s + "=" },
				"J36 padding == in":              func(s string) string { return s + "==" },
				"J38 a line break in":            func(s string) string { return s[:4] + "\n" + s[4:] },
				"J38 a carriage return in":       func(s string) string { return s[:4] + "\r" + s[4:] },
				"J38 a tab in":                   func(s string) string { return s[:4] + "\t" + s[4:] },
				"the standard alphabet in":       func(s string) string { return s + "+/" },
				"one character more in":          func(s string) string { return s + "A" },
				"four characters more in":        func(s string) string { return s + "AAAA" },
				"a byte that is not ASCII in":    func(s string) string { return s + "\xc3\xa9" },
				"other unused trailing bits in":  otherTrailingBits,
				"one character less in":          func(s string) string { return s[:len(s)-1] },
				"a percent-encoded character in": func(s string) string { return fmt.Sprintf("%%%X", s[0]) + s[1:] },
			} {
				edited := append([]string{}, segments...)
				if edited[i] = edit(segments[i]); edited[i] != segments[i] {
					tests[fmt.Sprintf("%s segment %d", name, i+1)] = strings.Join(edited, ".")
				}
			}
		}
		for name, raw := range tests {
			t.Run(string(alg)+" "+name, func(t *testing.T) { refuses(t, ring, raw) })
		}
	}
}

// otherTrailingBits returns another spelling of the same bytes, for a decoder
// that is not strict; segment itself if it has no unused bits.
func otherTrailingBits(segment string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	if len(segment)%4 == 0 {
		return segment
	}
	last := strings.IndexByte(alphabet, segment[len(segment)-1])
	return segment[:len(segment)-1] + string(alphabet[last|1])
}

func TestAttack_a_payload_with_other_trailing_bits_is_refused_although_signed(t *testing.T) {
	claims := claimsText()
	for len(claims)%3 == 0 {
		claims += " "
	}
	header := joseHeader(token.HS256, "key-1", token.Access)
	ring := aRing(t, token.HS256)
	for name, payload := range map[string]string{
		"other trailing bits": otherTrailingBits(b64(claims)),
		"a line break":        b64(claims)[:8] + "\n" + b64(claims)[8:],
		"padding":             base64.URLEncoding.EncodeToString([]byte(claims)),
	} {
		t.Run(name, func(t *testing.T) {
			signed := b64(header) + "." + payload
			refuses(t, ring, signed+"."+b64(string(hmacSHA256(rawKey(token.HS256, "key-1").([]byte), signed))))
		})
	}
}

func reversed(b []byte) []byte {
	out := make([]byte, len(b))
	for i := range b {
		out[len(b)-1-i] = b[i]
	}
	return out
}
