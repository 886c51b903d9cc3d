package main

import (
	"context"
	"io"

	"github.com/latchkey-auth/latchkey/hack/bench/figures"
	"github.com/latchkey-auth/latchkey/hack/stack"
)

// login measures password logins on one core, beside argon2id alone on it, and beside a bare
// client that asks the API server for the same.
func (b *benchmark) login(ctx context.Context, report *figures.Report) error {
	c, users, err := b.needUsers(ctx)
	if err != nil {
		return err
	}
	server, err := c.replica(ctx, b.launcher.server, "login", users[0])
	if err != nil {
		return err
	}
	defer server.Stop()
	spec := flow{URL: server.URL(), Users: users, Kubeconfig: server.Kubeconfig}
	var rates, ratios, writes []float64
	for i := range b.rounds {
		paces, err := b.alternate(ctx, spec, onlyHash, onCore(roleLogins, b.launcher.all), onCore(roleLoginWrites, b.launcher.server))
		if err != nil {
			return err
		}
		hash, login, write := paces[0].Rate, paces[1].Rate, paces[2].Rate
		b.say("round %d: argon2id alone %.1f/s, its reads and writes alone %.0f/s, logins %.1f/s", i+1, hash, write, login)
		rates, ratios, writes = append(rates, login), append(ratios, login/hash), append(writes, write)
	}
	perCore, _ := figures.Over(rates)
	ratio, _ := figures.Over(ratios)
	write, _ := figures.Over(writes)
	report.Login = &figures.Login{
		PerCore: figures.Measured(perCore.Median, 1), RatioToHash: figures.Measured(ratio.Median, 3), Range: ratio,
		APIWritePerCore: figures.Measured(write.Median, 0),
	}
	return nil
}

// logIn is the process that logs users in; it prints how many logins there were a second.
func logIn(ctx context.Context, in io.Reader, out io.Writer) error {
	f, err := readFlow(in)
	if err != nil {
		return err
	}
	server := stack.NewClient(f.URL)
	return f.repeat(ctx, out, func(ctx context.Context, _, i int) error {
		_, err := server.Login(ctx, f.login(i))
		return err
	})
}
