package stack

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"

	"github.com/latchkey-auth/latchkey/hack/testenv"
)

// Build builds cmd/latchkey into dir and returns the binary's path. Arguments go to go build.
func Build(ctx context.Context, dir string, arguments ...string) (string, error) {
	return build(ctx, dir, "latchkey", arguments)
}

// BuildPlugin builds cmd/kubectl-latchkey into dir and returns the binary's path. With dir on PATH kubectl finds it.
func BuildPlugin(ctx context.Context, dir string, arguments ...string) (string, error) {
	return build(ctx, dir, "kubectl-latchkey", arguments)
}

func build(ctx context.Context, dir, command string, arguments []string) (string, error) {
	binary := filepath.Join(dir, command)
	build := exec.CommandContext(ctx, "go", append(append([]string{"build", "-o", binary}, arguments...), "./cmd/"+command)...)
	build.Dir = testenv.Root()
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", command, err, out)
	}
	return binary, nil
}
