package lockout_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/webhook/lockout"
)

// together runs each of n tries in a goroutine of its own, from one barrier.
func together(n int, try func(i int)) {
	var all sync.WaitGroup
	barrier := make(chan struct{})
	for i := range n {
		all.Go(func() {
			<-barrier
			try(i)
		})
	}
	close(barrier)
	all.Wait()
}

func TestParallelTriesDontSlipThrough(t *testing.T) {
	for name, tt := range map[string]struct {
		try  func(i int) lockout.Try
		want int64 // that are judged, of 400
	}{
		"from one network":   {func(int) lockout.Try { return from("192.0.2.1") }, 4},
		"on one device":      {func(int) lockout.Try { return at("laptop") }, 4},
		"from 400 networks":  {func(i int) lockout.Try { return from(fmt.Sprintf("10.%d.%d.1", i/200, i%200)) }, 40},
		"on 4 devices":       {func(i int) lockout.Try { return at(fmt.Sprint(i % 4)) }, 16},
		"of 10 users' names": {func(i int) lockout.Try { return of(fmt.Sprint(i%10), from("192.0.2.1")) }, 40},
	} {
		t.Run(name, func(t *testing.T) {
			for range 50 {
				b := lockout.New(10_000)
				var judged, locks atomic.Int64
				together(400, func(i int) {
					outcome, locked := b.Judge(tt.try(i), rules, false, began)
					if outcome == lockout.Wrong {
						judged.Add(1)
					}
					locks.Add(int64(len(locked)))
				})
				if judged.Load() != tt.want {
					t.Fatalf("%d wrong tries were judged, not %d", judged.Load(), tt.want)
				}
				if locks.Load() == 0 {
					t.Fatal("nothing was locked")
				}
			}
		})
	}
}

func TestAGuessAmongParallelOnesIsWorthNoMoreThanItsPlace(t *testing.T) {
	lucky := 0
	for range 200 {
		b := lockout.New(1000)
		var judged atomic.Int64
		var hit atomic.Bool
		together(100, func(i int) {
			switch outcome, _ := b.Judge(from("192.0.2.1"), rules, i == 50, began); outcome {
			case lockout.Right:
				hit.Store(true)
			case lockout.Wrong:
				judged.Add(1)
			case lockout.Refused:
			}
		})
		if judged.Load() != 4 {
			t.Fatalf("%d wrong guesses were judged", judged.Load())
		}
		if hit.Load() {
			lucky++
		}
	}
	t.Logf("the right one of 100 parallel guesses, with 4 allowed, was heard in %d of 200 rounds", lucky)
}

func TestParallelRightPasswordsAllGetIn(t *testing.T) {
	b := lockout.New(1000)
	var in atomic.Int64
	together(500, func(int) {
		if outcome, _ := b.Judge(from("192.0.2.1"), rules, true, began); outcome == lockout.Right {
			in.Add(1)
		}
	})
	if in.Load() != 500 {
		t.Errorf("%d of 500", in.Load())
	}
}

func TestSettingsMayChangeWhileTriesAreJudged(t *testing.T) {
	b := lockout.New(1000)
	together(200, func(i int) {
		r := lockout.Rules{Failures: 1 + i%7, Window: time.Duration(1+i%5) * time.Minute, Duration: time.Duration(1+i%3) * time.Minute}
		b.Judge(from("192.0.2.1"), r, i%2 == 0, began.Add(time.Duration(i)*time.Second))
	})
	if n := b.Len(); n != 2 {
		t.Errorf("%d budgets", n)
	}
}
