package main

import (
	"os"
	"path/filepath"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"k8s.io/cli-runtime/pkg/genericiooptions"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/hack/testenv"
)

func TestKubectlLatchkey(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "kubectl latchkey")
}

// The suite's API server, its administrator's client, and a kubeconfig file of theirs.
var (
	environment *testenv.Environment
	api         client.Client
	kubeconfig  string
)

var _ = BeforeSuite(func() {
	var err error
	environment, err = testenv.Start()
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(environment.Stop)
	api = environment.Client
	kubeconfig = filepath.Join(GinkgoT().TempDir(), "kubeconfig")
	Expect(os.WriteFile(kubeconfig, environment.Kubeconfig(), 0o600)).To(Succeed())
})

// ran is what a command line left behind.
type ran struct {
	Out, ErrOut string
	Code        int
}

// run runs a command line as main does.
func run(ctx SpecContext, args ...string) ran {
	streams, _, out, errOut := genericiooptions.NewTestIOStreams()
	cmd := root(streams)
	cmd.SetArgs(append(args, "--kubeconfig", kubeconfig))
	code := exitCode(streams.ErrOut, cmd.ExecuteContext(ctx))
	return ran{out.String(), errOut.String(), code}
}
