//go:build !linux

package child

import (
	"os"
	"os/exec"
	"syscall"
)

// Tie makes cmd, which isn't started yet, a process group of its own; only Linux can tie it to the life
// of this program. Start does this by itself.
func Tie(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}

// Become turns this process into binary and returns only when that fails.
func Become(binary string, args []string, _ int) error {
	return syscall.Exec(binary, args, os.Environ())
}
