package lockout_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/latchkey-auth/latchkey/webhook/lockout"
)

// BenchmarkBudgets prints what a remembered budget costs, in bytes, when as many are as
// there may be.
func BenchmarkBudgets(b *testing.B) {
	for b.Loop() {
		before := live()
		all := lockout.New(1 << 16)
		for i := range 1 << 15 {
			all.Judge(of(fmt.Sprintf("a73ff39b-6a0f-4c5e-8d5c-%012d", i), from("192.0.2.1")), rules, false, began)
		}
		b.ReportMetric(float64(live()-before)/float64(all.Len()), "bytes/budget")
		runtime.KeepAlive(all)
	}
}

func BenchmarkJudge(b *testing.B) {
	generous := rules
	generous.Failures = 1 << 40
	for name, right := range map[string]bool{"right": true, "wrong": false} {
		b.Run(name, func(b *testing.B) {
			all := lockout.New(1 << 16)
			b.ReportAllocs()
			for b.Loop() {
				all.Judge(from("192.0.2.1"), generous, right, began)
			}
		})
	}
}

func live() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
