package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/latchkey-auth/latchkey/hack/bench/figures"
	"github.com/latchkey-auth/latchkey/hack/bench/load"
	"github.com/latchkey-auth/latchkey/hack/child"
)

// sliceLength is how long a phase lasts before the next one has its turn.
const sliceLength = 100 * time.Millisecond

// check measures GET /check.
func (b *benchmark) check(ctx context.Context, report *figures.Report) error {
	bare, err := b.startServer(roleBare)
	if err != nil {
		return err
	}
	defer bare.process.Stop()
	latchkey, err := b.startServer(roleServer)
	if err != nil {
		return err
	}
	defer latchkey.process.Stop()
	many, err := latchkey.mint(ctx, realmUsers)
	if err != nil {
		return err
	}
	j := job{Verify: latchkey.Control, Phases: []phase{
		{Name: "bare", Server: bare.addresses, Host: serviceHost, Target: roleTarget, Tokens: many[:1]},
		{Name: "role_warm", Server: latchkey.addresses, Host: serviceHost, Target: roleTarget, Tokens: many[:1]},
		{Name: "role_10k_tokens", Server: latchkey.addresses, Host: serviceHost, Target: roleTarget, Tokens: many},
		{Name: "policy_warm", Server: latchkey.addresses, Host: serviceHost, Target: policyTarget, Tokens: many[:1]},
		{Name: "never_seen", Server: latchkey.addresses, Host: serviceHost, Target: roleTarget},
	}}
	rounds, err := b.playRounds(ctx, j)
	if err != nil {
		return err
	}
	if b.profile != "" {
		if err := b.profiles(ctx, j.Phases); err != nil {
			return err
		}
	}
	report.Check = summarise(rounds)
	return report.Check.Print(b.out)
}

// playRounds does a job for all rounds.
func (b *benchmark) playRounds(ctx context.Context, j job) ([]played, error) {
	j.Slice = min(sliceLength, b.round)
	j.Slices = int(b.round / j.Slice)
	var rounds []played
	for i := range b.rounds {
		r, err := b.play(ctx, j)
		if err != nil {
			return nil, err
		}
		rounds = append(rounds, r)
		b.say("round %d: %s", i+1, r.summary(j.Phases))
	}
	return rounds, nil
}

// play has the load process do a job.
func (b *benchmark) play(ctx context.Context, j job) (played, error) {
	var r played
	text, err := json.Marshal(j)
	if err != nil {
		return r, err
	}
	return r, b.launcher.result(ctx, b.launcher.all, bytes.NewReader(text), &r, roleLoad)
}

// profiles runs each phase by itself, without measuring, for a profile of its server.
func (b *benchmark) profiles(ctx context.Context, phases []phase) error {
	for _, p := range phases {
		p.Profile = filepath.Join(b.profile, p.Name+".pprof")
		if _, err := b.play(ctx, job{Phases: []phase{p}, Slice: max(b.round, time.Second), Slices: 1}); err != nil {
			return err
		}
	}
	return nil
}

func (r played) summary(phases []phase) string {
	var text bytes.Buffer
	for _, p := range phases {
		o := r.Outcomes[p.Name]
		fmt.Fprintf(&text, "%s %.0f/s (server %.1f µs and %.0f%% busy, load %.0f%%), ", p.Name, o.RPS, o.CPU, 100*o.ServerBusy, 100*o.LoadBusy)
	}
	if r.Verification != (verification{}) {
		fmt.Fprintf(&text, "raw verification %.0f/s (%.1f µs), never_seen without net/http %.1f µs", r.Verification.RPS, r.Verification.CPU, r.Verification.Unseen)
	}
	return strings.TrimSuffix(text.String(), ", ")
}

// serving is a running server process.
type serving struct {
	addresses
	process *child.Process
}

// startServer starts a server process and waits until it says where it listens.
func (b *benchmark) startServer(role string) (*serving, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer func() { _ = read.Close() }()
	s := &serving{}
	s.process, err = b.launcher.start(b.launcher.server, nil, write, role)
	_ = write.Close()
	if err != nil {
		return nil, err
	}
	if err := json.NewDecoder(read).Decode(&s.addresses); err != nil {
		s.process.Stop()
		return nil, fmt.Errorf("wait for the %s process: %w", role, err)
	}
	return s, nil
}

// mint returns n new tokens, each of another user.
func (s *serving) mint(ctx context.Context, n int) ([]load.Token, error) {
	var tokens []load.Token
	err := ask(ctx, s.Control, "/tokens", url.Values{"n": {strconv.Itoa(n)}}, &tokens)
	return tokens, err
}
