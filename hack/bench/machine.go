package main

import (
	"context"
	"os/exec"
	"runtime"
	"strings"

	"github.com/latchkey-auth/latchkey/hack/bench/figures"
	"github.com/latchkey-auth/latchkey/hack/testenv"
)

// machine is where the benchmark runs, and on what.
func machine(ctx context.Context) figures.Machine {
	return figures.Machine{Cores: runtime.NumCPU(), Go: runtime.Version(), Commit: commit(ctx)}
}

// commit names what is measured, with -dirty when files differ from it; "" where git can't say.
func commit(ctx context.Context) string {
	git := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*")
	git.Dir = testenv.Root()
	out, err := git.Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}
