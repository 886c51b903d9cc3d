//go:build chaos

package chaos_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sync/errgroup"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/latchkey-auth/latchkey/hack/chaos"
	"github.com/latchkey-auth/latchkey/hack/stack"
	"github.com/latchkey-auth/latchkey/hack/testenv"
)

func TestChaos(t *testing.T) {
	ctrl.SetLogger(logr.Discard()) // controller-runtime complains without one
	RegisterFailHandler(Fail)
	RunSpecs(t, "Faults")
}

// patience is how long something may take that a case waits for.
const patience = 90 * time.Second

// checksPerSecond is the load, over all replicas.
const checksPerSecond = 300

// What the cases share, made once: starting it is what costs.
var (
	env         *testenv.Faulty
	kubectl     stack.Kubectl
	folder      string // for what is temporary
	binary      string
	serving     []*process
	controllers []*process
	load        *chaos.Load
	writer      = chaos.NewClient()
	rows        []chaos.Row
)

var _ = BeforeSuite(func(ctx context.Context) {
	folder = GinkgoT().TempDir()
	var starting errgroup.Group
	starting.Go(func() (err error) {
		env, err = testenv.StartFaulty()
		return err
	})
	By("building latchkey with the race detector, and starting a control plane")
	binary = build(ctx, filepath.Join(folder, "latchkey"))
	Expect(starting.Wait()).To(Succeed())
	DeferCleanup(func() { Expect(env.Stop()).To(Succeed()) })

	By("installing Latchkey's rights and a realm")
	kubeconfig := filepath.Join(folder, "kubeconfig")
	Expect(os.WriteFile(kubeconfig, env.Kubeconfig(), 0o600)).To(Succeed())
	var err error
	kubectl, err = stack.NewKubectl(kubeconfig)
	Expect(err).NotTo(HaveOccurred())
	Expect(stack.Install(ctx, kubectl)).To(Succeed())

	By("starting three replicas and two controllers, each with a network of its own")
	for i := range 2 {
		controllers = append(controllers, newProcess(stack.Controller, fmt.Sprintf("controller-%d", i+1), folder))
	}
	for i := range 3 {
		serving = append(serving, newProcess(stack.Serve, fmt.Sprintf("serve-%d", i+1), folder, "--log-level=debug"))
	}
	for _, p := range everybody() {
		DeferCleanup(p.stop)
		starting.Go(func() error { return p.start(ctx) })
	}
	Expect(starting.Wait()).To(Succeed())

	By("letting users log in, and checking their logins from now on")
	populate(ctx)
	checks, stop := context.WithCancel(context.WithoutCancel(ctx))
	var running sync.WaitGroup
	running.Go(func() { load.Run(checks) })
	DeferCleanup(func() { stop(); running.Wait() })
})

// everybody is every process of Latchkey's.
func everybody() []*process { return append(append([]*process(nil), controllers...), serving...) }

// A data race in any process, in any case, is a failure of the suite.
var _ = AfterSuite(func() {
	for _, p := range everybody() {
		p.stop() // also what it does at its end
		Expect(p.journal.since(0, "DATA RACE")).To(BeEmpty(), "%s has a data race", p.name)
		Expect(p.journal.since(0, "panic")).To(BeEmpty(), "%s has panicked", p.name)
	}
	if len(rows) == 0 {
		return
	}
	fmt.Println()
	for _, row := range rows {
		fmt.Println(row)
	}
	table := chaos.Table(rows)
	fmt.Println(table)
	Expect(os.MkdirAll(filepath.Join(testenv.Root(), "bin"), 0o755)).To(Succeed())
	Expect(os.WriteFile(filepath.Join(testenv.Root(), "bin", "chaos.md"), []byte(table), 0o644)).To(Succeed())
})

var _ = ReportAfterEach(func(report SpecReport) {
	if !report.Failed() {
		return
	}
	for _, p := range everybody() {
		fmt.Fprintf(GinkgoWriter, "\n%s said last:\n%s\n", p.name, p.journal.last(30))
	}
})
