package signingkey_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"strconv"
	"testing"
	"testing/iotest"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/controllers/signingkey"
	"github.com/latchkey-auth/latchkey/webhook/token"
)

const (
	day  = 24 * time.Hour
	hour = time.Hour
	tail = 7*day + signingkey.Slack // what lives longest under the settings of aSpec
)

var origin = time.Date(2031, 5, 6, 7, 8, 9, 123456789, time.UTC)

// key is a generation as it shows. Times are since origin.
type key struct {
	id                          string // "new" if decide has made it
	state                       token.State
	algorithm                   token.Algorithm
	created, activates, expires time.Duration
	accessEnded                 bool
}

func activeKey(id string, since time.Duration) key {
	return key{id, token.Active, token.ES256, since - day, since, since + tail, false}
}

func nextKey(id string, created, activates time.Duration) key {
	return key{id, token.Next, token.ES256, created, activates, activates + tail, false}
}

func retiredKey(id string, since, expires time.Duration) key {
	return key{id, token.Retired, token.ES256, since - day, since, expires, false}
}

func (k key) with(change func(*key)) key { change(&k); return k }

func (k key) withoutAccess() key { k.accessEnded = true; return k }

func (k key) eddsa() key { k.algorithm = token.EdDSA; return k }

// first is the very first key of a realm: nothing was published before it signed.
func (k key) first() key { k.created = k.activates; return k }

func at(d time.Duration) time.Time { return origin.Add(d) }

// documentOf makes keys into a document.
func documentOf(t testing.TB, keys ...key) token.Document {
	t.Helper()
	var d token.Document
	for _, k := range keys {
		state := k.state
		if state == token.Retired {
			state = token.Active
		}
		g, err := token.NewGeneration(k.algorithm, state, at(k.created), at(k.activates), at(k.expires), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		g.ID = k.id
		if k.state == token.Retired {
			g = g.Retire(at(k.expires))
		}
		if k.accessEnded {
			g = g.EndAccess()
		}
		d.Generations = append(d.Generations, g)
	}
	return d
}

// keysOf is the inverse of documentOf.
func keysOf(d token.Document, before token.Document) []key {
	known := map[string]bool{}
	for _, g := range before.Generations {
		known[g.ID] = true
	}
	keys := []key{}
	for _, g := range d.Generations {
		if !known[g.ID] {
			g.ID = "new"
		}
		keys = append(keys, key{g.ID, g.State, g.Algorithm, g.CreatedAt.Sub(origin), g.ActivatesAt.Sub(origin), g.ExpiresAt.Sub(origin), !g.VerifiesAccess()})
	}
	return keys
}

func aSpec(changes ...func(*v1alpha1.RealmSpec)) v1alpha1.RealmSpec {
	var s v1alpha1.RealmSpec
	s.Tokens.Algorithm = string(token.ES256)
	s.Tokens.RefreshTTL.Duration = 7 * day
	s.Keys.RotationPeriod.Duration = 30 * day
	for _, change := range changes {
		change(&s)
	}
	return s
}

func algorithm(a token.Algorithm) func(*v1alpha1.RealmSpec) {
	return func(s *v1alpha1.RealmSpec) { s.Tokens.Algorithm = string(a) }
}

func period(d time.Duration) func(*v1alpha1.RealmSpec) {
	return func(s *v1alpha1.RealmSpec) { s.Keys.RotationPeriod.Duration = d }
}

func refreshTTL(d time.Duration) func(*v1alpha1.RealmSpec) {
	return func(s *v1alpha1.RealmSpec) { s.Tokens.RefreshTTL.Duration = d }
}

func distrusting(before time.Duration) func(*v1alpha1.RealmSpec) {
	return func(s *v1alpha1.RealmSpec) { s.Keys.DistrustBefore = &metav1.Time{Time: at(before)} }
}

func TestDecide(t *testing.T) {
	aYearAhead := 365 * day
	for name, tt := range map[string]struct {
		keys     []key
		spec     v1alpha1.RealmSpec
		now      time.Duration
		followed bool
		want     []key // nil: the same
		waits    bool
		again    time.Duration
	}{
		"the first key signs at once": {
			spec: aSpec(), now: 0,
			want:  []key{activeKey("new", 0).first()},
			again: 29 * day},
		"nothing happens until a day before the period is over": {
			keys: []key{activeKey("a", 0)}, spec: aSpec(), now: 29*day - 1, followed: true,
			again: 29 * day},
		"a day before the period is over the next key is published": {
			keys: []key{activeKey("a", 0)}, spec: aSpec(), now: 29 * day, followed: true,
			want:  []key{activeKey("a", 0), nextKey("new", 29*day, 30*day)},
			again: 30 * day},
		"of a short period the next key is published for the last quarter": {
			keys: []key{activeKey("a", 0)}, spec: aSpec(period(8*hour), refreshTTL(hour)), now: 7 * hour,
			want:  []key{activeKey("a", 0), nextKey("new", 7*hour, 9*hour).with(func(k *key) { k.expires = 33*hour + signingkey.Slack })},
			again: 9 * hour},
		"the next key doesn't sign before it is due, though every replica knows it": {
			keys: []key{activeKey("a", 0), nextKey("b", 29*day, 30*day)}, spec: aSpec(), now: 30*day - 1, followed: true,
			again: 30 * day},
		"the next key doesn't sign while a replica doesn't know it": {
			keys: []key{activeKey("a", 0), nextKey("b", 29*day, 30*day)}, spec: aSpec(), now: 40 * day,
			waits: true, again: 40 * day},
		"the next key signs when it is due and every replica knows it": {
			keys: []key{activeKey("a", 0), nextKey("b", 29*day, 30*day)}, spec: aSpec(), now: 30*day + 5*time.Second, followed: true,
			want: []key{
				retiredKey("a", 0, 30*day+5*time.Second+tail),
				activeKey("b", 30*day+5*time.Second).with(func(k *key) { k.created = 29 * day })},
			again: 31*day + 5*time.Second + signingkey.Slack},
		"a retired key verifies access tokens for a day": {
			keys: []key{retiredKey("a", 0, 30*day+tail), activeKey("b", 30*day)}, spec: aSpec(), now: 31*day + signingkey.Slack - 1,
			again: 31*day + signingkey.Slack},
		"a day after it retired a key verifies no access tokens any more": {
			keys: []key{retiredKey("a", 0, 30*day+tail), activeKey("b", 30*day)}, spec: aSpec(), now: 31*day + signingkey.Slack,
			want:  []key{retiredKey("a", 0, 30*day+tail).withoutAccess(), activeKey("b", 30*day)},
			again: 37*day + signingkey.Slack},
		"of a chain each key's day begins when the one after it began to sign": {
			keys: []key{retiredKey("a", 0, 40*day), retiredKey("b", 10*day, 40*day), activeKey("c", 12*day)}, spec: aSpec(), now: 12 * day,
			want:  []key{retiredKey("a", 0, 40*day).withoutAccess(), retiredKey("b", 10*day, 40*day), activeKey("c", 12*day)},
			again: 13*day + signingkey.Slack},
		"however long it has signed before": {
			keys: []key{retiredKey("a", 0, 40*day), retiredKey("b", 10*day, 40*day), activeKey("c", 10*day+hour)}, spec: aSpec(), now: 10*day + 2*hour,
			again: 11*day + signingkey.Slack},
		"if the one after it has left, a key's day begins with the one after that": {
			keys: []key{retiredKey("a", 0, 40*day), retiredKey("b", 10*day, 11*day), activeKey("c", 12*day)}, spec: aSpec(), now: 12 * day,
			want:  []key{retiredKey("a", 0, 40*day).withoutAccess(), activeKey("c", 12*day)},
			again: 40 * day},
		"a retired key leaves when its time is over": {
			keys: []key{retiredKey("a", 0, 37*day).withoutAccess(), activeKey("b", 30*day)}, spec: aSpec(), now: 37 * day,
			want:  []key{activeKey("b", 30*day)},
			again: 59 * day},

		"when the algorithm changes a key of the new one is published at once, and doesn't sign yet": {
			keys: []key{activeKey("a", 0)}, spec: aSpec(algorithm(token.EdDSA)), now: 5 * day, followed: true,
			want:  []key{activeKey("a", 0), nextKey("new", 5*day, 5*day).eddsa()},
			again: 5 * day},
		"a key of the new algorithm waits for every replica, and for nothing else": {
			keys: []key{activeKey("a", 0), nextKey("b", 5*day, 5*day).eddsa()}, spec: aSpec(algorithm(token.EdDSA)), now: 5*day + time.Second,
			waits: true, again: 5*day + time.Second},
		"a key of the new algorithm signs as soon as every replica knows it": {
			keys: []key{activeKey("a", 0), nextKey("b", 5*day, 5*day).eddsa()}, spec: aSpec(algorithm(token.EdDSA)), now: 5*day + time.Second, followed: true,
			want: []key{
				retiredKey("a", 0, 5*day+time.Second+tail),
				activeKey("b", 5*day+time.Second).eddsa().with(func(k *key) { k.created = 5 * day })},
			again: 6*day + time.Second + signingkey.Slack},
		"an algorithm that was asked for and isn't any more leaves no trace": {
			keys: []key{activeKey("a", 0), nextKey("b", 5*day, 5*day).eddsa()}, spec: aSpec(), now: 6 * day, followed: true,
			want:  []key{activeKey("a", 0)},
			again: 29 * day},
		"a next key of the old algorithm gives way to one of the new": {
			keys: []key{activeKey("a", 0), nextKey("b", 29*day, 30*day)}, spec: aSpec(algorithm(token.EdDSA)), now: 30 * day, followed: true,
			want:  []key{activeKey("a", 0), nextKey("new", 30*day, 30*day).eddsa()},
			again: 30 * day},

		"a shorter period counts from when the key began to sign, and outside verifiers hear of the next one before": {
			keys: []key{activeKey("a", 0)}, spec: aSpec(period(2 * day)), now: 10 * day, followed: true,
			want:  []key{activeKey("a", 0), nextKey("new", 10*day, 10*day+12*hour)},
			again: 10*day + 12*hour},
		"a longer period moves a next key that is published already": {
			keys: []key{activeKey("a", 0), nextKey("b", 29*day, 30*day)}, spec: aSpec(period(60 * day)), now: 29 * day, followed: true,
			want:  []key{activeKey("a", 0), nextKey("b", 29*day, 60*day)},
			again: 60 * day},
		"a period that is shorter again moves it back": {
			keys: []key{activeKey("a", 0), nextKey("b", 29*day, 60*day)}, spec: aSpec(), now: 29*day + hour, followed: true,
			want:  []key{activeKey("a", 0), nextKey("b", 29*day, 30*day)},
			again: 30 * day},
		"a longer refreshTTL makes the active key stay longer": {
			keys: []key{activeKey("a", 0)}, spec: aSpec(refreshTTL(90 * day)), now: day,
			want:  []key{activeKey("a", 0).with(func(k *key) { k.expires = 90*day + signingkey.Slack })},
			again: 29 * day},
		"a shorter refreshTTL doesn't: what was signed before is still around": {
			keys: []key{activeKey("a", 0).with(func(k *key) { k.expires = 90*day + signingkey.Slack })}, spec: aSpec(refreshTTL(hour)), now: day,
			again: 29 * day},
		"a key that signed while refreshTTL was longer stays for that long": {
			keys: []key{activeKey("a", 0).with(func(k *key) { k.expires = 90*day + signingkey.Slack }), nextKey("b", 29*day, 30*day)}, spec: aSpec(), now: 30 * day, followed: true,
			want: []key{
				retiredKey("a", 0, 120*day+signingkey.Slack),
				activeKey("b", 30*day).with(func(k *key) { k.created = 29 * day })},
			again: 31*day + signingkey.Slack},
		"a key stays as long as the ones before it: logins of theirs were refreshed with it": {
			keys: []key{retiredKey("z", -day, 90*day).withoutAccess(), activeKey("a", 0), nextKey("b", 29*day, 30*day)}, spec: aSpec(), now: 30 * day, followed: true,
			want: []key{
				retiredKey("z", -day, 90*day).withoutAccess(), retiredKey("a", 0, 90*day),
				activeKey("b", 30*day).with(func(k *key) { k.created = 29 * day })},
			again: 31*day + signingkey.Slack},
		"while logins live that are much longer than refreshTTL, a key signs for a 24th of their time at least": {
			keys: []key{retiredKey("z", -day, 48*day+signingkey.Slack).withoutAccess(), activeKey("a", 0)}, spec: aSpec(period(hour), refreshTTL(hour)), now: 2*day - 15*time.Minute - 1,
			again: 2*day - 15*time.Minute},
		"after a 24th of their time the next one is published as ever": {
			keys: []key{retiredKey("z", -day, 48*day+signingkey.Slack).withoutAccess(), activeKey("a", 0)}, spec: aSpec(period(hour), refreshTTL(hour)), now: 2*day - 15*time.Minute,
			want: []key{
				retiredKey("z", -day, 48*day+signingkey.Slack).withoutAccess(), activeKey("a", 0),
				nextKey("new", 2*day-15*time.Minute, 2*day).with(func(k *key) { k.expires = 3*day + signingkey.Slack })},
			again: 2 * day},

		"when the active key is distrusted, a next one that isn't signs at once, whoever knows it": {
			keys: []key{activeKey("a", 0), nextKey("b", 29*day, 30*day)}, spec: aSpec(distrusting(28 * day)), now: 29*day + hour,
			want:  []key{activeKey("b", 29*day+hour).with(func(k *key) { k.created = 29 * day })},
			again: 58*day + hour},
		"when both are distrusted, a new one signs at once": {
			keys: []key{activeKey("a", 0), nextKey("b", 29*day, 30*day)}, spec: aSpec(distrusting(30 * day)), now: 29*day + hour,
			want:  []key{activeKey("new", 29*day+hour).first()},
			again: 58*day + hour},
		"when the active key is distrusted, a next one of an algorithm that isn't wanted doesn't sign": {
			keys: []key{activeKey("a", 0), nextKey("b", 29*day, 30*day)}, spec: aSpec(distrusting(28*day), algorithm(token.EdDSA)), now: 29*day + hour,
			want:  []key{activeKey("new", 29*day+hour).first().eddsa()},
			again: 58*day + hour},
		"when retired ones are distrusted, they leave, and the active one goes on": {
			keys: []key{retiredKey("a", 0, 37*day), activeKey("b", 30*day)}, spec: aSpec(distrusting(20 * day)), now: 31 * day,
			want:  []key{activeKey("b", 30*day)},
			again: 59 * day},
		"what a distrusted one stood for the active one takes over: logins were refreshed with it since": {
			keys: []key{retiredKey("a", 0, 50*day), activeKey("b", 30*day)}, spec: aSpec(distrusting(20 * day)), now: 31 * day,
			want:  []key{activeKey("b", 30*day).with(func(k *key) { k.expires = 50 * day })},
			again: 59 * day},
		"a distrusted next one is replaced when its time comes": {
			keys: []key{activeKey("a", 0).with(func(k *key) { k.created = 29 * day }), nextKey("b", 28*day, 30*day)}, spec: aSpec(distrusting(29 * day)), now: 29 * day,
			want:  []key{activeKey("a", 0).with(func(k *key) { k.created = 29 * day }), nextKey("new", 29*day, 30*day)},
			again: 30 * day},

		"a key that a leader with a wrong clock made active in the future has a successor soon": {
			keys: []key{activeKey("a", aYearAhead)}, spec: aSpec(), now: 0,
			want:  []key{activeKey("a", aYearAhead), nextKey("new", 0, day)},
			again: day},
		"and that one signs by the right clock": {
			keys: []key{activeKey("a", aYearAhead), nextKey("b", 0, day)}, spec: aSpec(), now: day, followed: true,
			want: []key{
				retiredKey("a", aYearAhead, day+tail),
				activeKey("b", day).first().with(func(k *key) { k.created = 0 })},
			again: 2*day + signingkey.Slack},
		"a next key of a leader with a wrong clock is due when the period is over": {
			keys: []key{activeKey("a", 0), nextKey("b", aYearAhead, 30*day)}, spec: aSpec(), now: 30 * day,
			waits: true, again: 30 * day},
		"of two next keys, which only a person can have made, one stays": {
			keys: []key{activeKey("a", 0), nextKey("b", 29*day, 30*day), nextKey("c", 29*day, 30*day)}, spec: aSpec(), now: 29 * day,
			want:  []key{activeKey("a", 0), nextKey("b", 29*day, 30*day)},
			again: 30 * day},
		"what a person made to stay for ever stays for as long as a login can live": {
			keys: []key{activeKey("a", 0).with(func(k *key) { k.expires = 100_000 * day }), nextKey("b", 29*day, 30*day)}, spec: aSpec(), now: 30 * day, followed: true,
			want: []key{
				retiredKey("a", 0, 30*day+signingkey.Longest),
				activeKey("b", 30*day).with(func(k *key) { k.created = 29 * day })},
			again: 31*day + signingkey.Slack},
	} {
		t.Run(name, func(t *testing.T) {
			before := signingkey.State{Document: documentOf(t, tt.keys...)}
			want := tt.want
			if want == nil {
				want = keysOf(before.Document, before.Document)
			}

			got, err := signingkey.Decide(signingkey.Input{Before: before, Spec: tt.spec, Now: at(tt.now), Followed: tt.followed, Random: rand.Reader})
			if err != nil {
				t.Fatal(err)
			}

			if shown := keysOf(got.After.Document, before.Document); !reflect.DeepEqual(shown, want) {
				t.Errorf("got keys\n%+v, want\n%+v", shown, want)
			}
			if changes := tt.want != nil || tt.spec.Keys.DistrustBefore != nil; got.Changed != changes {
				t.Errorf("changed: %t, want %t", got.Changed, changes)
			}
			if got.Waits != tt.waits {
				t.Errorf("waits: %t, want %t", got.Waits, tt.waits)
			}
			if !got.Again.Equal(at(tt.again)) {
				t.Errorf("looks again at %s, want %s", got.Again.Sub(origin), tt.again)
			}
			if !reflect.DeepEqual(keysOf(before.Document, before.Document), keysOf(documentOf(t, tt.keys...), before.Document)) {
				t.Error("the input was changed")
			}
		})
	}
}

func TestDecide_with_a_full_document(t *testing.T) {
	var keys []key
	for i := range signingkey.MaxGenerations - 1 {
		keys = append(keys, retiredKey(fmt.Sprint("r", i), 0, 40*day).withoutAccess())
	}
	keys = append(keys, activeKey("a", 0))
	for name, tt := range map[string]struct {
		spec v1alpha1.RealmSpec
		now  time.Duration
		full bool
		want int
	}{
		"has no room for a next key":                 {aSpec(), 29 * day, true, signingkey.MaxGenerations},
		"has no room for another algorithm":          {aSpec(algorithm(token.EdDSA)), day, true, signingkey.MaxGenerations},
		"says nothing before room is needed":         {aSpec(), 28 * day, false, signingkey.MaxGenerations},
		"has room when others have left":             {aSpec(), 40 * day, false, 2},
		"has always room in an emergency":            {aSpec(distrusting(2 * day)), 2 * day, false, 1},
		"has room again after what filled it is old": {aSpec(algorithm(token.EdDSA)), 40 * day, false, 2},
	} {
		t.Run(name, func(t *testing.T) {
			before := signingkey.State{Document: documentOf(t, keys...)}

			got, err := signingkey.Decide(signingkey.Input{Before: before, Spec: tt.spec, Now: at(tt.now), Random: rand.Reader})
			if err != nil {
				t.Fatal(err)
			}

			if got.Full != tt.full || len(got.After.Document.Generations) != tt.want {
				t.Errorf("full: %t, %d keys; want %t, %d", got.Full, len(got.After.Document.Generations), tt.full, tt.want)
			}
			if tt.full && !got.Again.Equal(at(40*day)) {
				t.Errorf("looks again at %s, want when room comes", got.Again.Sub(origin))
			}
		})
	}
}

func TestDecide_without_randomness_changes_nothing(t *testing.T) {
	broken := errors.New("no entropy")
	for name, before := range map[string]signingkey.State{
		"when a first key is due": {},
		"when a next key is due":  {Document: documentOf(t, activeKey("a", 0))},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := signingkey.Decide(signingkey.Input{Before: before, Spec: aSpec(), Now: at(30 * day), Random: iotest.ErrReader(broken)})
			if !errors.Is(err, broken) || got.Changed || len(got.After.Document.Generations) != len(before.Document.Generations) {
				t.Errorf("got %t, %d keys, error %v", got.Changed, len(got.After.Document.Generations), err)
			}
		})
	}
}

// A key is in every verifier's JWKS before it signs: the shortest lead is longer than a JWKS may be kept.
func TestTheShortestLeadOutlastsACachedJWKS(t *testing.T) {
	source, err := os.ReadFile("../../webhook/metadata.go")
	if err != nil {
		t.Fatal(err)
	}
	match := regexp.MustCompile(`"public, max-age=(\d+)"`).FindSubmatch(source)
	if match == nil {
		t.Fatal("webhook/metadata.go doesn't say how long a JWKS may be kept")
	}
	seconds, err := strconv.Atoi(string(match[1]))
	if err != nil {
		t.Fatal(err)
	}
	before := signingkey.State{Document: documentOf(t, activeKey("a", 0))}
	got, err := signingkey.Decide(signingkey.Input{Before: before, Spec: aSpec(period(hour), refreshTTL(hour)), Now: at(20 * day), Random: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	next := got.After.Document.Generations[1]
	if lead := next.ActivatesAt.Sub(next.CreatedAt); lead <= time.Duration(seconds)*time.Second {
		t.Errorf("of the shortest period a key is published for %s, and a JWKS may be kept for %d s", lead, seconds)
	}
}
