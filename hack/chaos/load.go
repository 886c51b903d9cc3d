package chaos

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// Load sends checks to every replica, at a steady rate, and judges each answer.
type Load struct {
	// Replicas are asked in turn.
	Replicas []*Replica
	// Rate is how many checks a second are sent in all.
	Rate int

	client *http.Client

	mu     sync.Mutex
	alive  []*Login
	dead   []*Login // newest last
	tally  *Tally
	latest map[*Replica]time.Time // its last answer
}

// senders is how many goroutines send: enough that a replica that is silent for a while doesn't hold up the others.
const senders = 12

// checkTimeout is how long a check may take before it counts as unanswered.
const checkTimeout = 5 * time.Second

// NewLoad returns a Load that Run starts.
func NewLoad(rate int, replicas ...*Replica) *Load {
	transport := &http.Transport{MaxIdleConnsPerHost: senders}
	return &Load{
		Replicas: replicas, Rate: rate, tally: NewTally(), latest: map[*Replica]time.Time{},
		client: &http.Client{Transport: transport, Timeout: checkTimeout},
	}
}

// Add has a login checked from now on.
func (l *Load) Add(login *Login) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.alive = append(l.alive, login)
}

// Logins are those that nobody has begun to end.
func (l *Load) Logins() []*Login {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sort()
	return append([]*Login(nil), l.alive...)
}

// Dead are those that somebody has begun to end.
func (l *Load) Dead() []*Login {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sort()
	return append([]*Login(nil), l.dead...)
}

// Answered is how many checks of this case were answered so far.
func (l *Load) Answered() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tally.Answered
}

// Next ends the tally and begins another, for the next case.
func (l *Load) Next() *Tally {
	l.mu.Lock()
	defer l.mu.Unlock()
	ended := l.tally
	l.tally = NewTally()
	l.latest = map[*Replica]time.Time{}
	return ended
}

// Run sends checks until ctx ends.
func (l *Load) Run(ctx context.Context) {
	var sending sync.WaitGroup
	for i := range senders {
		sending.Go(func() {
			tick := time.NewTicker(time.Second * senders / time.Duration(l.Rate))
			defer tick.Stop()
			for n := i; ; n++ {
				select {
				case <-ctx.Done():
					return
				case <-tick.C:
					l.check(ctx, l.Replicas[n%len(l.Replicas)])
				}
			}
		})
	}
	sending.Wait()
	l.client.CloseIdleConnections()
}

// check checks one login at one replica.
func (l *Load) check(ctx context.Context, replica *Replica) {
	login := l.pick()
	if login == nil {
		return
	}
	before, sent := login.at(replica), replica.condition()
	answer := l.ask(ctx, replica, login)
	after, got := login.at(replica), replica.condition()
	if ctx.Err() != nil {
		return
	}
	verdict := judge(answer, before, after, sent, got)

	l.mu.Lock()
	defer l.mu.Unlock()
	l.tally.note(replica, login, answer, verdict, before, sent)
	if sent.down || got.down {
		delete(l.latest, replica)
		return
	}
	if answer.Status != 0 {
		if last, known := l.latest[replica]; known {
			l.tally.Gap = max(l.tally.Gap, answer.Got.Sub(last))
		}
		l.latest[replica] = answer.Got
	}
}

// newest is how many of the dead are asked for more often: those whose end is news.
const newest = 10

// pick chooses a login: half of the time one that is alive, else one that isn't.
func (l *Load) pick() *Login {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sort()
	choice := rand.IntN(4)
	switch {
	case len(l.dead) == 0 && len(l.alive) == 0:
		return nil
	case len(l.alive) > 0 && (choice < 2 || len(l.dead) == 0):
		return l.alive[rand.IntN(len(l.alive))]
	case choice == 2:
		return l.dead[rand.IntN(len(l.dead))]
	default:
		recent := l.dead[max(0, len(l.dead)-newest):]
		return recent[rand.IntN(len(recent))]
	}
}

// sort moves what has begun to end to the dead.
func (l *Load) sort() {
	kept := l.alive[:0]
	for _, login := range l.alive {
		if login.Alive() {
			kept = append(kept, login)
		} else {
			l.dead = append(l.dead, login)
		}
	}
	clear(l.alive[len(kept):])
	l.alive = kept
}

func (l *Load) ask(ctx context.Context, replica *Replica, login *Login) Answer {
	a := Answer{Sent: time.Now()}
	status, reason, err := Check(ctx, l.client, replica, login.Tokens().Access)
	a.Got = time.Now()
	if err == nil {
		a.Status, a.Reason = status, reason
	}
	return a
}

// Check asks whether the holder of an access token is a valid user and returns the status and, for a
// refusal, its short reason.
func Check(ctx context.Context, client *http.Client, replica *Replica, access string) (status int, reason string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, replica.URL+"/check/role/authenticated", nil)
	if err != nil {
		return 0, "", err
	}
	request.Header.Set("Authorization", "Bearer "+access)
	response, err := client.Do(request)
	if err != nil {
		return 0, "", fmt.Errorf("check at %s: %w", replica.Name, err)
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return 0, "", fmt.Errorf("check at %s: %w", replica.Name, err)
	}
	return response.StatusCode, response.Header.Get("X-Latchkey-Reason"), nil
}
