package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/latchkey-auth/latchkey/hack/child"
	"github.com/latchkey-auth/latchkey/hack/proxy"
	"github.com/latchkey-auth/latchkey/hack/testenv"
)

// tools are the binaries that a demo is made of.
type tools struct {
	assets      string // folder of kube-apiserver and etcd
	latchkey    string
	proxy       proxy.Kind
	proxyBinary string
}

// provide finds the binaries or builds them, which takes minutes where nothing is built yet.
func provide(ctx context.Context, f *folder) (tools, error) {
	bin, err := f.sub("bin")
	if err != nil {
		return tools{}, err
	}
	t := tools{latchkey: filepath.Join(bin, "latchkey"), proxy: proxy.Nginx}
	if t.assets, err = output(ctx, filepath.Join("hack", "controlplane", "provide.sh")); err != nil {
		return tools{}, fmt.Errorf("provide the control plane: %w", err)
	}
	if t.proxyBinary, err = proxy.Nginx.Find(); err != nil {
		t.proxy = proxy.Caddy
		if t.proxyBinary, err = output(ctx, filepath.Join("hack", "proxy", "caddy", "provide.sh")); err != nil {
			return tools{}, fmt.Errorf("provide Caddy (nginx is not on PATH): %w", err)
		}
	}
	if _, err := os.Stat(t.latchkey); err == nil {
		return t, nil // the foreground built it
	}
	say(os.Stderr, "building Latchkey")
	if _, err := output(ctx, "go", "build", "-o", t.latchkey, "./cmd/latchkey"); err != nil {
		return tools{}, fmt.Errorf("build Latchkey: %w", err)
	}
	return t, nil
}

// output runs a program in the repository's top folder and returns what it printed; its progress is ours.
func output(ctx context.Context, program string, args ...string) (string, error) {
	var out bytes.Buffer
	cmd := exec.Command(program, args...)
	if strings.ContainsRune(program, filepath.Separator) {
		cmd = exec.Command(filepath.Join(testenv.Root(), program), args...)
	}
	cmd.Dir = testenv.Root()
	cmd.Stdout, cmd.Stderr = &out, os.Stderr
	process, err := child.Start(filepath.Base(program), cmd)
	if err != nil {
		return "", err
	}
	select {
	case <-process.Done():
		return strings.TrimSpace(out.String()), process.Err()
	case <-ctx.Done():
		process.Stop()
		return "", errEnded
	}
}
