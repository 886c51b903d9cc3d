package chaos_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/latchkey-auth/latchkey/hack/chaos"
)

// service answers checks as it is told to.
type service struct {
	mu      sync.Mutex
	answers map[string]int // by access token
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w.WriteHeader(s.answers[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")])
}

func (s *service) answer(token string, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers[token] = status
}

func TestALoadFindsWhatIsWrong(t *testing.T) {
	s := &service{answers: map[string]int{"good": 200, "dead": 200}}
	server := httptest.NewServer(s)
	defer server.Close()
	replica := &chaos.Replica{Name: "one", URL: server.URL}
	load := chaos.NewLoad(2000, replica)
	good, dead := chaos.NewLogin("ann", "s1", chaos.Tokens{Access: "good"}), chaos.NewLogin("bob", "s2", chaos.Tokens{Access: "dead"})
	load.Add(good)
	load.Add(dead)

	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { load.Run(ctx) })
	defer running.Wait()
	defer cancel()
	// until runs cases of the load until one of them shows what is looked for.
	until := func(what string, found func(*chaos.Tally) bool) {
		t.Helper()
		NewWithT(t).Eventually(func() bool { return found(load.Next()) }).WithTimeout(20*time.Second).Should(BeTrue(), "the load finds "+what)
	}
	until("that all is well", func(tally *chaos.Tally) bool {
		return tally.Answered > 0 && tally.Wrong == 0 && tally.Unanswered == 0 && tally.P99() > 0
	})
	dead.Ending()
	dead.EndedBy(replica)
	until("a dead login that is accepted, lost once", func(tally *chaos.Tally) bool {
		return tally.Wrong > 0 && tally.Lost == 1 && strings.Contains(tally.Problems[0], "bob")
	})
	s.answer("dead", 401)
	s.answer("good", 401)
	until("a valid login that is refused", func(tally *chaos.Tally) bool {
		return tally.Wrong > 0 && tally.Lost == 0 && strings.Contains(tally.Problems[0], "ann")
	})
	s.answer("good", 500)
	until("a server error", func(tally *chaos.Tally) bool { return tally.Wrong > 0 })
	if logins := load.Logins(); len(logins) != 1 || logins[0] != good {
		t.Errorf("%d logins are alive instead of one", len(logins))
	}
}

func TestALoginKnowsWhenItsEndBegan(t *testing.T) {
	login := chaos.NewLogin("ann", "s1", chaos.Tokens{Access: "a"})
	if !login.Alive() || login.Over() {
		t.Error("a new login isn't alive")
	}
	login.Ending()
	if login.Alive() || login.Over() {
		t.Error("an ending login is neither alive nor over")
	}
	login.Ended()
	if !login.Over() {
		t.Error("an ended login is over")
	}
}

func TestTheTableHasALineForEachCase(t *testing.T) {
	tally := chaos.NewTally()
	tally.Answered, tally.Gap = 1200, 1500*time.Millisecond
	rows := []chaos.Row{{Case: "etcd paused", Promise: "checks go on", Checks: tally, Logins: 24, Revoked: 3, Remarks: []string{"slowest 503 after 4.0 s"}}}
	if table, want := chaos.Table(rows), "| etcd paused | 1200 | 0 | 0 | 1.5 s | 0.0 ms | 3 | 0 | 24 | 0 | 0 |\n"; !strings.HasSuffix(table, want) {
		t.Errorf("%s doesn't end in %s", table, want)
	}
	for _, part := range []string{"promise: checks go on", "answered 1200, wrong 0", "slowest 503 after 4.0 s"} {
		if text := rows[0].String(); !strings.Contains(text, part) {
			t.Errorf("%q is missing in %s", part, text)
		}
	}
}
