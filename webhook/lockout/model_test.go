package lockout_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/webhook/lockout"
)

// model is what Budgets must do, in whole numbers and without any bound: a level of wrong
// tries for each budget, in parts, that flows off until it is reached anew.
type model map[string]*level

type level struct {
	parts       int           // in use
	at          time.Duration // when that was so
	lockedUntil time.Duration
}

const (
	part    = 64               // to one try
	quarter = time.Second / 4  // the model's clock
	window  = 64 * time.Second // of rules
)

// judge is Judge, by the sentences of doc.go.
func (m model) judge(user, device, network string, right bool, now time.Duration) (lockout.Outcome, []lockout.Kind) {
	type charged struct {
		name string
		size int
		kind lockout.Kind
	}
	all := []charged{{user + " " + network, rules.Failures, lockout.Network}, {user, 10 * rules.Failures, lockout.Shared}}
	if device != "" {
		all = []charged{{user + " on " + device, rules.Failures, lockout.Device}}
	}
	for _, c := range all {
		if l := m[c.name]; l != nil && now < l.lockedUntil {
			return lockout.Refused, nil
		}
	}
	if right {
		return lockout.Right, nil
	}
	var locks []lockout.Kind
	for _, c := range all {
		l := m[c.name]
		if l == nil {
			l = &level{at: now}
			m[c.name] = l
		}
		flowsOff := int((now - l.at) / quarter * time.Duration(c.size*part) / (window / quarter))
		l.parts, l.at = max(0, l.parts-flowsOff)+part, now
		if l.parts > (c.size-1)*part {
			l.parts, l.lockedUntil = 0, now+rules.Duration
			locks = append(locks, c.kind)
		}
	}
	return lockout.Wrong, locks
}

// FuzzJudge holds that any sequence of tries, two bytes each, comes to what the model says.
func FuzzJudge(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0, 0, 0, 0, 0, 1, 0})
	f.Add([]byte{0x80, 0, 0x80, 0, 0x80, 0, 0x80, 0, 0x81, 0, 0, 0, 1, 0})
	for seed := range uint64(24) {
		random := rand.New(rand.NewPCG(1, seed))
		tries := make([]byte, 4000)
		for i := range tries {
			tries[i] = byte(random.Uint32())
			if i%2 == 1 && seed%3 > 0 { // mostly close together, or nothing locks
				tries[i] %= 8
			}
			if i%2 == 0 && seed%2 > 0 { // many networks, or the shared budgets never lock
				tries[i] &^= 0x81
			}
		}
		f.Add(tries)
	}
	f.Fuzz(func(t *testing.T, tries []byte) {
		b, m, now := lockout.New(1<<20), model{}, time.Duration(0)
		for i := 0; i+1 < len(tries); i += 2 {
			what, wait := tries[i], tries[i+1]
			right, user, network := what&1 == 1, fmt.Sprint(what>>1&1), fmt.Sprintf("10.0.%d.0", what>>2&31)
			device := ""
			if what&0x80 != 0 {
				device = fmt.Sprint(what >> 2 & 3)
			}
			now += time.Duration(wait) * quarter

			try := of(user, from(network))
			try.Device = device
			got, locks := b.Judge(try, rules, right, began.Add(now))

			var kinds []lockout.Kind
			for _, l := range locks {
				kinds = append(kinds, l.Kind)
				if !l.Until.Equal(began.Add(now + rules.Duration)) {
					t.Fatalf("try %d locks the %s until %s", i/2, l.Kind, l.Until)
				}
			}
			want, wantKinds := m.judge(user, device, network, right, now)
			if got != want || !reflect.DeepEqual(kinds, wantKinds) {
				t.Fatalf("try %d of %s from %s on %q at %s: got %d and %v, want %d and %v", i/2, user, network, device, now, got, kinds, want, wantKinds)
			}
		}
	})
}
