package stack

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/latchkey-auth/latchkey/hack/testenv"
)

// Kubectl runs kubectl as the user of a kubeconfig file.
type Kubectl struct{ binary, kubeconfig string }

// NewKubectl finds kubectl on PATH or beside the control plane.
func NewKubectl(kubeconfig string) (Kubectl, error) {
	if binary, err := exec.LookPath("kubectl"); err == nil {
		return Kubectl{binary, kubeconfig}, nil
	}
	assets, err := testenv.Assets()
	if err != nil {
		return Kubectl{}, err
	}
	binary, err := exec.LookPath(filepath.Join(assets, "kubectl"))
	if err != nil {
		return Kubectl{}, fmt.Errorf("find kubectl: %w", err)
	}
	return Kubectl{binary, kubeconfig}, nil
}

// Binary is how a shell calls it: kubectl where PATH has one, else its path.
func (k Kubectl) Binary() string {
	if _, err := exec.LookPath("kubectl"); err == nil {
		return "kubectl"
	}
	return k.binary
}

// Run runs kubectl with arguments and returns what it printed.
func (k Kubectl) Run(ctx context.Context, arguments ...string) (string, error) {
	return k.RunWith(ctx, nil, arguments...)
}

// RunWith is Run with a standard input.
func (k Kubectl) RunWith(ctx context.Context, stdin io.Reader, arguments ...string) (string, error) {
	cmd := exec.CommandContext(ctx, k.binary, append([]string{"--kubeconfig", k.kubeconfig}, arguments...)...)
	cmd.Stdin = stdin
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("kubectl %s: %w: %s", strings.Join(arguments, " "), err, strings.TrimSpace(problems.String()))
	}
	return out.String(), nil
}

// Render returns the objects of a kustomization below the repository's top folder, as YAML.
func (k Kubectl) Render(ctx context.Context, folder ...string) (string, error) {
	return k.Run(ctx, "kustomize", filepath.Join(append([]string{testenv.Root()}, folder...)...))
}

// Apply applies manifests by server-side apply, which keeps no copy of them in an annotation.
func (k Kubectl) Apply(ctx context.Context, manifests string) error {
	_, err := k.RunWith(ctx, strings.NewReader(manifests), "apply", "--server-side", "-f", "-")
	return err
}
