package main

import (
	"context"
	"fmt"
	"os"

	"github.com/latchkey-auth/latchkey/hack/stack"
)

// install gives Latchkey its namespace, rights and realm.
func (d *demo) install(ctx context.Context) error { return stack.Install(ctx, d.kubectl) }

// applySamples applies config/samples with random passwords, and lets browsers go from the login page
// to the app.
func (d *demo) applySamples(ctx context.Context) (err error) {
	if d.samples, err = stack.ApplySamples(ctx, d.kubectl); err != nil {
		return err
	}
	shared := fmt.Sprintf(`{"spec":{"sessions":{"cookieDomain":%q,"allowedRedirects":[%q]}}}`, cookieDomain, appHost)
	_, err = d.kubectl.Run(ctx, "--namespace", stack.Namespace, "patch", "lkrealm", "default", "--type", "merge", "-p", shared)
	return err
}

// startLatchkey starts one process that is all in one or, for several replicas, the controllers and
// as many that serve.
func (d *demo) startLatchkey(ctx context.Context) error {
	file, err := os.OpenFile(d.folder.file("latchkey.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("open Latchkey's log: %w", err)
	}
	d.onStop(func() { _ = file.Close() })
	d.audit = &audit{file: file}

	var addresses []string
	for range d.replicas {
		address, err := stack.FreeAddress()
		if err != nil {
			return err
		}
		addresses = append(addresses, address)
	}
	base := stack.Launch{Command: stack.Run, Binary: d.tools.latchkey, Env: d.env, Dir: d.folder.path, ExternalURL: under(authHost, addresses[0])}
	if d.replicas > 1 {
		controller := base
		controller.Command = stack.Controller
		if err := d.startServer(ctx, controller); err != nil {
			return err
		}
		base.Command = stack.Serve
	}
	for i, address := range addresses {
		one := base
		one.Listen, one.ReplicaName = address, fmt.Sprintf("replica-%d", i+1)
		if d.replicas > 1 {
			one.Name = one.ReplicaName
		}
		if err := d.startServer(ctx, one); err != nil {
			return err
		}
	}
	return nil
}

func (d *demo) startServer(ctx context.Context, launch stack.Launch) error {
	launch.Log = d.audit.of(launch.Name)
	server, err := launch.Start(ctx)
	if err != nil {
		return err
	}
	d.onStop(server.Stop)
	d.servers = append(d.servers, server)
	d.watched = append(d.watched, server.Process)
	return nil
}

// serving are the processes that answer clients.
func (d *demo) serving() []*stack.Server {
	var serving []*stack.Server
	for _, s := range d.servers {
		if s.Public != "" {
			serving = append(serving, s)
		}
	}
	return serving
}
