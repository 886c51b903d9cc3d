package main

import (
	"fmt"
	"os"
	"syscall"
	"time"
)

// patience is how long a demo may take to clean up before it is killed.
const patience = 90 * time.Second

// stop ends the running demo, if there is one, and removes what one that was killed left behind.
func stop() error {
	path, err := folderPath()
	if err != nil {
		return err
	}
	pid, err := runningPID(path)
	if err != nil {
		return err
	}
	if pid == 0 {
		say(os.Stderr, "no demo is running")
		return os.RemoveAll(path)
	}
	say(os.Stderr, "ending the demo (process %d)", pid)
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		return fmt.Errorf("end process %d: %w", pid, err)
	}
	if gone(path, pid, time.Now().Add(patience)) {
		say(os.Stderr, "gone")
		return os.RemoveAll(path)
	}
	say(os.Stderr, "it doesn't end: killing it")
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil { // its children die with it
		return fmt.Errorf("kill process %d: %w", pid, err)
	}
	gone(path, pid, time.Now().Add(patience))
	return os.RemoveAll(path)
}

// gone waits until pid doesn't own path any more.
func gone(path string, pid int, deadline time.Time) bool {
	for time.Now().Before(deadline) {
		owner, err := runningPID(path)
		if err == nil && owner != pid {
			return true
		}
		time.Sleep(50 * time.Millisecond)
	}
	return false
}
