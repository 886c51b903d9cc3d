package e2e_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/latchkey-auth/latchkey/hack/app"
	"github.com/latchkey-auth/latchkey/hack/proxy"
	"github.com/latchkey-auth/latchkey/hack/stack"
	"github.com/latchkey-auth/latchkey/hack/testenv"
)

func TestEndToEnd(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "End to end")
}

// The stack under test, made once: starting it is what costs.
var (
	env      *testenv.Environment
	kubectl  stack.Kubectl
	latchkey *stack.Server
	samples  *stack.Samples
	proxies  = map[proxy.Kind]*proxy.Proxy{} // those that this machine has
	missing  = map[proxy.Kind]error{}        // why it lacks the others
	logFile  string
	secrets  = &canaries{values: map[string]string{}}
	binary   string // latchkey
	backend  string // address of the sample app
)

var _ = BeforeSuite(func(ctx context.Context) {
	dir := GinkgoT().TempDir()
	logFile = filepath.Join(dir, "latchkey.log")

	By("starting a control plane")
	var err error
	env, err = testenv.Start()
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(env.Stop)
	kubeconfig := filepath.Join(dir, "kubeconfig")
	Expect(os.WriteFile(kubeconfig, env.Kubeconfig(), 0o600)).To(Succeed())
	kubectl, err = stack.NewKubectl(kubeconfig)
	Expect(err).NotTo(HaveOccurred())

	By("installing Latchkey's rights, a realm and the samples")
	Expect(stack.Install(ctx, kubectl)).To(Succeed())
	samples, err = stack.ApplySamples(ctx, kubectl)
	Expect(err).NotTo(HaveOccurred())
	for role, login := range samples.Logins {
		secrets.add("password of the "+role, login.Password)
	}

	By("starting Latchkey")
	binary, err = stack.Build(ctx, dir)
	Expect(err).NotTo(HaveOccurred())
	log, err := os.OpenFile(logFile, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(log.Close)
	address, err := stack.FreeAddress()
	Expect(err).NotTo(HaveOccurred())
	latchkey, err = stack.Launch{
		Command: stack.Run, Binary: binary, Env: env, Dir: dir, Listen: address, ExternalURL: "http://" + address,
		Log: log, Flags: []string{"--log-level=debug"},
	}.Start(ctx)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(latchkey.Stop)

	By("starting the sample app behind each proxy")
	server := httptest.NewServer(app.Handler())
	DeferCleanup(server.Close)
	backend = strings.TrimPrefix(server.URL, "http://")
	for _, kind := range proxy.Kinds() {
		p, err := startProxy(ctx, kind, "")
		if errors.Is(err, proxy.ErrMissing) {
			missing[kind] = err
			continue
		}
		Expect(err).NotTo(HaveOccurred())
		proxies[kind] = p
	}
	Eventually(kubectl.Run).WithArguments(ctx, "-n", stack.Namespace, "wait", "--for=condition=Ready", "--all", "--timeout=30s", "lkrealm,lkrole,lkuser").
		WithTimeout(patience).Should(ContainSubstring("condition met"))
	addTenant(ctx)
})

// startProxy starts a proxy that asks check, or its own dialect where that is empty.
func startProxy(ctx context.Context, kind proxy.Kind, check string) (*proxy.Proxy, error) {
	program, err := kind.Find()
	if err != nil {
		return nil, err
	}
	site := proxy.Site{App: backend, Latchkey: []string{latchkey.Public}, GRPC: []string{latchkey.GRPC}, Check: check, Dir: GinkgoT().TempDir()}
	p, err := kind.Start(ctx, program, site, GinkgoWriter)
	if err == nil {
		DeferCleanup(p.Stop)
	}
	return p, err
}

// behind returns the proxy of that kind, or skips the story where this machine has none and none is required.
func behind(kind proxy.Kind) *proxy.Proxy {
	GinkgoHelper()
	if err := missing[kind]; err != nil {
		if os.Getenv("REQUIRE_PROXIES") == "1" && kind.Required() {
			Fail(err.Error())
		}
		Skip(err.Error())
	}
	return proxies[kind]
}

// anyProxy returns a proxy that this machine has.
func anyProxy() *proxy.Proxy {
	GinkgoHelper()
	for _, kind := range proxy.Kinds() {
		if p := proxies[kind]; p != nil {
			return p
		}
	}
	return behind(proxy.Nginx)
}
