package main

import (
	"errors"
	"flag"
	"strings"
	"time"
)

// options are the flags.
type options struct {
	round   time.Duration
	rounds  int
	quick   bool
	only    string
	out     string
	profile string
	verbose bool

	users       int
	revocations int
}

func parse(args []string) (*options, error) {
	o := &options{}
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.DurationVar(&o.round, "round", 3*time.Second, "how long each phase of a round lasts")
	f.IntVar(&o.rounds, "rounds", 3, "how many rounds there are")
	f.BoolVar(&o.quick, "quick", false, "rounds of 300 ms, fewer users and revocations: to see that all works, not how fast")
	f.StringVar(&o.only, "only", "", "stages to run, comma-separated, of check, nginx, grpc, inprocess, login, refresh, propagation; unset: all")
	f.StringVar(&o.out, "out", "bench.json", "file to write the figures to")
	f.StringVar(&o.profile, "profile", "", "folder for a CPU profile of the server in each phase of /check, from a round of its own")
	f.BoolVar(&o.verbose, "v", false, "show the log of Latchkey's processes")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	o.users, o.revocations = 1_000_000, 200
	if o.quick {
		o.round, o.users, o.revocations = 300*time.Millisecond, 100_000, 20
	}
	if f.NArg() > 0 || o.round <= 0 || o.rounds < 1 {
		return nil, errors.New("rounds and their length must be positive, and there are no arguments but flags")
	}
	return o, nil
}

// wants says whether a stage is to run.
func (o *options) wants(stage string) bool {
	return o.only == "" || strings.Contains(","+o.only+",", ","+stage+",")
}
