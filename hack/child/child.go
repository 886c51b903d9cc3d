// Package child runs programs that never outlive this one: they end when they are stopped, when
// the program that started them ends, and (on Linux) when that is killed without warning.
package child

import (
	"fmt"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// grace is how long a child may take to end by itself after Stop asked it to.
const grace = 20 * time.Second

// Process is a program that was started by Start.
type Process struct {
	name string
	cmd  *exec.Cmd
	done chan struct{}
	err  error // what Wait said; read it after done is closed
}

// Start starts cmd in a process group of its own, so that an interrupt from the terminal reaches
// this program alone, which then decides in which order its children end. name is for messages.
func Start(name string, cmd *exec.Cmd) (*Process, error) {
	Tie(cmd)
	cmd.WaitDelay = 2 * time.Second
	p := &Process{name: name, cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		// Linux sends the death signal when the thread that forked ends, so this one stays until the child is gone.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			p.err = cmd.Wait()
			close(p.done)
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	return p, nil
}

// Name is what the process was started as.
func (p *Process) Name() string { return p.name }

// PID is the operating system's number of the process.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err says how an ended process ended, and is nil while it runs or when it succeeded.
func (p *Process) Err() error {
	select {
	case <-p.done:
		if p.err != nil {
			return fmt.Errorf("%s ended: %w", p.name, p.err)
		}
		return nil
	default:
		return nil
	}
}

// Stop asks the process and its own children to end, kills them when it hasn't after 20 seconds,
// and returns when it is gone. Stopping twice, or what has ended, does nothing.
func (p *Process) Stop() {
	select {
	case <-p.done:
		return
	default:
	}
	p.signal(syscall.SIGTERM)
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-p.done:
	case <-timer.C:
		p.Kill()
	}
}

// Kill ends the process and its own children without warning and returns when it is gone.
func (p *Process) Kill() {
	p.signal(syscall.SIGKILL)
	<-p.done
}

// signal reaches the whole process group, whose number is the process's. An error means that it has
// just ended.
func (p *Process) signal(s syscall.Signal) { _ = syscall.Kill(-p.cmd.Process.Pid, s) }
