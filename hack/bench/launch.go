package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"github.com/latchkey-auth/latchkey/hack/child"
)

// What this program is started as by itself.
const (
	roleBare          = "bare"
	roleServer        = "server"
	roleLoad          = "load"
	roleGRPCBare      = "grpc-bare"
	roleGRPCServer    = "grpc-server"
	roleInProcess     = "inprocess"
	roleHash          = "hash"
	roleLogins        = "logins"
	roleLoginWrites   = "login-writes"
	roleRefreshes     = "refreshes"
	roleRefreshWrites = "refresh-writes"
)

// launcher starts processes on cores, with a folder for what they need.
type launcher struct {
	folder      string
	self        string
	server, all core // of what is measured, and of all else
}

func newLauncher() (*launcher, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	folder, err := os.MkdirTemp("", "latchkey-bench-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for the processes: %w", err)
	}
	l := &launcher{folder: folder, self: self, server: anyCore, all: anyCore}
	if cores := usableCores(); len(cores) >= 2 {
		l.server, l.all = cores[0], cores[1]
	}
	return l, beParent()
}

func (l *launcher) describe() string {
	if l.server == anyCore {
		return "Nothing is pinned: there are no two cores to tell apart, so ratios waver."
	}
	return fmt.Sprintf("Servers are pinned to core %s, load and everything else to core %s.", l.server, l.all)
}

// start starts this program in a role on a core.
func (l *launcher) start(on core, stdin io.Reader, stdout io.Writer, role ...string) (*child.Process, error) {
	program, err := l.link(on, "bench", l.self)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(program, role...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, stdout, os.Stderr
	return child.Start(strings.Join(role, " "), cmd)
}

// result runs a role to its end and decodes what it printed into answer.
func (l *launcher) result(ctx context.Context, on core, stdin io.Reader, answer any, role ...string) error {
	var out bytes.Buffer
	process, err := l.start(on, stdin, &out, role...)
	if err != nil {
		return err
	}
	select {
	case <-process.Done():
	case <-ctx.Done():
		process.Stop()
		return ctx.Err()
	}
	if err := process.Err(); err != nil {
		return err
	}
	if err := json.Unmarshal(out.Bytes(), answer); err != nil {
		return fmt.Errorf("read what %s measured: %w", process.Name(), err)
	}
	return nil
}

// end removes the folder; every process has ended.
func (l *launcher) end() error { return os.RemoveAll(l.folder) }
