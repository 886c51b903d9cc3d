package webhookcert_test

import (
	"context"
	"crypto/tls"
	"net"
	"testing"
	"time"

	"github.com/go-logr/logr"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/latchkey-auth/latchkey/controllers/controllertest"
	"github.com/latchkey-auth/latchkey/controllers/webhookcert"
)

var suite *controllertest.Suite

func TestKeeper(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "The certificate of what the API server asks")
}

var _ = BeforeSuite(func(ctx SpecContext) {
	suite = controllertest.Start(ctx, nil, func(context.Context, manager.Manager) error { return nil })
})

var _ = AfterSuite(func() { suite.Stop() })

func keeper(namespace, url string, admission bool, now time.Time) *webhookcert.Keeper {
	GinkgoHelper()
	k, err := webhookcert.New(webhookcert.Config{
		Live: suite.Client, Writer: suite.Client, Namespace: namespace, URL: url, Admission: admission,
		Clock: clocktesting.NewFakePassiveClock(now), Log: logr.Discard(),
	})
	Expect(err).NotTo(HaveOccurred())
	return k
}

func secret(ctx context.Context, namespace, name string) *corev1.Secret {
	GinkgoHelper()
	s := &corev1.Secret{}
	Expect(suite.Client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, s)).To(Succeed())
	return s
}

// configuration is what the API server has been told to ask; nil if nothing.
func configuration(ctx context.Context) *admissionv1.ValidatingWebhookConfiguration {
	GinkgoHelper()
	c := &admissionv1.ValidatingWebhookConfiguration{}
	err := suite.Client.Get(ctx, client.ObjectKey{Name: webhookcert.ConfigurationName}, c)
	Expect(client.IgnoreNotFound(err)).To(Succeed())
	if err != nil {
		return nil
	}
	return c
}

var _ = Describe("Keeping the certificate", Serial, func() {
	It("makes both Secrets once, and a new leaf in time", func(ctx SpecContext) {
		namespace, now := suite.Namespace(ctx), time.Now()
		Expect(keeper(namespace, "", false, now).Tick(ctx)).To(Succeed())
		authority, leaf := secret(ctx, namespace, webhookcert.AuthoritySecret), secret(ctx, namespace, webhookcert.LeafSecret)

		Expect(keeper(namespace, "", false, now.Add(59*day)).Tick(ctx)).To(Succeed())
		Expect(secret(ctx, namespace, webhookcert.LeafSecret).ResourceVersion).To(Equal(leaf.ResourceVersion))

		Expect(keeper(namespace, "", false, now.Add(61*day)).Tick(ctx)).To(Succeed())
		Expect(secret(ctx, namespace, webhookcert.LeafSecret).Data["tls.crt"]).NotTo(Equal(leaf.Data["tls.crt"]))
		Expect(secret(ctx, namespace, webhookcert.AuthoritySecret).ResourceVersion).To(Equal(authority.ResourceVersion))
	})

	It("leaves a certificate of cert-manager alone", func(ctx SpecContext) {
		namespace := suite.Namespace(ctx)
		foreign := &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{
				Namespace: namespace, Name: webhookcert.LeafSecret,
				Labels:      map[string]string{"app.kubernetes.io/managed-by": "latchkey"},
				Annotations: map[string]string{"cert-manager.io/certificate-name": "latchkey-kubernetes"},
			},
			Type: corev1.SecretTypeTLS,
			Data: map[string][]byte{"tls.crt": []byte("theirs"), "tls.key": []byte("theirs"), "ca.crt": []byte("theirs")},
		}
		Expect(suite.Client.Create(ctx, foreign)).To(Succeed())
		Expect(keeper(namespace, "", false, time.Now()).Tick(ctx)).To(Succeed())
		Expect(secret(ctx, namespace, webhookcert.LeafSecret).ResourceVersion).To(Equal(foreign.ResourceVersion))
	})

	It("has the API server ask only once somebody answers, undoes drift, and ends it when told to", func(ctx SpecContext) {
		namespace := suite.Namespace(ctx)
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		Expect(err).NotTo(HaveOccurred())
		url := "https://" + listener.Addr().String()
		Expect(listener.Close()).To(Succeed())
		on := keeper(namespace, url, true, time.Now())

		Expect(on.Tick(ctx)).To(MatchError(ContainSubstring("admission waits for latchkey kubernetes")))
		Expect(configuration(ctx)).To(BeNil())

		served := secret(ctx, namespace, webhookcert.LeafSecret)
		pair, err := tls.X509KeyPair(served.Data["tls.crt"], served.Data["tls.key"])
		Expect(err).NotTo(HaveOccurred())
		listener, err = tls.Listen("tcp", url[len("https://"):], &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12})
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(listener.Close)
		go func() {
			for {
				c, err := listener.Accept()
				if err != nil {
					return
				}
				_ = c.(*tls.Conn).Handshake() //nolint:errcheck // the client says what is wrong
				_ = c.Close()
			}
		}()
		Expect(on.Tick(ctx)).To(Succeed())
		made := configuration(ctx)
		Expect(made.Webhooks).To(HaveLen(4))
		Expect(made.Webhooks[0].ClientConfig.CABundle).To(Equal(served.Data["ca.crt"]))
		Expect(on.Tick(ctx)).To(Succeed())
		Expect(configuration(ctx).ResourceVersion).To(Equal(made.ResourceVersion), "a second look writes nothing")

		ignore := admissionv1.Ignore
		made.Webhooks[0].FailurePolicy = &ignore
		Expect(suite.Client.Update(ctx, made)).To(Succeed())
		Expect(on.Tick(ctx)).To(Succeed())
		Expect(*configuration(ctx).Webhooks[0].FailurePolicy).To(Equal(admissionv1.Fail))

		Expect(keeper(namespace, url, false, time.Now()).Tick(ctx)).To(Succeed())
		Expect(configuration(ctx)).To(BeNil())
	})
})
