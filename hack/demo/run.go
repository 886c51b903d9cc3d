package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/latchkey-auth/latchkey/hack/child"
	"github.com/latchkey-auth/latchkey/hack/proxy"
	"github.com/latchkey-auth/latchkey/hack/stack"
	"github.com/latchkey-auth/latchkey/hack/testenv"
)

// startDeadline is how long everything may take to come up once the binaries are there.
const startDeadline = 3 * time.Minute

// errEnded says that somebody ended the demo while it was starting.
var errEnded = errors.New("ended before it was ready")

// demo is a demo that is starting or running.
type demo struct {
	folder    *folder
	tools     tools
	replicas  int
	progress  io.Writer // what people read while it starts
	announced func()    // called when everything is ready

	env      *testenv.Environment
	kubectl  stack.Kubectl
	servers  []*stack.Server
	watched  []*child.Process // those without which the demo is none
	proxy    *proxy.Proxy
	samples  *stack.Samples
	audit    *audit
	stoppers []func() // in the order of starting
}

// run starts d, follows the audit log until ctx ends or a part of it dies, and leaves nothing behind.
func run(ctx context.Context, d *demo) (err error) {
	defer func() {
		say(d.progress, "cleaning up")
		for i := len(d.stoppers) - 1; i >= 0; i-- {
			d.stoppers[i]()
		}
		err = errors.Join(err, d.folder.remove())
	}()
	if err := d.folder.notePID(); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if err := d.start(ctx); err != nil {
		if ctx.Err() != nil {
			return errEnded // which explains every error
		}
		return err
	}
	d.audit.follow(os.Stdout, cancel)
	d.announced()
	return d.wait(ctx)
}

// start takes the steps from nothing to a demo that is ready.
func (d *demo) start(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startDeadline)
	defer cancel()
	for _, step := range []struct {
		what string
		do   func(context.Context) error
	}{
		{"starting a control plane", d.startControlPlane},
		{"installing Latchkey's rights and a realm", d.install},
		{"applying the samples", d.applySamples},
		{fmt.Sprintf("starting Latchkey (%d serving)", d.replicas), d.startLatchkey},
		{fmt.Sprintf("starting the sample app behind %s", d.tools.proxy), d.startSite},
		{"waiting until everything is ready", d.waitUntilReady},
	} {
		say(d.progress, "%s", step.what)
		if err := step.do(ctx); err != nil {
			return err
		}
	}
	return d.announce()
}

// wait returns when ctx has ended, or a part of the demo, which is an error.
func (d *demo) wait(ctx context.Context) error {
	died := make(chan *child.Process, len(d.watched))
	for _, p := range d.watched {
		go func() {
			<-p.Done()
			died <- p
		}()
	}
	select {
	case <-ctx.Done():
		return nil
	case p := <-died:
		return errors.Join(fmt.Errorf("%s ended by itself", p.Name()), p.Err())
	}
}

// onStop adds what undoes a step.
func (d *demo) onStop(stop func()) { d.stoppers = append(d.stoppers, stop) }
