package kubernetes_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/hack/stack"
	"github.com/latchkey-auth/latchkey/hack/testenv"
)

func TestKubernetes(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "The API server as a client")
}

// audience is the API server's, as most installations have it.
const audience = "https://kubernetes.default.svc.cluster.local"

// patience is how long a change may take on a machine that is busy with other things.
const patience = 60 * time.Second

var (
	bin    string // holds the plugin
	binary string // latchkey
)

var _ = BeforeSuite(func(ctx context.Context) {
	bin = GinkgoT().TempDir()
	var err error
	binary, err = stack.Build(ctx, bin)
	Expect(err).NotTo(HaveOccurred())
	_, err = stack.BuildPlugin(ctx, bin)
	Expect(err).NotTo(HaveOccurred())
})

// world is a control plane that is configured in one way, and a Latchkey on it.
type world struct {
	dir       string
	tls       identity
	url       string // of Latchkey's public listener, and so the default realm's issuer
	address   string // its host and port
	env       *testenv.Environment
	admin     stack.Kubectl // with all rights
	latchkey  *stack.Server
	passwords map[string]string // by user
}

// newWorld chooses where Latchkey will be, which the API server must know first.
func newWorld() *world {
	GinkgoHelper()
	address, err := stack.FreeAddress()
	Expect(err).NotTo(HaveOccurred())
	w := &world{dir: GinkgoT().TempDir(), url: "https://" + address, address: address, passwords: map[string]string{}}
	w.tls = newIdentity(w.dir)
	return w
}

// sample writes a file of config/samples/kube-apiserver with replacements made, each of
// which must be there, and returns where.
func (w *world) sample(name string, replacements ...string) string {
	GinkgoHelper()
	text, err := os.ReadFile(filepath.Join(testenv.Root(), "config", "samples", "kube-apiserver", name))
	Expect(err).NotTo(HaveOccurred())
	changed := string(text)
	for i := 0; i < len(replacements); i += 2 {
		Expect(changed).To(ContainSubstring(replacements[i]), name)
		changed = strings.ReplaceAll(changed, replacements[i], replacements[i+1])
	}
	file := filepath.Join(w.dir, name)
	Expect(os.WriteFile(file, []byte(changed), 0o600)).To(Succeed())
	return file
}

// start starts the control plane, installs Latchkey and starts it, with the sample users.
func (w *world) start(ctx context.Context, flags testenv.Flags) {
	GinkgoHelper()
	var err error
	w.env, err = testenv.StartWith(flags)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(w.env.Stop)
	kubeconfig := filepath.Join(w.dir, "kubeconfig")
	Expect(os.WriteFile(kubeconfig, w.env.Kubeconfig(), 0o600)).To(Succeed())
	w.admin, err = stack.NewKubectl(kubeconfig)
	Expect(err).NotTo(HaveOccurred())
	Expect(stack.Install(ctx, w.admin)).To(Succeed())
	samples, err := stack.ApplySamples(ctx, w.admin)
	Expect(err).NotTo(HaveOccurred())
	for _, login := range samples.Logins {
		w.passwords[login.User] = login.Password
	}
	w.realm(ctx, func(spec *v1alpha1.RealmSpec) { spec.Audiences = []string{w.url, audience} })
	w.serve(ctx)
	Expect(w.env.Client.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "demo"}})).To(Succeed())
	Expect(w.env.Client.Create(ctx, &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: "web"},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "web", Image: "web"}}},
	})).To(Succeed())
	Expect(w.env.Client.Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: "settings"}})).To(Succeed())
}

// serve starts Latchkey at its address.
func (w *world) serve(ctx context.Context) {
	GinkgoHelper()
	var err error
	w.latchkey, err = stack.Launch{
		Command: stack.Run, Binary: binary, Env: w.env, Dir: w.dir, Listen: w.address, ExternalURL: w.url, Log: GinkgoWriter,
		Flags: []string{"--tls-cert-file", w.tls.cert, "--tls-key-file", w.tls.key},
	}.Start(ctx)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(w.latchkey.Stop)
}

// realm changes the default realm.
func (w *world) realm(ctx context.Context, change func(*v1alpha1.RealmSpec)) {
	GinkgoHelper()
	Eventually(func() error { // the leader writes the status meanwhile
		realm := &v1alpha1.Realm{}
		if err := w.env.Client.Get(ctx, client.ObjectKey{Namespace: stack.Namespace, Name: v1alpha1.RealmName}, realm); err != nil {
			return err
		}
		change(&realm.Spec)
		return w.env.Client.Update(ctx, realm)
	}).Should(Succeed())
}
