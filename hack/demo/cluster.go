package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/latchkey-auth/latchkey/hack/child"
	"github.com/latchkey-auth/latchkey/hack/stack"
	"github.com/latchkey-auth/latchkey/hack/testenv"
)

// The control plane's programs are started by envtest, which can't tie them to the life of this
// one. So it is given links of their names to this program, which ties itself and becomes them.
const (
	assetsVariable = "DEMO_ASSETS" // the folder of the real ones
	parentVariable = "DEMO_PID"    // whose life they are tied to
)

// isTool says whether name is what envtest starts.
func isTool(name string) bool { return slices.Contains([]string{"etcd", "kube-apiserver"}, name) }

// becomeTool turns this process into the real program of that name.
func becomeTool(name string, args []string) error {
	parent, err := strconv.Atoi(os.Getenv(parentVariable))
	if err != nil {
		return fmt.Errorf("%s of the demo: %w", name, err)
	}
	return child.Become(filepath.Join(os.Getenv(assetsVariable), name), args, parent)
}

// startControlPlane starts etcd and kube-apiserver with Latchkey's kinds; all their files are in the folder.
func (d *demo) startControlPlane(context.Context) error {
	temporary, err := d.folder.sub("tmp")
	if err != nil {
		return err
	}
	links, err := d.linkTools()
	if err != nil {
		return err
	}
	for name, value := range map[string]string{
		"TMPDIR": temporary, "KUBEBUILDER_ASSETS": links,
		assetsVariable: d.tools.assets, parentVariable: strconv.Itoa(os.Getpid()),
	} {
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	if d.env, err = testenv.Start(); err != nil {
		return err
	}
	d.onStop(func() {
		if err := d.env.Stop(); err != nil {
			say(d.progress, "%v", err)
		}
	})
	if err := d.folder.write("kubeconfig", string(d.env.Kubeconfig())); err != nil {
		return err
	}
	d.kubectl, err = stack.NewKubectl(d.folder.file("kubeconfig"))
	return err
}

func (d *demo) linkTools() (string, error) {
	links, err := d.folder.sub("tools")
	if err != nil {
		return "", err
	}
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find this program: %w", err)
	}
	for _, name := range []string{"etcd", "kube-apiserver"} {
		if err := os.Symlink(self, filepath.Join(links, name)); err != nil {
			return "", fmt.Errorf("link %s: %w", name, err)
		}
	}
	kubectl := filepath.Join(d.tools.assets, "kubectl")
	if _, err := exec.LookPath(kubectl); err != nil {
		return links, nil // it is on PATH then
	}
	return links, os.Symlink(kubectl, filepath.Join(links, "kubectl"))
}
