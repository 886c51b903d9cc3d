package webhookcert_test

import (
	"context"
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	admissionreview "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"encoding/json"

	"github.com/latchkey-auth/latchkey/controllers/webhookcert"
	"github.com/latchkey-auth/latchkey/hack/testenv"
)

func TestWebhookcert(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Certificates of what the API server asks")
}

// namespace is Latchkey's own.
const namespace = "latchkey"

var (
	environment *testenv.Environment
	api         client.Client // an administrator's
	leader      client.Client // with the rights of the controllers' ServiceAccount, as they are generated
)

var _ = BeforeSuite(func(ctx SpecContext) {
	SetDefaultEventuallyTimeout(20 * time.Second)
	var err error
	environment, err = testenv.Start()
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { Expect(environment.Stop()).To(Succeed()) })
	api = environment.Client
	Expect(api.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}})).To(Succeed())
	leader = theLeader(ctx)
})

// theLeader binds config/rbac/rights/controller.yaml to a user.
func theLeader(ctx context.Context) client.Client {
	GinkgoHelper()
	const name = "leader"
	text, err := os.ReadFile(filepath.Join(testenv.Root(), "config", "rbac", "rights", "controller.yaml"))
	Expect(err).NotTo(HaveOccurred())
	for document := range yamlDocuments(text) {
		var role struct {
			metav1.TypeMeta
			metav1.ObjectMeta `json:"metadata"`
			Rules             []rbacv1.PolicyRule
		}
		Expect(yaml.Unmarshal(document, &role)).To(Succeed())
		subject := []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "User", Name: name}}
		switch role.Kind {
		case "ClusterRole":
			Expect(api.Create(ctx, &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: name}, Rules: role.Rules})).To(Succeed())
			Expect(api.Create(ctx, &rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: name}, Subjects: subject,
				RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: name}})).To(Succeed())
		case "Role":
			if role.Namespace != namespace {
				continue
			}
			Expect(api.Create(ctx, &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}, Rules: role.Rules})).To(Succeed())
			Expect(api.Create(ctx, &rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}, Subjects: subject,
				RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: name}})).To(Succeed())
		}
	}
	config, err := environment.ConfigFor(name, "system:authenticated")
	Expect(err).NotTo(HaveOccurred())
	c, err := client.New(config, client.Options{Scheme: testenv.Scheme()})
	Expect(err).NotTo(HaveOccurred())
	return c
}

// asked is what the API server asks: it answers once it has its certificate, and refuses everything.
type asked struct {
	*httptest.Server
	mu          sync.Mutex
	certificate *tls.Certificate
}

// mount takes the certificate of the Secret, as a kubelet would.
func (a *asked) mount(ctx context.Context) {
	GinkgoHelper()
	secret := theSecret(ctx, webhookcert.LeafSecret)
	pair, err := tls.X509KeyPair(secret.Data[corev1.TLSCertKey], secret.Data[corev1.TLSPrivateKeyKey])
	Expect(err).NotTo(HaveOccurred())
	a.mu.Lock()
	defer a.mu.Unlock()
	a.certificate = &pair
}

// refusal is what everybody hears who is judged.
const refusal = "the server was asked"

func anAskedServer() *asked {
	a := &asked{}
	a.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		review := &admissionreview.AdmissionReview{}
		_ = json.NewDecoder(r.Body).Decode(review)
		review.Response = &admissionreview.AdmissionResponse{UID: review.Request.UID, Result: &metav1.Status{Message: refusal}}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(review)
	}))
	a.TLS = &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.certificate == nil {
			return nil, os.ErrNotExist
		}
		return a.certificate, nil
	}}
	a.StartTLS()
	a.TLS.Certificates = nil // httptest's own
	DeferCleanup(a.Close)
	return a
}

func aKeeper(url string, options ...func(*webhookcert.Config)) *webhookcert.Keeper {
	GinkgoHelper()
	c := webhookcert.Config{Live: leader, Writer: leader, Namespace: namespace, Admission: true, URL: url,
		Now: time.Now, Clock: clock.RealClock{}, Log: logr.Discard()}
	for _, option := range options {
		option(&c)
	}
	k, err := webhookcert.New(c)
	Expect(err).NotTo(HaveOccurred())
	return k
}

func theSecret(ctx context.Context, name string) *corev1.Secret {
	GinkgoHelper()
	s := &corev1.Secret{}
	Expect(api.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, s)).To(Succeed())
	return s
}
