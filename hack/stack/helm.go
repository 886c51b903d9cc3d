package stack

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/latchkey-auth/latchkey/hack/testenv"
)

// Helm is the path of Helm: the one on PATH, else one in the user's cache, which is built first where it is
// missing. That takes minutes, once.
func Helm(ctx context.Context) (string, error) {
	provide := exec.CommandContext(ctx, filepath.Join(testenv.Root(), "hack", "helm", "provide.sh"))
	provide.Stderr = os.Stderr
	out, err := provide.Output()
	if err != nil {
		return "", fmt.Errorf("provide helm: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}
