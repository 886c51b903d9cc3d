package refresh_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/webhook/refresh"
)

func TestEveryInterleaving_of_three_holders_of_one_token_has_one_lineage(t *testing.T) {
	e := explore(t, false)
	if e.accepted == 0 || e.siblings == 0 || e.conflicts == 0 || e.refused == 0 || e.ended == 0 {
		t.Error("the model is too small: something never happened")
	}
}

func TestEveryInterleaving_of_a_client_that_loses_answers_and_retries_keeps_its_login(t *testing.T) {
	e := explore(t, true)
	if e.accepted == 0 || e.conflicts == 0 || e.refused == 0 {
		t.Error("the model is too small: something never happened")
	}
}

// promise holds a decision against what the login has lived through.
func (e *explorer) promise(w world, i int, d refresh.Decision) {
	p := w.parties[i]
	newest := p.read.newest
	overtaken := newest.generation > p.presents.generation || newest.generation == p.presents.generation && newest != p.presents
	late := p.arrivedAt > p.read.at+modelLeeway
	fail := func(promise string) { e.t.Errorf("%s: request %d of %+v, decided as %+v", promise, i, w, d) }
	switch {
	case d.Accepted() && d.Issue != int64(p.presents.generation)+1:
		fail("the successor of a token is one generation above it")
	case d.Accepted() && overtaken && (late || newest.generation > p.presents.generation):
		fail("what goes on beside the lineage does so within the leeway, and never from behind")
	case overtaken && late && d.Outcome != refresh.Reuse:
		fail("an overtaken token ends the login after the leeway")
	case d.Outcome == refresh.Reuse && !(overtaken && late):
		fail("nothing else ends a login")
	case d.Outcome == refresh.Refused && newest.generation <= p.presents.generation:
		fail("what races is refused only where its successor was used")
	case d.Outcome == refresh.Advance && d.Next != (stored{newest: p.presents, at: w.now}).state():
		fail("the State holds what was presented, and when")
	case e.client && d.Outcome == refresh.Reuse:
		fail("a client that only loses answers keeps its login")
	case e.client && d.Outcome == refresh.Refused && w.parties[0].holds == p.presents:
		fail("a client that only loses answers is never refused")
	}
}

// promiseTheLineageIsOne lets two holders go on by turns from any world, each waiting out the leeway:
// after two turns of each, the login has ended, whatever happened before.
func (e *explorer) promiseTheLineageIsOne(w world) {
	if e.client || w.session.ended {
		return
	}
	for a := range w.parties {
		for b := range w.parties {
			if a == b || w.parties[a].phase == turnedAway || w.parties[b].phase == turnedAway {
				continue
			}
			if !endsByTurns(w, a, b) {
				e.t.Errorf("holders %d and %d both go on from %+v", a, b, w)
			}
		}
	}
}

func endsByTurns(w world, a, b int) bool {
	state, now := w.session.state(), moment(w.now)
	tokens := map[int]refresh.Presented{a: w.parties[a].holds.presented(0), b: w.parties[b].holds.presented(0)}
	for turn, who := range []int{a, b, a, b} {
		now = now.Add((modelLeeway + 1) * time.Second)
		token := tokens[who]
		token.Arrived = now
		d := refresh.Decide(state, token, modelLeeway*time.Second, now)
		if d.Outcome == refresh.Reuse {
			return true
		}
		if d.Outcome == refresh.Advance {
			state = d.Next
		}
		if d.Accepted() {
			tokens[who] = refresh.Presented{Generation: d.Issue, TokenID: turns[turn]}
		}
	}
	return false
}

// promiseForgeriesAreRefused presents, in any world, what nobody was ever given.
func (e *explorer) promiseForgeriesAreRefused(w world) {
	s := w.session.state()
	for above := int64(2); above < 5; above++ {
		for _, id := range []string{"forged", s.TokenID} {
			p := refresh.Presented{Generation: s.Generation + above, TokenID: id, Arrived: moment(w.now)}
			if d := refresh.Decide(s, p, modelLeeway*time.Second, moment(w.now)); d != (refresh.Decision{}) {
				e.t.Errorf("a token of generation %d does %+v to %+v", p.Generation, d, s)
			}
		}
	}
}

func moment(second int8) time.Time { return noon.Add(time.Duration(second) * time.Second) }

func (s stored) state() refresh.State {
	return refresh.State{Generation: int64(s.newest.generation), TokenID: s.newest.id(), At: moment(s.at)}
}

func (t issued) presented(at int8) refresh.Presented {
	return refresh.Presented{Generation: int64(t.generation), TokenID: t.id(), Arrived: moment(at)}
}

func (t issued) id() string { return names[t.generation][t.number] }

// turns are the ids of the tokens that endsByTurns gives, and names those of the model's; none is for generation 0.
var (
	turns = [...]string{"turn 1", "turn 2", "turn 3", "turn 4"}
	names = func() (all [lastGeneration + 2][20]string) {
		for generation := range all {
			for number := range all[generation] {
				if generation > 0 {
					all[generation][number] = fmt.Sprint("token ", generation, ".", number)
				}
			}
		}
		return all
	}()
)
