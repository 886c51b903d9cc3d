package main

import (
	"context"
	"io"

	"github.com/latchkey-auth/latchkey/hack/bench/figures"
	"github.com/latchkey-auth/latchkey/hack/stack"
)

// refresh measures refreshes on one core, beside a bare client on it that asks the API server for
// the same.
func (b *benchmark) refresh(ctx context.Context, report *figures.Report) error {
	c, users, err := b.needUsers(ctx)
	if err != nil {
		return err
	}
	server, err := c.replica(ctx, b.launcher.server, "refresh", users[0])
	if err != nil {
		return err
	}
	defer server.Stop()
	spec := flow{URL: server.URL(), Users: users, Kubeconfig: server.Kubeconfig, Operations: server.OperationsURL()}
	var rates, writes, ratios, costs []float64
	for i := range b.rounds {
		paces, err := b.alternate(ctx, spec, onCore(roleRefreshes, b.launcher.all), onCore(roleRefreshWrites, b.launcher.server))
		if err != nil {
			return err
		}
		refresh, write := paces[0], paces[1].Rate
		b.say("round %d: its reads and writes alone %.0f/s, refreshes %.0f/s (server %.0f µs each)", i+1, write, refresh.Rate, refresh.CPU)
		rates, writes = append(rates, refresh.Rate), append(writes, write)
		ratios, costs = append(ratios, refresh.Rate/write), append(costs, refresh.CPU)
	}
	perCore, _ := figures.Over(rates)
	write, _ := figures.Over(writes)
	ratio, _ := figures.Over(ratios)
	cost, _ := figures.Over(costs)
	report.Refresh = &figures.Refresh{
		PerCore: figures.Measured(perCore.Median, 0), Rates: perCore,
		RatioToAPIWrite: figures.Measured(ratio.Median, 3), Range: ratio,
		APIWritePerCore: figures.Measured(write.Median, 0), ServerMicroseconds: figures.Measured(cost.Median, 0),
	}
	return nil
}

// refreshOver is the process that refreshes logins over and over; it prints how many refreshes
// there were a second.
func refreshOver(ctx context.Context, in io.Reader, out io.Writer) error {
	f, err := readFlow(in)
	if err != nil {
		return err
	}
	server := stack.NewClient(f.URL)
	var newest [flowsAtOnce]string // each worker's refresh token
	for worker := range newest {
		tokens, err := server.Login(ctx, f.login(worker))
		if err != nil {
			return err
		}
		newest[worker] = tokens.Refresh
	}
	return f.repeat(ctx, out, func(ctx context.Context, worker, _ int) error {
		tokens, err := server.Refresh(ctx, newest[worker])
		newest[worker] = tokens.Refresh
		return err
	})
}
