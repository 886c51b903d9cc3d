package browser_test

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
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/hack/app"
	"github.com/latchkey-auth/latchkey/hack/chromium"
	"github.com/latchkey-auth/latchkey/hack/proxy"
	"github.com/latchkey-auth/latchkey/hack/stack"
	"github.com/latchkey-auth/latchkey/hack/testenv"
)

func TestBrowsers(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "People with browsers")
}

// The names that people know.
const (
	domain = "example.com"
	auth   = "https://auth.example.com"
	reader = "https://app.example.com"  // behind Caddy
	wiki   = "https://wiki.example.com" // behind nginx
)

// The stack under test, made once: starting it is what costs.
var (
	env      *testenv.Environment
	kubectl  stack.Kubectl
	latchkey *stack.Server
	names    *front
	program  string            // Chromium
	browser  *chromium.Browser // that of most people
)

var _ = BeforeSuite(func(ctx context.Context) {
	var err error
	program, err = chromium.Find()
	skipWithout(err, chromium.ErrMissing, "REQUIRE_BROWSER")
	for _, kind := range []proxy.Kind{proxy.Caddy, proxy.Nginx} {
		_, err := kind.Find()
		skipWithout(err, proxy.ErrMissing, "REQUIRE_PROXIES")
	}
	dir := GinkgoT().TempDir()

	By("starting a control plane")
	env, err = testenv.Start()
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(env.Stop)
	kubeconfig := filepath.Join(dir, "kubeconfig")
	Expect(os.WriteFile(kubeconfig, env.Kubeconfig(), 0o600)).To(Succeed())
	kubectl, err = stack.NewKubectl(kubeconfig)
	Expect(err).NotTo(HaveOccurred())

	By("installing Latchkey's rights, a realm whose apps share a domain, and the samples")
	Expect(stack.Install(ctx, kubectl)).To(Succeed())
	_, err = stack.ApplySamples(ctx, kubectl)
	Expect(err).NotTo(HaveOccurred())
	changeRealm(ctx, func(s *v1alpha1.RealmSpec) {
		s.Sessions.CookieDomain = domain
		s.Sessions.AllowedRedirects = []string{"app.example.com", "wiki.example.com"}
	})

	By("starting Latchkey")
	binary, err := stack.Build(ctx, dir)
	Expect(err).NotTo(HaveOccurred())
	address, err := stack.FreeAddress()
	Expect(err).NotTo(HaveOccurred())
	latchkey, err = stack.Launch{
		Command: stack.Run, Binary: binary, Env: env, Dir: dir, Listen: address, ExternalURL: auth,
		Log: GinkgoWriter, Flags: []string{"--log-level=debug", "--trusted-proxies=127.0.0.1/32"},
	}.Start(ctx)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(latchkey.Stop)

	By("starting an app behind Caddy and one behind nginx, and names with TLS before everything")
	names, err = newFront("*."+domain, map[string]string{
		"auth.example.com": latchkey.Public, "app.example.com": anAppBehind(ctx, proxy.Caddy), "wiki.example.com": anAppBehind(ctx, proxy.Nginx),
	})
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(names.Close)

	By("starting a browser")
	browser = aBrowser(chromium.Launch{})
	untilReady(ctx, "lkrealm", "default")
})

// anAppBehind starts a sample app behind a proxy, and returns the proxy's address.
func anAppBehind(ctx context.Context, kind proxy.Kind) string {
	GinkgoHelper()
	server := httptest.NewServer(app.Handler())
	DeferCleanup(server.Close)
	binary, err := kind.Find()
	Expect(err).NotTo(HaveOccurred())
	site := proxy.Site{App: strings.TrimPrefix(server.URL, "http://"), Latchkey: []string{latchkey.Public}, Dir: GinkgoT().TempDir()}
	p, err := kind.Start(ctx, binary, site, GinkgoWriter)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(p.Stop)
	return p.Address
}

// skipWithout skips everything where this machine lacks a program, unless a variable of the environment requires it.
func skipWithout(err, missing error, variable string) {
	GinkgoHelper()
	if errors.Is(err, missing) && os.Getenv(variable) != "1" {
		Skip(err.Error())
	}
	Expect(err).NotTo(HaveOccurred())
}

// aBrowser starts a browser that knows the names of the front.
func aBrowser(l chromium.Launch) *chromium.Browser {
	GinkgoHelper()
	l.Binary, l.Names, l.TrustedKey = program, map[string]string{"*." + domain + ":443": names.Address()}, names.key
	b, err := l.Start()
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(b.Stop)
	return b
}

// changeRealm changes the realm's spec.
func changeRealm(ctx context.Context, change func(*v1alpha1.RealmSpec)) {
	GinkgoHelper()
	realm := &v1alpha1.Realm{}
	Expect(env.Client.Get(ctx, client.ObjectKey{Namespace: stack.Namespace, Name: "default"}, realm)).To(Succeed())
	old := realm.DeepCopy()
	change(&realm.Spec)
	Expect(env.Client.Patch(ctx, realm, client.MergeFrom(old))).To(Succeed())
}
