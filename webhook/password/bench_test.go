package password_test

import (
	"runtime"
	"runtime/metrics"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/crypto/argon2"

	"github.com/latchkey-auth/latchkey/webhook/password"
)

func BenchmarkVerify(b *testing.B) {
	for name, h := range map[string]password.Hash{
		"argon2id_default":       made(b, password.Default()),
		"argon2id_default_dummy": password.Default().Dummy(),
		"argon2id_strong":        made(b, password.Strong()),
		"argon2id_dearest":       parse(b, argon2idWith("m=131072,t=16,p=1", 16, 32)),
		"bcrypt_10":              parse(b, "$2a$10"+bcryptText[6:]),
		"bcrypt_14":              parse(b, "$2a$14"+bcryptText[6:]),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				h.Verify("correct horse")
			}
		})
	}
	b.Run("argon2_alone", func(b *testing.B) { // what to compare argon2id_default with
		salt := make([]byte, 16)
		for b.Loop() {
			argon2.IDKey([]byte("correct horse"), salt, 2, 19456, 1, 32)
		}
	})
}

func BenchmarkMake(b *testing.B) {
	for b.Loop() {
		if _, err := password.Default().Make("correct horse"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	for name, phc := range map[string]string{"argon2id": argon2idText, "bcrypt": bcryptText} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				parse(b, phc)
			}
		})
	}
}

func BenchmarkSlotsDo(b *testing.B) {
	b.Run("free", func(b *testing.B) {
		s := password.NewSlots(password.SlotsConfig{})
		b.ReportAllocs()
		for b.Loop() {
			_ = s.Do(b.Context(), "a", func() {})
		}
	})
	b.Run("contended", func(b *testing.B) {
		s := password.NewSlots(password.SlotsConfig{})
		b.SetParallelism(32)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				_ = s.Do(b.Context(), "a", func() {})
			}
		})
	})
}

// BenchmarkSlotsFlood is 500 logins at once, with and without a live heap such as
// a large directory has, and prints how much heap there was at most: argon2's
// memory is garbage after each hash, and Go's collector decides how much of it
// piles up. GOMEMLIMIT bounds that.
func BenchmarkSlotsFlood(b *testing.B) {
	for name, live := range map[string]int{"beside 0 MiB": 0, "beside 256 MiB": 256 << 20} {
		b.Run(name, func(b *testing.B) {
			directory := make([]byte, live)
			h := made(b, password.Default())
			runtime.GC()
			for b.Loop() {
				s := password.NewSlots(password.SlotsConfig{})
				var peak, verified, busy atomic.Int64
				var logins sync.WaitGroup
				for range 500 {
					logins.Go(func() {
						err := s.Do(b.Context(), "flood", func() {
							h.Verify("wrong")
							verified.Add(1)
							raise(&peak, heap())
						})
						if err != nil {
							busy.Add(1)
						}
					})
				}
				logins.Wait()
				b.ReportMetric(float64(peak.Load())/(1<<20), "peak-heap-MiB")
				b.ReportMetric(float64(verified.Load()), "verified")
				b.ReportMetric(float64(busy.Load()), "busy")
			}
			runtime.KeepAlive(directory)
		})
	}
}

// heap returns the bytes that live and dead objects take now.
func heap() int64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return int64(sample[0].Value.Uint64())
}

func raise(peak *atomic.Int64, to int64) {
	for {
		now := peak.Load()
		if now >= to || peak.CompareAndSwap(now, to) {
			return
		}
	}
}

func made(b *testing.B, p password.Params) password.Hash {
	b.Helper()
	phc, err := p.Make("correct horse")
	if err != nil {
		b.Fatal(err)
	}
	return parse(b, phc)
}
