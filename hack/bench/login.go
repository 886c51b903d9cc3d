package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/latchkey-auth/latchkey/hack/bench/figures"
	"github.com/latchkey-auth/latchkey/hack/stack"
)

const (
	benchPassword = "correct horse battery staple" // of users that live as long as the benchmark
	loginUsers    = 32
	loginsAtOnce  = 8
)

// login measures password logins on one core, beside argon2id alone on it.
func (b *benchmark) login(ctx context.Context, report *figures.Report) error {
	c, err := b.needCluster(ctx)
	if err != nil {
		return err
	}
	users := make([]string, loginUsers)
	for i := range users {
		users[i] = fmt.Sprintf("login-%d", i)
	}
	if err := c.addUsers(ctx, users); err != nil {
		return err
	}
	server, err := c.replica(ctx, b.launcher.server, "", users[0])
	if err != nil {
		return err
	}
	defer server.Stop()
	var rates, ratios []float64
	for i := range b.rounds {
		hashes, rate, err := b.loginRound(ctx, logins{URL: server.URL(), Users: users})
		if err != nil {
			return err
		}
		b.say("round %d: argon2id alone %.1f/s, logins %.1f/s", i+1, hashes, rate)
		rates, ratios = append(rates, rate), append(ratios, rate/hashes)
	}
	perCore, _ := figures.Over(rates)
	ratio, _ := figures.Over(ratios)
	report.Login = &figures.Login{PerCore: figures.Measured(perCore.Median, 1), RatioToHash: figures.Measured(ratio.Median, 3), Range: ratio}
	return nil
}

// loginRound hashes alone and logs users in by turns, and returns how often each was done in
// a second.
func (b *benchmark) loginRound(ctx context.Context, l logins) (hashes, rate float64, err error) {
	turn := min(b.round, time.Second)
	l.Seconds = turn.Seconds()
	spec, err := json.Marshal(l)
	if err != nil {
		return 0, 0, err
	}
	turns := int(b.round / turn)
	for range turns {
		var h, r float64
		if err := b.launcher.result(ctx, b.launcher.server, nil, &h, roleHash, turn.String()); err != nil {
			return 0, 0, err
		}
		if err := b.launcher.result(ctx, b.launcher.all, bytes.NewReader(spec), &r, roleLogins); err != nil {
			return 0, 0, err
		}
		hashes += h / float64(turns)
		rate += r / float64(turns)
	}
	return hashes, rate, nil
}

// logins is what the process that logs users in reads.
type logins struct {
	URL     string
	Users   []string
	Seconds float64
}

// logIn is that process; it prints how many logins there were a second.
func logIn(ctx context.Context, in io.Reader, out io.Writer) error {
	var l logins
	if err := json.NewDecoder(in).Decode(&l); err != nil {
		return err
	}
	var (
		all      sync.WaitGroup
		mu       sync.Mutex
		n        int
		problems []error
	)
	server, began := stack.NewClient(l.URL), time.Now()
	deadline := began.Add(time.Duration(l.Seconds * float64(time.Second)))
	for worker := range loginsAtOnce {
		all.Go(func() {
			for i := worker; time.Now().Before(deadline); i += loginsAtOnce {
				_, err := server.Login(ctx, stack.Login{User: l.Users[i%len(l.Users)], Password: benchPassword})
				mu.Lock()
				n++
				problems = append(problems, err)
				mu.Unlock()
				if err != nil {
					return
				}
			}
		})
	}
	all.Wait()
	elapsed := time.Since(began)
	if err := errors.Join(problems...); err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(float64(n) / elapsed.Seconds())
}
