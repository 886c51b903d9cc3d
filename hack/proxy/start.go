package proxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/latchkey-auth/latchkey/hack/child"
)

// Proxy is a running proxy.
type Proxy struct {
	// Kind is which it is.
	Kind Kind
	// Address is where it listens (IP:port).
	Address string
	// Process is the running program.
	Process *child.Process
}

// URL is the proxy's root, without a last slash.
func (p *Proxy) URL() string { return "http://" + p.Address }

// Stop ends the proxy.
func (p *Proxy) Stop() { p.Process.Stop() }

// Start starts binary, which is a proxy of kind k, in front of site on a free loopback port, and
// returns when it accepts connections. What the proxy has to say goes to log.
func (k Kind) Start(ctx context.Context, binary string, site Site, log io.Writer) (*Proxy, error) {
	var err error
	for range 5 { // another program may take the port between the choice and the start
		var p *Proxy
		if p, err = k.startOnce(ctx, binary, site, log); err == nil {
			return p, nil
		}
		if ctx.Err() != nil {
			break
		}
	}
	return nil, err
}

func (k Kind) startOnce(ctx context.Context, binary string, site Site, log io.Writer) (*Proxy, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	if err := site.render(k, address); err != nil {
		return nil, err
	}
	process, err := child.Start(string(k), k.command(binary, site.Dir, log))
	if err != nil {
		return nil, err
	}
	if err := listening(ctx, address, process); err != nil {
		process.Stop()
		return nil, err
	}
	return &Proxy{Kind: k, Address: address, Process: process}, nil
}

func (k Kind) command(binary, dir string, log io.Writer) *exec.Cmd {
	config := filepath.Join(dir, k.files()[0])
	var arguments []string
	switch k {
	case Nginx:
		arguments = []string{"-p", dir, "-c", config, "-e", "stderr"}
	case Caddy:
		arguments = []string{"run", "--adapter", "caddyfile", "--config", config}
	case HAProxy:
		arguments = []string{"-db", "-f", config} // in the foreground, as one process
	case Traefik:
		arguments = []string{"--configfile=" + config}
	case EnvoyHTTP, EnvoyGRPC:
		// Without a base id of its own, a second Envoy on this machine would not start.
		arguments = []string{"-c", config, "--use-dynamic-base-id", "--concurrency", "1", "--log-level", "warn"}
	}
	cmd := exec.Command(binary, arguments...)
	cmd.Env = append(cmd.Environ(), "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir) // where Caddy keeps state
	cmd.Dir = dir
	cmd.Stdout, cmd.Stderr = log, log
	return cmd
}

// listening waits until address accepts connections, process has ended, or ctx has.
func listening(ctx context.Context, address string, process *child.Process) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := net.DialTimeout("tcp", address, time.Second)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-tick.C:
		case <-process.Done():
			return errors.Join(errors.New(process.Name()+" ended before it listened"), process.Err())
		case <-ctx.Done():
			return fmt.Errorf("wait for %s to listen: %w", process.Name(), ctx.Err())
		}
	}
}

// freeAddress is a loopback address that nobody listens on at this moment.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	return l.Addr().String(), l.Close()
}
