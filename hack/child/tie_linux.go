package child

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

// Tie makes cmd, which isn't started yet, a process group of its own that dies when this program does,
// however it does. Start does this by itself.
func Tie(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// Become turns this process into binary, tied to the life of its parent, whose process ID is
// given, and returns only when that fails. It is for programs that somebody else's code starts.
func Become(binary string, args []string, parent int) error {
	if _, _, errno := syscall.RawSyscall(syscall.SYS_PRCTL, syscall.PR_SET_PDEATHSIG, uintptr(syscall.SIGKILL), 0); errno != 0 {
		return fmt.Errorf("tie to parent: %w", errno)
	}
	if os.Getppid() != parent { // it died before the line above
		return fmt.Errorf("parent %d has ended", parent)
	}
	return syscall.Exec(binary, args, os.Environ()) // the death signal survives this
}
