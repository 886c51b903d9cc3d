package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"time"
)

// generate is the process that sends the load of a round.
func generate(ctx context.Context, in io.Reader, out io.Writer) error {
	var j job
	if err := json.NewDecoder(in).Decode(&j); err != nil {
		return fmt.Errorf("read what to send: %w", err)
	}
	result := played{Outcomes: map[string]outcome{}}
	senders := make([]*sender, len(j.Phases))
	for i, p := range j.Phases {
		s, err := newSender(ctx, p)
		if err != nil {
			return fmt.Errorf("%s: %w", p.Name, err)
		}
		defer s.client.Close()
		senders[i] = s
	}
	var verified []verification
	for slice := range j.Slices {
		if j.Verify != "" {
			var v verification
			if err := ask(ctx, j.Verify, "/verify", url.Values{"for": {j.Slice.String()}}, &v); err != nil {
				return err
			}
			verified = append(verified, v)
		}
		for i := range senders {
			s := senders[(slice+i)%len(senders)] // another one first each time
			if err := s.send(ctx, j.Slice); err != nil {
				return fmt.Errorf("%s: %w", s.Name, err)
			}
		}
	}
	for _, s := range senders {
		result.Outcomes[s.Name] = s.outcome()
	}
	result.Verification = together(verified)
	return json.NewEncoder(out).Encode(result)
}

// together makes one verification of those of several slices, which are equally long.
func together(slices []verification) verification {
	var all verification
	for _, v := range slices {
		all.RPS += v.RPS / float64(len(slices))
		all.CPU += v.CPU / float64(len(slices))
		all.Unseen += v.Unseen / float64(len(slices))
	}
	return all
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
func microseconds(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

func firstError(all ...error) error {
	for _, err := range all {
		if err != nil {
			return err
		}
	}
	return nil
}
