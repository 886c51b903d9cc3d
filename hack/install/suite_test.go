package install_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/latchkey-auth/latchkey/hack/stack"
	"github.com/latchkey-auth/latchkey/hack/testenv"
)

func TestInstallation(t *testing.T) {
	RegisterFailHandler(Fail)
	SetDefaultEventuallyTimeout(time.Minute)
	EnforceDefaultTimeoutsWhenUsingContexts()
	RunSpecs(t, "Installation")
}

// What every installation is made with.
var (
	binary string // latchkey
	tools  string // the folder with helm and kubectl
)

var _ = BeforeSuite(func(ctx SpecContext) {
	dir := GinkgoT().TempDir()
	helmBinary, err := stack.Helm(ctx)
	Expect(err).NotTo(HaveOccurred())
	kubectl, err := stack.NewKubectl("")
	Expect(err).NotTo(HaveOccurred())
	kubectlBinary, err := exec.LookPath(kubectl.Binary())
	Expect(err).NotTo(HaveOccurred())
	tools = filepath.Join(dir, "tools")
	Expect(os.Mkdir(tools, 0o755)).To(Succeed())
	Expect(os.Symlink(helmBinary, filepath.Join(tools, "helm"))).To(Succeed())
	Expect(os.Symlink(kubectlBinary, filepath.Join(tools, "kubectl"))).To(Succeed())
	binary, err = stack.Build(ctx, dir)
	Expect(err).NotTo(HaveOccurred())
})

// cluster is one that knew nothing of Latchkey when its test began, and what an administrator has at hand.
type cluster struct {
	*testenv.Environment
	home       string // with the kubeconfig
	kubeconfig string
}

func newCluster() *cluster {
	GinkgoHelper()
	env, err := testenv.StartEmpty()
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(env.Stop)
	home := GinkgoT().TempDir()
	c := &cluster{Environment: env, home: home, kubeconfig: filepath.Join(home, "kubeconfig")}
	Expect(os.WriteFile(c.kubeconfig, env.Kubeconfig(), 0o600)).To(Succeed())
	return c
}

// shell runs a script in the repository's top folder, as its reader would, and returns what it printed.
func (c *cluster) shell(ctx context.Context, script string) (string, error) {
	command := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", script)
	command.Dir = testenv.Root()
	command.Env = append(os.Environ(), "KUBECONFIG="+c.kubeconfig, "HOME="+c.home, "PATH="+tools+":"+os.Getenv("PATH"))
	var printed, problems bytes.Buffer
	command.Stdout, command.Stderr = &printed, &problems
	err := command.Run()
	AddReportEntry("a script", script+"\n"+printed.String()+problems.String(), ReportEntryVisibilityFailureOrVerbose)
	if err != nil {
		return printed.String() + problems.String(), err
	}
	return printed.String(), nil
}
