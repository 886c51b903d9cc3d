package testenv

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// A guard is a process that kills the control plane when this one ends without having stopped it:
// because it was killed, or because a test ran into its deadline. It waits at the end of a pipe
// that only this process has open, and the system closes that however a process ends. (envtest
// starts the programs, and leaves no way to tie them to its own life.)
type guard struct {
	folder  string
	process *exec.Cmd
	pipe    io.WriteCloser
}

// What a guard does: a word on the pipe lets it go, the pipe's end without one makes it kill.
const guarding = `read -r word || kill -9 $(cat "$1")`

// What a guarded program is started by: it notes its number, which stays the program's. (envtest
// asks for help first, which needs no guard.)
const noting = `#!/bin/sh
[ "$1" = --help ] || { echo $$ >>'%[1]s'; echo $$ >'%[2]s.pid'; }
exec '%[3]s' "$@"
`

// newGuard starts a guard that has nothing to guard yet.
func newGuard() (*guard, error) {
	folder, err := os.MkdirTemp("", "latchkey-guard-")
	if err != nil {
		return nil, fmt.Errorf("make folder: %w", err)
	}
	g := &guard{folder: folder}
	g.process = exec.Command("/bin/sh", "-c", guarding, "guard", g.numbers())
	g.process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // an interrupt from the terminal isn't for it
	if g.pipe, err = g.process.StdinPipe(); err == nil {
		err = g.process.Start()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start a guard: %w", err), os.RemoveAll(folder))
	}
	return g, nil
}

// numbers is the file of the process numbers of what is guarded.
func (g *guard) numbers() string { return filepath.Join(g.folder, "pids") }

// guarded returns a program that runs binary below the guard's eyes.
func (g *guard) guarded(binary string) (string, error) {
	path := filepath.Join(g.folder, filepath.Base(binary))
	if err := os.WriteFile(path, fmt.Appendf(nil, noting, g.numbers(), path, binary), 0o700); err != nil {
		return "", fmt.Errorf("write the start of %s: %w", filepath.Base(binary), err)
	}
	return path, nil
}

// pid is the process number of a guarded program, by its name, since it was last started.
func (g *guard) pid(name string) (int, error) {
	text, err := os.ReadFile(filepath.Join(g.folder, name+".pid"))
	if err != nil {
		return 0, fmt.Errorf("find the process of %s: %w", name, err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0, fmt.Errorf("find the process of %s: %w", name, err)
	}
	return pid, nil
}

// forget has it guard a program no more, which has ended: its number may become another's.
func (g *guard) forget(pid int) error {
	text, err := os.ReadFile(g.numbers())
	if err != nil {
		return fmt.Errorf("forget process %d: %w", pid, err)
	}
	kept := slices.DeleteFunc(strings.Fields(string(text)), func(number string) bool { return number == strconv.Itoa(pid) })
	if err := os.WriteFile(g.numbers(), []byte(strings.Join(append(kept, ""), "\n")), 0o600); err != nil {
		return fmt.Errorf("forget process %d: %w", pid, err)
	}
	return nil
}

// release lets the guard go: what it guarded has ended.
func (g *guard) release() error {
	_, err := io.WriteString(g.pipe, "done\n")
	return errors.Join(err, g.end())
}

// kill has it kill what it guards, and ends it.
func (g *guard) kill() { _ = g.end() } // it fails where nothing is left to kill

func (g *guard) end() error {
	return errors.Join(g.pipe.Close(), g.process.Wait(), os.RemoveAll(g.folder))
}
