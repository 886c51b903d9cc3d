package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
)

// detachedVariable tells a process that it is the background one: it inherits the folder's lock as
// file 3, and as file 4 a pipe for its progress, which it closes when it is ready.
const detachedVariable = "DEMO_DETACHED"

const (
	lockFD     = 3
	progressFD = 4
)

// detach starts the demo in a session of its own and returns when it is ready, or why it isn't.
func detach(ctx context.Context, f *folder) error {
	log, err := os.OpenFile(f.file("log"), os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("open log: %w", err)
	}
	defer log.Close()
	progress, theirs, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("make pipe: %w", err)
	}
	binary, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	cmd := exec.Command(binary)
	cmd.Env = append(os.Environ(), detachedVariable+"=1")
	cmd.Stdout, cmd.Stderr = log, log
	cmd.ExtraFiles = []*os.File{f.lock, theirs}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return errors.Join(fmt.Errorf("start in the background: %w", err), f.remove())
	}
	_ = theirs.Close()
	defer context.AfterFunc(ctx, func() { _ = cmd.Process.Signal(syscall.SIGTERM) })()

	_, _ = io.Copy(os.Stderr, progress) // until it is ready or has ended
	if _, err := os.Stat(f.file("env")); err == nil {
		say(os.Stderr, "it goes on in the background: its log is %s, and `make demo-stop` ends it", f.file("log"))
		return nil
	}
	return fmt.Errorf("it didn't come up (%w); its log ends:\n%s", cmd.Wait(), tail(readAll(log), 30))
}
