package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/latchkey-auth/latchkey/hack/testenv"
)

// errRunning says that another demo owns the folder.
var errRunning = errors.New("a demo is running already: end it with `make demo-stop`")

// folder is where a demo keeps everything. Who holds the lock in it owns it; the lock goes with the
// process, so a folder without one is left over from a demo that was killed.
type folder struct {
	path string
	lock *os.File
}

// folderPath is DEMO_DIR, or .demo in the repository.
func folderPath() (string, error) {
	if dir := os.Getenv("DEMO_DIR"); dir != "" {
		return filepath.Abs(dir)
	}
	return filepath.Abs(filepath.Join(testenv.Root(), ".demo"))
}

// own makes an empty folder and takes possession of it, or returns errRunning.
func own() (*folder, error) {
	path, err := folderPath()
	if err != nil {
		return nil, err
	}
	for {
		if err := os.MkdirAll(path, 0o700); err != nil {
			return nil, fmt.Errorf("make folder: %w", err)
		}
		lock, err := takeLock(filepath.Join(path, "lock"))
		if err != nil {
			return nil, err
		}
		if lock == nil {
			continue // a demo that just ended took its folder with it
		}
		f := &folder{path: path, lock: lock}
		return f, errors.Join(f.empty(), f.notePID())
	}
}

// takeLock locks the file of that name and returns it, or nil if it was removed meanwhile.
func takeLock(name string) (*os.File, error) {
	lock, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("open lock: %w", err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = lock.Close()
		return nil, errRunning
	}
	held, err := lock.Stat()
	if err == nil {
		named, statErr := os.Stat(name)
		if statErr == nil && os.SameFile(held, named) {
			return lock, nil
		}
	}
	return nil, lock.Close()
}

// inherited is the folder that a demo in the foreground handed to this process.
func inherited(fd uintptr) (*folder, error) {
	path, err := folderPath()
	if err != nil {
		return nil, err
	}
	syscall.CloseOnExec(int(fd)) // else every child would hold the lock
	return &folder{path: path, lock: os.NewFile(fd, "lock")}, nil
}

// empty removes all but the lock.
func (f *folder) empty() error {
	entries, err := os.ReadDir(f.path)
	if err != nil {
		return fmt.Errorf("read folder: %w", err)
	}
	var errs []error
	for _, entry := range entries {
		if entry.Name() != "lock" {
			errs = append(errs, os.RemoveAll(f.file(entry.Name())))
		}
	}
	return errors.Join(errs...)
}

// remove removes the folder and gives up possession.
func (f *folder) remove() error {
	return errors.Join(os.RemoveAll(f.path), f.lock.Close())
}

// file is the path of a file in the folder.
func (f *folder) file(name ...string) string {
	return filepath.Join(append([]string{f.path}, name...)...)
}

// sub makes a folder within the folder.
func (f *folder) sub(name string) (string, error) {
	path := f.file(name)
	if err := os.MkdirAll(path, 0o700); err != nil {
		return "", fmt.Errorf("make folder: %w", err)
	}
	return path, nil
}

// write writes a file whole or not at all, for the owner's eyes only.
func (f *folder) write(name, content string) error {
	fresh := f.file("." + name)
	if err := os.WriteFile(fresh, []byte(content), 0o600); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return os.Rename(fresh, f.file(name))
}

// notePID tells demo-stop whom to ask.
func (f *folder) notePID() error { return f.write("pid", strconv.Itoa(os.Getpid())+"\n") }

// runningPID is the process that owns the folder at path, or 0 if none does.
func runningPID(path string) (int, error) {
	lock, err := os.Open(filepath.Join(path, "lock"))
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("open lock: %w", err)
	}
	defer lock.Close()
	// Only a living demo holds the lock, so its note can't name another program that got the same number since.
	if syscall.Flock(int(lock.Fd()), syscall.LOCK_SH|syscall.LOCK_NB) == nil {
		return 0, nil
	}
	note, err := os.ReadFile(filepath.Join(path, "pid"))
	if err != nil {
		return 0, fmt.Errorf("read the demo's process ID: %w", err)
	}
	return strconv.Atoi(strings.TrimSpace(string(note)))
}
