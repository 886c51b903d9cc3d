package main

import (
	"context"
	"io"
	"net/url"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/latchkey-auth/latchkey/hack/bench/figures"
	"github.com/latchkey-auth/latchkey/hack/bench/load"
)

const (
	// connections is how many keep-alive connections a proxy has, as far as a server sees.
	connections = 64
	// fastest is more than what a core answers in a second with a signature to verify each.
	fastest = 20_000
	// often is more than what can be sent.
	often = 1 << 60
)

// sender sends the requests of one phase, slice by slice.
type sender struct {
	phase
	client   asker
	requests []load.Request // nil: new ones for each slice

	sent   load.Result
	server usage // of the server, for what was sent
	own    usage
}

// asker sends requests as load.Client does, which it is over HTTP.
type asker interface {
	Send(requests []load.Request, most int, atMost time.Duration) (load.Result, error)
	Close()
}

// connect connects to the server of a phase.
func (p *phase) connect(ctx context.Context) (asker, error) {
	if p.Target == "" {
		return dialGRPC(p.Server.Public, p.Tokens[0])
	}
	return load.Connect(ctx, p.Server.Public, connections)
}

// newSender connects, and warms up what is sent over and over.
func newSender(ctx context.Context, p phase) (*sender, error) {
	client, err := p.connect(ctx)
	if err != nil {
		return nil, err
	}
	s := &sender{phase: p, client: client}
	if p.Tokens == nil {
		return s, nil
	}
	s.requests = load.Requests(p.Host, p.Target, originalRequest, p.Tokens)
	if _, err := client.Send(s.requests, max(2*len(s.requests), 100*connections), time.Hour); err != nil {
		client.Close()
		return nil, err
	}
	return s, nil
}

// send sends requests for the time of a slice, and before for a tenth of it, so that caches
// hold what this phase needs and not what another one did.
func (s *sender) send(ctx context.Context, slice time.Duration) error {
	requests, few, most := s.requests, often, often
	if requests == nil {
		var tokens []load.Token
		n := max(10*connections, int(fastest*slice.Seconds()))
		if err := ask(ctx, s.Server.Control, "/tokens", url.Values{"n": {strconv.Itoa(n)}}, &tokens); err != nil {
			return err
		}
		requests, few, most = load.Requests(s.Host, s.Target, originalRequest, tokens), n/10, n-n/10
	}
	if _, err := s.client.Send(requests, few, slice/10); err != nil {
		return err
	}
	if s.requests == nil {
		requests = requests[few:]
	}
	profiled := make(chan error, 1)
	go func() { profiled <- s.profile(ctx, slice) }()
	var server, own [2]usage
	if err := firstError(ask(ctx, s.Server.Control, "/usage", nil, &server[0]), own[0].read()); err != nil {
		return err
	}
	result, err := s.client.Send(requests, most, slice)
	if err != nil {
		return err
	}
	if err := firstError(own[1].read(), ask(ctx, s.Server.Control, "/usage", nil, &server[1]), <-profiled); err != nil {
		return err
	}
	s.sent.Elapsed += result.Elapsed
	s.sent.Late += result.Late
	s.sent.Latencies = append(s.sent.Latencies, result.Latencies...)
	s.server.add(server)
	s.own.add(own)
	return nil
}

// outcome is what all slices came to.
func (s *sender) outcome() outcome {
	slices.Sort(s.sent.Latencies)
	n, seconds := float64(len(s.sent.Latencies)), s.sent.Elapsed.Seconds()
	all := n + float64(s.sent.Late)
	return outcome{
		RPS:        n / seconds,
		P50:        milliseconds(figures.Percentile(s.sent.Latencies, 0.50)),
		P99:        milliseconds(figures.Percentile(s.sent.Latencies, 0.99)),
		Mallocs:    float64(s.server.Mallocs) / all,
		CPU:        microseconds(s.server.CPU) / all,
		ServerBusy: s.server.CPU.Seconds() / seconds * n / all,
		LoadBusy:   s.own.CPU.Seconds() / seconds * n / all,
	}
}

// profile fetches a CPU profile of the server from now on, if this phase wants one.
func (s *sender) profile(ctx context.Context, during time.Duration) error {
	if s.Profile == "" {
		return nil
	}
	seconds := strconv.Itoa(max(1, int(during.Seconds())))
	response, err := get(ctx, s.Server.Control, "/profile", url.Values{"seconds": {seconds}})
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	file, err := os.Create(s.Profile)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, response.Body)
	return firstError(err, file.Close())
}
