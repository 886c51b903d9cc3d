package signingkey_test

import (
	crand "crypto/rand"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/controllers/signingkey"
	"github.com/latchkey-auth/latchkey/webhook/token"
)

// The worst that people can do to a document: at every look they have set again what makes it grow most.
func TestADocumentStaysBounded(t *testing.T) {
	long := func(s *v1alpha1.RealmSpec) { refreshTTL(90 * day)(s); period(135 * hour)(s) }
	short := func(s *v1alpha1.RealmSpec) { refreshTTL(hour)(s); period(hour)(s) }
	flip := func(s *v1alpha1.RealmSpec) {
		if s.Tokens.Algorithm == string(token.HS256) {
			s.Tokens.Algorithm = string(token.ES256)
		} else {
			s.Tokens.Algorithm = string(token.HS256)
		}
	}
	for name, tt := range map[string]struct {
		looks  int
		pace   time.Duration // at most; less if something is due
		change func(look int, s *v1alpha1.RealmSpec)
		most   int
	}{
		"when the shortest period is set after the longest refreshTTL": {1_500, 135 * hour, func(look int, s *v1alpha1.RealmSpec) {
			if long(s); look > 10 {
				short(s)
			}
		}, 150},
		"when the two take turns": {1_500, hour, func(look int, s *v1alpha1.RealmSpec) {
			if long(s); look%3 > 0 {
				short(s)
			}
		}, 150},
		"when the algorithm changes at every look": {600, time.Minute, func(_ int, s *v1alpha1.RealmSpec) { flip(s) }, signingkey.MaxGenerations},
	} {
		t.Run(name, func(t *testing.T) {
			spec, now, most, size := aSpec(), origin, 0, 0
			var s signingkey.State
			for look := range tt.looks {
				tt.change(look, &spec)
				var again time.Time
				for range 3 { // publish, sign, nothing
					out, err := signingkey.Decide(signingkey.Input{Before: s, Spec: spec, Now: now, Followed: true, Random: crand.Reader})
					if err != nil {
						t.Fatal(err)
					}
					s, again = out.After, out.Again
				}
				if kept := len(s.Document.Generations); kept > most {
					text, err := s.Document.Marshal()
					if err != nil {
						t.Fatal(err)
					}
					most, size = kept, len(text)
				}
				now = laterOf(now.Add(time.Second), earlierOf(again, now.Add(tt.pace)))
			}
			t.Logf("at most %d keys, %d bytes, in %s", most, size, now.Sub(origin))
			if most > tt.most {
				t.Errorf("the document held %d keys, of at most %d", most, tt.most)
			}
			if size > 256<<10 { // a Secret holds 1 MiB
				t.Errorf("the document was %d bytes long", size)
			}
		})
	}
}

func TestYearsOfRotation(t *testing.T) {
	for name, tt := range map[string]struct {
		stories, choices int
		algorithms       []token.Algorithm
		most             int // that rotation alone may come to; changes of algorithm add to it
	}{
		"of a realm that keeps its algorithm":            {20, 12_000, []token.Algorithm{token.ES256}, 150},
		"of a realm that changes its algorithm for ever": {10, 12_000, []token.Algorithm{token.ES256, token.EdDSA, token.HS256}, signingkey.MaxGenerations},
	} {
		t.Run(name, func(t *testing.T) {
			most, steps, made, years := 0, 0, 0, 0.0
			for seed := range tt.stories {
				w := newWorld(t, randomly(uint64(seed), tt.choices), tt.algorithms...)
				w.onPaper = true
				w.run()
				w.settle()
				most, steps, made, years = max(most, w.most), steps+w.steps, made+len(w.made), years+w.now.Sub(origin).Hours()/8766
			}
			t.Logf("%d stories, %.0f years, %d looks, %d keys made; at most %d in a document at once, of %d", tt.stories, years, steps, made, most, tt.most)
			if most > tt.most {
				t.Errorf("a document held %d keys", most)
			}
		})
	}
}

// FuzzRotation holds for any story what TestYearsOfRotation holds for random ones.
func FuzzRotation(f *testing.F) {
	for seed := range byte(4) {
		story := make([]byte, 300)
		for i := range story {
			story[i] = byte(i*i)*(2*seed+1) + byte(i>>3)
		}
		f.Add(story)
	}
	f.Fuzz(func(t *testing.T, story []byte) {
		if len(story) > 3000 {
			return
		}
		w := newWorld(t, written(story), token.HS256, token.EdDSA)
		w.run()
		w.settle()
	})
}
