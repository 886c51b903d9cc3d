package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/latchkey-auth/latchkey/hack/bench/load"
)

// job is what the load process reads: what to send in turn, a slice of time each, so that
// whatever else the machine does is done to all of them.
type job struct {
	Phases []phase
	Slice  time.Duration
	Slices int    // of each phase
	Verify string // the control address of a server that verifies signatures in a slice, too; "" for none
}

// phase is one kind of request.
type phase struct {
	Name    string
	Server  addresses
	Host    string
	Target  string       // "": a check over gRPC
	Tokens  []load.Token // sent over and over; nil: new ones, none of which is sent twice
	Profile string       // a file for the server's CPU profile meanwhile; "" for none
}

// played is what the load process prints: what each phase came to, by its name, and what raw
// verification did.
type played struct {
	Outcomes     map[string]outcome
	Verification verification
}

// outcome is what a phase came to.
type outcome struct {
	RPS        float64
	P50, P99   float64 // in milliseconds
	Mallocs    float64 // of the server, for a request
	CPU        float64 // of the server, in microseconds for a request
	ServerBusy float64 // share of the time; far below 1, something else was the limit
	LoadBusy   float64
}

// ask asks a server process, and decodes what it answers.
func ask(ctx context.Context, control, path string, query url.Values, answer any) error {
	response, err := get(ctx, control, path, query)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if err := json.NewDecoder(response.Body).Decode(answer); err != nil {
		return fmt.Errorf("read the answer to %s: %w", path, err)
	}
	_, err = io.Copy(io.Discard, response.Body) // so that the connection is used again
	return err
}

func get(ctx context.Context, control, path string, query url.Values) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+control+path+"?"+query.Encode(), nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("ask a server process: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		_ = response.Body.Close()
		return nil, fmt.Errorf("ask a server process for %s: %s", path, response.Status)
	}
	return response, nil
}
