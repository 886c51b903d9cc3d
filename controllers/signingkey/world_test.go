package signingkey_test

import (
	"io"
	"math/rand/v2"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/controllers/signingkey"
	"github.com/latchkey-auth/latchkey/webhook/token"
)

// choices are what happens in a world: the next of n, or false when the story is over.
type choices func(n int) (int, bool)

// randomly makes choices for a story of that many.
func randomly(seed uint64, choices int) choices {
	r := rand.New(rand.NewPCG(seed, seed))
	return func(n int) (int, bool) {
		choices--
		return r.IntN(n), choices >= 0
	}
}

// written makes the choices that a text tells, a byte each.
func written(text []byte) choices {
	return func(n int) (int, bool) {
		if len(text) == 0 {
			return 0, false
		}
		choice := int(text[0]) % n
		text = text[1:]
		return choice, true
	}
}

// server is a serving replica, as far as keys go.
type server struct {
	name    string
	knows   token.Document
	version int // of the document that it knows
	hears   time.Time
	cut     bool          // hears nothing, and so can write, and sign, nothing
	skew    time.Duration // of its clock
}

// login is one that is refreshed now and then, until it ends; by is the key of its latest token.
type login struct {
	ends time.Time
	by   string
}

// promise is until when tokens of a key have to verify.
type promise struct{ access, login time.Time }

// world is a realm with its leader and its replicas, in which people change their mind.
type world struct {
	t       testing.TB
	choose  choices
	random  io.Reader // always the same, so that a story can be told again
	onPaper bool      // documents are written and read
	over    bool
	now     time.Time
	skew    time.Duration // of the leader's clock
	away    bool          // there is no leader
	spec    v1alpha1.RealmSpec
	stored  signingkey.State
	version int
	servers [3]server
	again   time.Time

	algorithms []token.Algorithm
	logins     [8]login
	promises   map[string]*promise
	urgent     map[string]int       // keys that signed without asking: the version that made them so
	made       map[string]time.Time // when each key was made, by the leader's clock
	most       int                  // keys in the document
	steps      int
}

func newWorld(t testing.TB, c choices, algorithms ...token.Algorithm) *world {
	w := &world{
		t: t, choose: c, random: rand.NewChaCha8([32]byte{}), now: origin, spec: aSpec(), algorithms: algorithms,
		promises: map[string]*promise{}, urgent: map[string]int{}, made: map[string]time.Time{},
	}
	for i, name := range []string{"replica red", "replica green", "replica blue"} {
		w.servers[i].name = name
	}
	w.lead()
	w.everybodyHears()
	return w
}

func (w *world) pick(n int) int {
	choice, more := w.choose(n)
	w.over = w.over || !more
	return choice
}

func (w *world) onceIn(n int) bool { return w.pick(n) == 1 }

// run lets things happen until the story is over.
func (w *world) run() {
	for !w.over {
		w.happen()
		w.pass(w.anInterval())
	}
}

// pass lets time pass and everybody do what they do.
func (w *world) pass(d time.Duration) {
	w.steps++
	w.now = w.now.Add(d)
	w.hear()
	w.sign()
	w.lead()
	w.sign() // those that haven't heard go on with what they know
	w.check()
}

func (w *world) anInterval() time.Duration {
	intervals := []time.Duration{0, time.Second, 37 * time.Second, 3 * time.Minute, 11 * time.Minute, 67 * time.Minute, 5 * hour, 26 * hour, 9 * day}
	interval := intervals[w.pick(len(intervals))]
	if due := w.again.Sub(w.now); due > 0 && due < interval && !w.onceIn(3) {
		return due
	}
	return interval
}

// happen is people and machines.
func (w *world) happen() {
	switch w.pick(40) {
	case 0, 1: // settings, which the leader sees before they change again, and replicas not before keys
		w.away = false
		w.lead()
		w.everybodyHears()
		periods := []time.Duration{hour, 2 * hour, day, 135 * hour, 720 * hour, 8760 * hour}
		w.spec.Keys.RotationPeriod.Duration = periods[w.pick(len(periods))]
		lives := []time.Duration{hour, 16 * hour, 7 * day, 90 * day}
		w.spec.Tokens.RefreshTTL.Duration = min(lives[w.pick(len(lives))], 16*w.spec.Keys.RotationPeriod.Duration)
	case 2:
		w.spec.Tokens.Algorithm = string(w.algorithms[w.pick(len(w.algorithms))])
	case 3:
		if w.onceIn(4) {
			moments := []time.Duration{-30 * day, -hour, 0, hour}
			w.spec.Keys.DistrustBefore = &metav1.Time{Time: w.now.Add(moments[w.pick(len(moments))])}
		}
	case 4:
		if w.onceIn(6) { // somebody deletes the Secret: watches tell at once
			w.stored, w.promises = signingkey.State{}, map[string]*promise{}
			w.away = false
			w.lead()
			w.everybodyHears()
		}
	case 5, 6:
		w.servers[w.pick(len(w.servers))].cut = true
	case 7, 8, 9:
		s := &w.servers[w.pick(len(w.servers))]
		s.cut = false
		w.tell(s) // what it missed comes before it can write again
	case 10:
		w.away = true
	case 11, 12, 13, 14:
		w.away = false
	case 15: // another leader
		w.skew = time.Duration(w.pick(5)-2) * time.Minute
	case 16:
		w.servers[w.pick(len(w.servers))].skew = time.Duration(w.pick(3)-1) * time.Minute
	}
}

// lead is what the keeper does, on a leader that is there.
func (w *world) lead() {
	if w.away {
		return
	}
	now := w.now.Add(w.skew)
	in := signingkey.Input{Before: w.stored, Spec: w.spec, Now: now, Random: w.random}
	out := w.decide(in)
	if out.Waits && w.followed() {
		in.Followed = true
		out = w.decide(in)
	}
	w.again = out.Again.Add(-w.skew)
	if !out.Changed {
		return
	}
	w.store(in, out)
	again := w.decide(signingkey.Input{Before: w.stored, Spec: w.spec, Now: now, Random: w.random})
	if again.Changed {
		w.t.Fatalf("step %d: a second look changes what the first has written", w.steps)
	}
	if quiet := out.Again.Sub(now); quiet > 0 {
		early := now.Add(quiet - 1)
		if w.decide(signingkey.Input{Before: w.stored, Spec: w.spec, Now: early, Followed: true, Random: w.random}).Changed {
			w.t.Fatalf("step %d: something changes before %s, when it was to be looked at again", w.steps, out.Again)
		}
	}
}

func (w *world) decide(in signingkey.Input) signingkey.Outcome {
	out, err := signingkey.Decide(in)
	if err != nil {
		w.t.Fatalf("step %d: %v", w.steps, err)
	}
	return out
}

// store takes what was decided as the API server would, if it is a document.
func (w *world) store(in signingkey.Input, out signingkey.Outcome) {
	document := out.After.Document
	if w.onPaper {
		text, err := document.Marshal()
		if err != nil {
			w.t.Fatalf("step %d: %v", w.steps, err)
		}
		if document, err = token.ParseDocument(text); err != nil {
			w.t.Fatalf("step %d: %v", w.steps, err)
		}
	}
	w.version++
	before, _ := in.Before.Document.Active()
	active, _ := document.Active()
	if active.ID != before.ID && !in.Followed {
		w.urgent[active.ID] = w.version
		if len(in.Before.Document.Generations) > 0 && !document.Distrusts(before) {
			w.t.Fatalf("step %d: %s signs without asking, though %s was good", w.steps, active.ID, before.ID)
		}
	}
	w.stored = signingkey.State{Document: document, Seen: out.After.Seen}
	for _, g := range document.Generations {
		w.made[g.ID] = g.CreatedAt
	}
	w.most = max(w.most, len(document.Generations))
	for i := range w.servers {
		if s := &w.servers[i]; !s.hears.After(w.now) {
			s.hears = w.now.Add(time.Duration(w.pick(5)) * time.Minute)
		}
	}
}

func (w *world) tell(s *server) { s.knows, s.version = w.stored.Document, w.version }

func (w *world) hear() {
	for i := range w.servers {
		if s := &w.servers[i]; !s.cut && !s.hears.After(w.now) {
			w.tell(s)
		}
	}
}

func (w *world) everybodyHears() {
	for i := range w.servers {
		w.servers[i].cut = false
		w.tell(&w.servers[i])
	}
}

func (w *world) followed() bool {
	for _, s := range w.servers {
		if s.version < w.version {
			return false
		}
	}
	return !w.onceIn(5) // word of it may take a while
}

// sign makes an access and a refresh token on each replica that isn't cut off, for a new login and for
// an old one.
func (w *world) sign() {
	for _, s := range w.servers {
		active, ok := s.knows.Active()
		if s.cut || !ok || s.knows.Distrusts(active) {
			continue
		}
		if _, urgent := w.urgent[active.ID]; !urgent {
			for _, other := range w.servers {
				if !holds(other.knows, active.ID) && other.version < s.version {
					w.t.Fatalf("step %d: %s signs, and a replica doesn't know it", w.steps, active.ID)
				}
			}
		}
		p := w.promises[active.ID]
		if p == nil {
			p = &promise{}
			w.promises[active.ID] = p
		}
		now := w.now.Add(s.skew)
		ends := now.Add(w.spec.Tokens.RefreshTTL.Duration)
		old := &w.logins[w.steps%len(w.logins)]
		if !now.Before(old.ends) || !holds(s.knows, old.by) {
			old.ends = ends
		}
		old.by = active.ID
		p.login = laterOf(p.login, old.ends)
		p.login = laterOf(p.login, ends)
		p.access = laterOf(p.access, now.Add(day))
	}
}

func holds(d token.Document, id string) bool {
	for _, g := range d.Generations {
		if g.ID == id {
			return true
		}
	}
	return false
}

// check holds what is stored, and what each replica knows, against what was promised.
func (w *world) check() {
	active := 0
	for _, g := range w.stored.Document.Generations {
		if g.State == token.Active {
			active++
		}
	}
	if active != 1 {
		w.t.Fatalf("step %d: %d keys are active", w.steps, active)
	}
	if len(w.stored.Document.Generations) > signingkey.MaxGenerations {
		w.t.Fatalf("step %d: the document holds %d keys", w.steps, len(w.stored.Document.Generations))
	}
	for id, p := range w.promises {
		if !w.now.Before(p.login) && !w.now.Before(p.access) {
			delete(w.promises, id)
			continue
		}
		w.keeps(w.stored.Document, w.now.Add(w.skew), id, *p, "what is stored")
		for i, s := range w.servers {
			if s.version >= w.urgent[id] {
				w.keeps(s.knows, w.now.Add(s.skew), id, *p, w.servers[i].name)
			}
		}
	}
}

// keeps fails unless document, at that time, verifies what the key has signed, or distrusts it.
func (w *world) keeps(document token.Document, now time.Time, id string, p promise, whose string) {
	for _, g := range document.Generations {
		if g.ID != id {
			continue
		}
		over := g.State == token.Retired && !now.Before(g.ExpiresAt)
		if now.Before(p.login) && over || now.Before(p.access) && (over || !g.VerifiesAccess()) {
			w.t.Fatalf("step %d: %s refuses what %s signed: it is %s, expires at %s, verifies access tokens: %t; access tokens live until %s, logins until %s",
				w.steps, whose, id, g.State, g.ExpiresAt, g.VerifiesAccess(), p.access, p.login)
		}
		return
	}
	if now.Before(p.login) || now.Before(p.access) {
		if !w.made[id].Before(w.stored.Document.DistrustBefore) {
			w.t.Fatalf("step %d: %s has lost %s, whose access tokens live until %s, logins until %s", w.steps, whose, id, p.access, p.login)
		}
		delete(w.promises, id)
	}
}

// settle lets people change nothing any more until nothing of today can be left.
func (w *world) settle() {
	old := map[string]bool{}
	for _, g := range w.stored.Document.Generations {
		old[g.ID] = true
	}
	w.spec, w.away = aSpec(algorithm(token.Algorithm(w.spec.Tokens.Algorithm))), false
	w.lead()
	w.everybodyHears()
	for end := w.now.Add(2*(30*day+signingkey.MaxLead) + signingkey.Longest + hour); w.now.Before(end); {
		w.pass(max(w.again.Sub(w.now), 5*time.Minute))
		w.everybodyHears()
	}
	for _, g := range w.stored.Document.Generations {
		if old[g.ID] {
			w.t.Fatalf("%s, %s, is still there", g.ID, g.State)
		}
	}
	if kept := len(w.stored.Document.Generations); kept > 3 {
		w.t.Fatalf("%d keys are there, though nothing has changed for long", kept)
	}
}

func laterOf(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlierOf(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
