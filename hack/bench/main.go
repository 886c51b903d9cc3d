package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/latchkey-auth/latchkey/hack/bench/figures"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := command(ctx, os.Args); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1) //nolint:gocritic // the process ends here: there is no signal left to wait for
	}
}

// command does what the program was called for: by a person the benchmark, by itself one of
// its processes.
func command(ctx context.Context, args []string) error {
	if run := process(ctx, args); run != nil {
		return run()
	}
	o, err := parse(args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	return bench(ctx, o, os.Stdout)
}

// process returns what a process that the benchmark starts does; nil if this isn't one.
func process(ctx context.Context, args []string) func() error {
	if isLink(args[0]) {
		return func() error { return become(args) }
	}
	if len(args) < 2 {
		return nil
	}
	switch rest := args[2:]; args[1] {
	case roleBare:
		return serveBare
	case roleServer:
		return serveLatchkey
	case roleGRPCBare:
		return serveBareGRPC
	case roleGRPCServer:
		return serveGRPC
	case roleLoad:
		return func() error { return generate(ctx, os.Stdin, os.Stdout) }
	case roleInProcess:
		return func() error { return measureInProcess(rest, os.Stdout) }
	case roleHash:
		return func() error { return measureHash(rest, os.Stdout) }
	case roleLogins:
		return func() error { return logIn(ctx, os.Stdin, os.Stdout) }
	case roleLoginWrites:
		return func() error { return logInBarely(ctx, os.Stdin, os.Stdout) }
	case roleRefreshes:
		return func() error { return refreshOver(ctx, os.Stdin, os.Stdout) }
	case roleRefreshWrites:
		return func() error { return refreshBarely(ctx, os.Stdin, os.Stdout) }
	}
	return nil
}

// bench runs the stages. One that fails leaves its figures out, and the next one runs.
func bench(ctx context.Context, o *options, w io.Writer) error {
	b := &benchmark{options: o, out: w}
	var err error
	if b.launcher, err = newLauncher(); err != nil {
		return err
	}
	fmt.Fprintln(w, b.launcher.describe())
	report := &figures.Report{Machine: machine(ctx)}
	var problems []error
	for _, stage := range []struct {
		name string
		run  func(context.Context, *figures.Report) error
	}{
		{"check", b.check},
		{"nginx", b.behindNginx},
		{"grpc", b.grpc},
		{"inprocess", b.inProcess},
		{"login", b.login},
		{"refresh", b.refresh},
		{"propagation", b.propagation},
	} {
		if !o.wants(stage.name) || ctx.Err() != nil {
			continue
		}
		fmt.Fprintf(w, "\n== %s\n", stage.name)
		if err := stage.run(ctx, report); err != nil {
			fmt.Fprintln(w, err)
			problems = append(problems, fmt.Errorf("%s: %w", stage.name, err))
		}
	}
	problems = append(problems, b.end(), ctx.Err())
	fmt.Fprintln(w)
	return errors.Join(append(problems, report.Judge(w), report.Write(o.out))...)
}

// benchmark is a run.
type benchmark struct {
	*options
	launcher *launcher
	out      io.Writer

	cluster *cluster // nil until a stage needs one
}

// say prints a line.
func (b *benchmark) say(format string, values ...any) { fmt.Fprintf(b.out, format+"\n", values...) }

// end ends what outlives a stage.
func (b *benchmark) end() error {
	var err error
	if b.cluster != nil {
		err = b.cluster.stop()
	}
	return errors.Join(err, b.launcher.end())
}
