package password_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/latchkey-auth/latchkey/webhook/password"
)

func TestSlotsTakeTurns(t *testing.T) {
	for sentence, tc := range map[string]struct{ asked, served string }{
		"one source is served in the order it asked":       {"a1 a2 a3", "a1 a2 a3"},
		"a single try passes a flood":                      {"a1 a2 a3 a4 b1", "a1 b1 a2 a3 a4"},
		"a single try waits for one of each source":        {"a1 a2 b1 b2 c1 c2 d1", "a1 b1 c1 d1 a2 b2 c2"},
		"sources with many alternate":                      {"a1 a2 a3 b1 b2 b3", "a1 b1 a2 b2 a3 b3"},
		"what a source asks later does not come any later": {"a1 b1 a2 b2 c1 b3", "a1 b1 c1 a2 b2 b3"},
	} {
		t.Run(sentence, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := password.NewSlots(password.SlotsConfig{Concurrent: 1})
				vacate := occupy(s, 1)
				var served []string
				for name := range strings.FieldsSeq(tc.asked) {
					go func() { _ = s.Do(t.Context(), name[:1], func() { served = append(served, name) }) }()
					synctest.Wait()
				}
				vacate()
				if got := strings.Join(served, " "); got != tc.served {
					t.Errorf("served %s, not %s", got, tc.served)
				}
			})
		})
	}
}

func TestSlotsDelayASingleTryByOneRoundOfAFloodThatGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := password.NewSlots(password.SlotsConfig{Concurrent: 2, Queue: 50, Wait: time.Hour})
		hash := func() { time.Sleep(time.Second) }
		ctx, stop := context.WithCancel(t.Context())
		var flood sync.WaitGroup
		for range 60 { // more than queue and slots hold, and each comes back at once
			flood.Go(func() {
				for ctx.Err() == nil {
					_ = s.Do(ctx, "flood", hash)
					time.Sleep(time.Millisecond)
				}
			})
		}
		time.Sleep(10*time.Second + time.Millisecond)
		began := time.Now()
		if err := s.Do(t.Context(), "single", hash); err != nil {
			t.Error(err)
		}
		if waited := time.Since(began) - time.Second; waited > 2*time.Second {
			t.Errorf("waited %v, more than one hash that ran and one that was next", waited)
		}
		stop()
		flood.Wait()
	})
}

func TestSlotsFullQueue(t *testing.T) {
	for sentence, tc := range map[string]struct{ asked, busy, served string }{
		"refuses the only source":                       {"a1 a2 a3 a4 a5", "a5", "a1 a2 a3 a4"},
		"takes the newest place of a crowd":             {"a1 a2 a3 a4 b1", "a4", "a1 b1 a2 a3"},
		"shares its places":                             {"a1 a2 a3 a4 b1 b2 b3", "a4 a3 b3", "a1 b1 a2 b2"},
		"refuses who would have more than the others":   {"a1 a2 b1 b2 a3 b3", "a3 b3", "a1 b1 a2 b2"},
		"does not pass a place to and fro":              {"a1 a2 b1 c1 b2 c2", "b2 c2", "a1 b1 c1 a2"},
		"gives a newcomer the second place of a source": {"a1 a2 b1 c1 d1", "a2", "a1 b1 c1 d1"},
		"is full where every source has a single place": {"a1 b1 c1 d1 e1", "e1", "a1 b1 c1 d1"},
	} {
		t.Run(sentence, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := password.NewSlots(password.SlotsConfig{Concurrent: 1, Queue: 4})
				vacate := occupy(s, 1)
				var busy, served []string
				for name := range strings.FieldsSeq(tc.asked) {
					go func() {
						err := s.Do(t.Context(), name[:1], func() { served = append(served, name) })
						if errors.Is(err, password.ErrBusy) {
							busy = append(busy, name)
						}
					}()
					synctest.Wait()
				}
				if got := strings.Join(busy, " "); got != tc.busy {
					t.Errorf("refused %s, not %s", got, tc.busy)
				}
				vacate()
				if got := strings.Join(served, " "); got != tc.served {
					t.Errorf("served %s, not %s", got, tc.served)
				}
			})
		})
	}
}

func TestSlotsWaitIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := password.NewSlots(password.SlotsConfig{Concurrent: 1, Wait: 3 * time.Second})
		vacate := occupy(s, 1)
		began := time.Now()
		err := s.Do(t.Context(), "late", func() { t.Error("worked") })
		if !errors.Is(err, password.ErrBusy) || time.Since(began) != 3*time.Second {
			t.Errorf("says %v after %v", err, time.Since(began))
		}
		vacate()
		if n := freeSlots(s); n != 1 {
			t.Errorf("%d slots are free", n)
		}
	})
}

func TestSlotsLetGoOfWhoLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := password.NewSlots(password.SlotsConfig{Concurrent: 1, Queue: 2})
		vacate := occupy(s, 1)
		ctx, leave := context.WithCancel(t.Context())
		var left error
		go func() { left = s.Do(ctx, "a", func() { t.Error("worked for a caller that had left") }) }()
		synctest.Wait()
		var served []string
		go func() { _ = s.Do(t.Context(), "a", func() { served = append(served, "a2") }) }()
		synctest.Wait()
		leave()
		synctest.Wait()
		if !errors.Is(left, context.Canceled) {
			t.Errorf("says %v", left)
		}
		go func() { _ = s.Do(t.Context(), "a", func() { served = append(served, "a3") }) }() // has the place
		synctest.Wait()
		vacate()
		if !slices.Equal(served, []string{"a2", "a3"}) || freeSlots(s) != 1 {
			t.Errorf("served %v, %d slots are free", served, freeSlots(s))
		}
	})
}

func TestSlotsDoNothingForACancelledContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := password.NewSlots(password.SlotsConfig{Concurrent: 1})
	for range 100 { // a select between two ready cases is random
		err := s.Do(ctx, "a", func() { t.Error("worked") })
		if !errors.Is(err, context.Canceled) || freeSlots(s) != 1 {
			t.Fatalf("says %v, %d slots are free", err, freeSlots(s))
		}
	}
}

func TestSlotsSurvivePanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := password.NewSlots(password.SlotsConfig{Concurrent: 1})
		for name, panicking := range map[string]func(work func()){
			"Do":  func(work func()) { _ = s.Do(t.Context(), "a", work) },
			"Try": func(work func()) { s.Try(work) },
		} {
			var next error
			func() {
				defer func() {
					if recover() != "broken" {
						t.Errorf("%s swallows the panic", name)
					}
				}()
				panicking(func() {
					go func() { next = s.Do(t.Context(), "b", func() {}) }()
					synctest.Wait()
					next = errors.New("still waits")
					panic("broken")
				})
			}()
			synctest.Wait()
			if next != nil || freeSlots(s) != 1 {
				t.Errorf("after a panic in %s the next caller says %v, %d slots are free", name, next, freeSlots(s))
			}
		}
	})
}

func TestSlotsTry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := password.NewSlots(password.SlotsConfig{Concurrent: 2})
		vacate := occupy(s, 2)
		if s.Try(func() { t.Error("worked without a slot") }) {
			t.Error("says that it worked while no slot was free")
		}
		vacate()
		worked := false
		if !s.Try(func() { worked = true }) || !worked {
			t.Error("did not work in a free slot")
		}
	})
}

func TestSlotsConfig(t *testing.T) {
	for sentence, tc := range map[string]struct {
		config password.SlotsConfig
		slots  int
	}{
		"by default one per core":                   {password.SlotsConfig{}, runtime.GOMAXPROCS(0)},
		"as many as asked":                          {password.SlotsConfig{Concurrent: 7}, 7},
		"negative is unset":                         {password.SlotsConfig{Concurrent: -1, Memory: -1, Queue: -1, Wait: -1}, runtime.GOMAXPROCS(0)},
		"memory bounds the number":                  {password.SlotsConfig{Concurrent: 7, Memory: 4*password.MaxMemory - 1}, 3},
		"ample memory does not raise it":            {password.SlotsConfig{Concurrent: 2, Memory: 100 * password.MaxMemory}, 2},
		"little memory leaves one":                  {password.SlotsConfig{Concurrent: 7, Memory: 1}, 1},
		"memory bounds the default number likewise": {password.SlotsConfig{Memory: password.MaxMemory}, 1},
	} {
		t.Run(sentence, func(t *testing.T) {
			if n := freeSlots(password.NewSlots(tc.config)); n != tc.slots {
				t.Errorf("has %d slots, not %d", n, tc.slots)
			}
		})
	}
	t.Run("the zero Slots is busy", func(t *testing.T) {
		var s password.Slots
		worked := func() { t.Error("worked") }
		if err := s.Do(t.Context(), "a", worked); !errors.Is(err, password.ErrBusy) || s.Try(worked) {
			t.Errorf("says %v", err)
		}
	})
}

// TestSlotsUnderAnything lets callers of every kind come and go at random, many
// at the very same moment, and holds the bounds.
func TestSlotsUnderAnything(t *testing.T) {
	for seed := range uint64(20) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				random := rand.New(rand.NewPCG(seed, seed))
				concurrent, queue := 1+random.IntN(4), 1+random.IntN(20)
				s := password.NewSlots(password.SlotsConfig{Concurrent: concurrent, Queue: queue, Wait: 5 * time.Second})
				began := time.Now()
				var working atomic.Int64
				for range 400 {
					source := fmt.Sprint(random.IntN(6))
					start := time.Duration(random.IntN(60)) * time.Second
					takes := time.Duration(random.IntN(6)) * time.Second
					patience := time.Duration(1+random.IntN(10)) * time.Second
					breaks := random.IntN(10) == 0
					go func() {
						defer func() { _ = recover() }()
						time.Sleep(start)
						ctx, cancel := context.WithTimeout(t.Context(), patience)
						defer cancel()
						asked := time.Now()
						err := s.Do(ctx, source, func() {
							defer working.Add(-1)
							if n := int(working.Add(1)); n > concurrent {
								t.Errorf("%d work at once, more than %d", n, concurrent)
							}
							if waited := time.Since(asked); waited > min(patience, 5*time.Second) {
								t.Errorf("works after %v", waited)
							}
							time.Sleep(takes)
							if breaks {
								panic("broken")
							}
						})
						if err != nil && !errors.Is(err, password.ErrBusy) && !errors.Is(err, context.DeadlineExceeded) {
							t.Error(err)
						}
					}()
				}
				time.Sleep(time.Until(began.Add(5 * time.Minute)))
				if n := freeSlots(s); n != concurrent {
					t.Errorf("%d of %d slots are left", n, concurrent)
				}
			})
		})
	}
}

// occupy holds n slots until the returned function is called, which waits until
// all who then get one have finished. Only in a synctest bubble.
func occupy(s *password.Slots, n int) (vacate func()) {
	gate := make(chan struct{})
	for range n {
		go s.Try(func() { <-gate })
	}
	synctest.Wait()
	return func() {
		close(gate)
		synctest.Wait()
	}
}

// freeSlots counts them by taking all and giving them back.
func freeSlots(s *password.Slots) int {
	n := 0
	s.Try(func() { n = 1 + freeSlots(s) })
	return n
}
