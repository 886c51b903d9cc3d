package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
)

func main() {
	if err := command(os.Args); err != nil {
		say(os.Stderr, "%v", err)
		os.Exit(1)
	}
}

// command does what the program was called for.
func command(args []string) error {
	if tool := filepath.Base(args[0]); isTool(tool) {
		return becomeTool(tool, args)
	}
	signal.Ignore(syscall.SIGPIPE) // a reader that goes away is noticed where it was written to
	switch {
	case os.Getenv(detachedVariable) != "":
		return background()
	case len(args) == 1:
		return foreground()
	case len(args) == 2 && args[1] == "stop":
		return stop()
	default:
		return errors.New("usage: demo [stop]")
	}
}

// foreground runs the demo until somebody ends it or, with DEMO_DETACH=1, hands it to the background.
func foreground() error {
	replicas, err := replicaCount()
	if err != nil {
		return err
	}
	f, err := own()
	if err != nil {
		return err
	}
	ctx, cancel := untilSignal()
	defer cancel()
	t, err := provide(ctx, f)
	if err != nil {
		return errors.Join(err, f.remove())
	}
	if os.Getenv("DEMO_DETACH") == "1" {
		return detach(ctx, f)
	}
	return run(ctx, &demo{folder: f, tools: t, replicas: replicas, progress: os.Stderr, announced: func() {}})
}

// background runs the demo for a foreground one that waits until it is ready.
func background() error {
	waiting := os.NewFile(progressFD, "progress")
	syscall.CloseOnExec(progressFD) // else every child would keep the foreground waiting
	f, err := inherited(lockFD)
	if err != nil {
		return err
	}
	replicas, err := replicaCount()
	if err != nil {
		return err
	}
	ctx, cancel := untilSignal()
	defer cancel()
	t, err := provide(ctx, f)
	if err != nil {
		return errors.Join(err, f.remove())
	}
	return run(ctx, &demo{
		folder: f, tools: t, replicas: replicas,
		progress:  io.MultiWriter(os.Stderr, waiting),
		announced: func() { _ = waiting.Close() },
	})
}

// replicaCount is how many processes serve: DEMO_REPLICAS, or 1.
func replicaCount() (int, error) {
	text := os.Getenv("DEMO_REPLICAS")
	if text == "" {
		return 1, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > 16 {
		return 0, fmt.Errorf("DEMO_REPLICAS is %q: write a number from 1 to 16", text)
	}
	return n, nil
}

// untilSignal is a context that ends when somebody wants the demo to: by Ctrl-C, demo-stop or a
// closed terminal. Further signals don't disturb the cleaning up.
func untilSignal() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		<-signals
		cancel()
	}()
	return ctx, cancel
}
