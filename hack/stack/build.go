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
	binary := filepath.Join(dir, "latchkey")
	build := exec.CommandContext(ctx, "go", append(append([]string{"build", "-o", binary}, arguments...), "./cmd/latchkey")...)
	build.Dir = testenv.Root()
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build latchkey: %w\n%s", err, out)
	}
	return binary, nil
}
