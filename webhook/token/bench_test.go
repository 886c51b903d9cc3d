package token_test

import (
	"crypto"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/latchkey-auth/latchkey/webhook/token"
)

// BenchmarkVerify_cold verifies a token that no cache knows, and in the same run
// what no verifier can save: its signature, over the same bytes. The metric is
// their ratio, from alternating slices of one run.
func BenchmarkVerify_cold(b *testing.B) {
	for _, alg := range algorithms {
		b.Run(string(alg), func(b *testing.B) {
			ring := aRing(b, alg)
			raw := sign(b, ring, token.Access, alice(token.Access))
			verifyRaw := rawVerification(b, alg, raw)
			var ours, bare time.Duration
			b.ReportAllocs()
			for b.Loop() {
				start := time.Now()
				if _, err := ring.Verify(raw, access, now); err != nil {
					b.Fatal(err)
				}
				middle := time.Now()
				if err := verifyRaw(); err != nil {
					b.Fatal(err)
				}
				ours += middle.Sub(start)
				bare += time.Since(middle)
			}
			b.ReportMetric(float64(ours.Nanoseconds())/float64(b.N), "verify-ns/op")
			b.ReportMetric(float64(bare.Nanoseconds())/float64(b.N), "raw-ns/op")
			b.ReportMetric(float64(bare)/float64(ours), "ratio-to-raw")
		})
	}
}

// rawVerification does nothing but hold the signature of raw, already decoded,
// against the key.
func rawVerification(b *testing.B, alg token.Algorithm, raw string) func() error {
	key := rawKey(alg, "key-1")
	if pair, ok := key.(crypto.Signer); ok {
		key = pair.Public()
	}
	end := strings.LastIndexByte(raw, '.')
	signature, err := base64.RawURLEncoding.DecodeString(raw[end+1:])
	if err != nil {
		b.Fatal(err)
	}
	method := jwt.GetSigningMethod(string(alg))
	return func() error { return method.Verify(raw[:end], signature, key) }
}

// BenchmarkCache_Verify_warm finds tokens that were verified before.
func BenchmarkCache_Verify_warm(b *testing.B) {
	for _, count := range []int{1, 10_000} {
		b.Run(fmt.Sprintf("%d tokens in turn", count), func(b *testing.B) {
			ring := aRing(b, token.EdDSA)
			cache := token.NewCache(4 * count)
			tokens := make([]string, count)
			for i := range tokens {
				claims := alice(token.Access)
				claims.ID = fmt.Sprint(i)
				tokens[i] = sign(b, ring, token.Access, claims)
				if _, err := cache.Verify(ring, tokens[i], access, now); err != nil {
					b.Fatal(err)
				}
			}
			for i := range tokens { // as they come from headers: in buffers of their own, in no order of memory
				tokens[i] = strings.Clone(tokens[i])
			}
			rand.Shuffle(count, func(i, j int) { tokens[i], tokens[j] = tokens[j], tokens[i] })
			i := 0
			b.ReportAllocs()
			for b.Loop() {
				if _, err := cache.Verify(ring, tokens[i], access, now); err != nil {
					b.Fatal(err)
				}
				if i++; i == count {
					i = 0
				}
			}
		})
	}
}

func BenchmarkSign(b *testing.B) {
	for _, alg := range algorithms {
		b.Run(string(alg), func(b *testing.B) {
			ring := aRing(b, alg)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ring.Sign(token.Access, alice(token.Access)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
