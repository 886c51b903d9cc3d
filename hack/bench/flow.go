package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/latchkey-auth/latchkey/hack/stack"
)

const (
	benchPassword = "correct horse battery staple" // of users that live as long as the benchmark
	flowUsers     = 32
	flowsAtOnce   = 8
)

// flow is what a process that does one thing over and over reads: a login, a refresh, or what
// either of them asks the API server for.
type flow struct {
	URL        string   // of the server
	Users      []string // with benchPassword
	Kubeconfig string   // with the server's rights
	Operations string   // URL of the server's operations listener, to ask for its CPU time; empty: don't
	Seconds    float64
}

// pace is how often something was done in a second, and how long the server computed for each, in
// microseconds, if that was asked for.
type pace struct{ Rate, CPU float64 }

func readFlow(in io.Reader) (*flow, error) {
	f := &flow{}
	if err := json.NewDecoder(in).Decode(f); err != nil {
		return nil, fmt.Errorf("read what to do: %w", err)
	}
	return f, nil
}

// user is the i-th, in turn.
func (f *flow) user(i int) string { return f.Users[i%len(f.Users)] }

// login is that of the i-th user.
func (f *flow) login(i int) stack.Login {
	return stack.Login{User: f.user(i), Password: benchPassword}
}

// repeat calls do on flowsAtOnce workers until the time is over or one fails, and prints the pace.
// No number i is given twice.
func (f *flow) repeat(ctx context.Context, out io.Writer, do func(ctx context.Context, worker, i int) error) error {
	var (
		all      sync.WaitGroup
		mu       sync.Mutex
		n        int
		problems []error
	)
	before, err := f.serverCPU(ctx)
	if err != nil {
		return err
	}
	began := time.Now()
	deadline := began.Add(time.Duration(f.Seconds * float64(time.Second)))
	for worker := range flowsAtOnce {
		all.Go(func() {
			for i := worker; time.Now().Before(deadline); i += flowsAtOnce {
				err := do(ctx, worker, i)
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
	after, err := f.serverCPU(ctx)
	if err := errors.Join(append(problems, err)...); err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(pace{Rate: float64(n) / elapsed.Seconds(), CPU: microseconds(after-before) / float64(n)})
}

// serverCPU is how long the server has computed since it started, by its own metric.
func (f *flow) serverCPU(ctx context.Context) (time.Duration, error) {
	if f.Operations == "" {
		return 0, nil
	}
	response, err := get(ctx, strings.TrimPrefix(f.Operations, "http://"), "/metrics", nil)
	if err != nil {
		return 0, err
	}
	defer func() { _ = response.Body.Close() }()
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		if value, found := strings.CutPrefix(lines.Text(), "process_cpu_seconds_total "); found {
			seconds, err := strconv.ParseFloat(value, 64)
			return time.Duration(seconds * float64(time.Second)), err
		}
	}
	return 0, errors.New("read the server's CPU time: its metrics don't say it")
}

// measure measures something for a turn.
type measure func(ctx context.Context, b *benchmark, f flow, turn time.Duration) (pace, error)

// onCore is a process that reads a flow and runs on a core.
func onCore(role string, on core) measure {
	return func(ctx context.Context, b *benchmark, f flow, turn time.Duration) (p pace, err error) {
		f.Seconds = turn.Seconds()
		text, err := json.Marshal(f)
		if err != nil {
			return pace{}, err
		}
		err = b.launcher.result(ctx, on, bytes.NewReader(text), &p, role)
		return p, err
	}
}

// onlyHash is argon2id on the server's core.
func onlyHash(ctx context.Context, b *benchmark, _ flow, turn time.Duration) (p pace, err error) {
	err = b.launcher.result(ctx, b.launcher.server, nil, &p.Rate, roleHash, turn.String())
	return p, err
}

// alternate takes measures by turns for the time of a round each, and returns what each came to.
func (b *benchmark) alternate(ctx context.Context, f flow, measures ...measure) ([]pace, error) {
	turn := min(b.round, time.Second)
	turns := int(b.round / turn)
	paces := make([]pace, len(measures))
	for range turns {
		for i, measured := range measures {
			p, err := measured(ctx, b, f, turn)
			if err != nil {
				return nil, err
			}
			paces[i].Rate += p.Rate / float64(turns)
			paces[i].CPU += p.CPU / float64(turns)
		}
	}
	return paces, nil
}

// needUsers returns the cluster, and users who can log in.
func (b *benchmark) needUsers(ctx context.Context) (*cluster, []string, error) {
	c, err := b.needCluster(ctx)
	if err != nil {
		return nil, nil, err
	}
	if c.users != nil {
		return c, c.users, nil
	}
	users := make([]string, flowUsers)
	for i := range users {
		users[i] = fmt.Sprintf("user-%d", i)
	}
	if err := c.addUsers(ctx, users); err != nil {
		return nil, nil, err
	}
	c.users = users
	return c, users, nil
}
