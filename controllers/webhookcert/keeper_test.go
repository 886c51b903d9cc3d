package webhookcert_test

import (
	"bytes"
	"context"
	"iter"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/controllers/webhookcert"
)

func yamlDocuments(text []byte) iter.Seq[[]byte] { return bytes.SplitSeq(text, []byte("\n---\n")) }

func theConfiguration(ctx context.Context) *admissionv1.ValidatingWebhookConfiguration {
	GinkgoHelper()
	c := &admissionv1.ValidatingWebhookConfiguration{}
	Expect(api.Get(ctx, client.ObjectKey{Name: webhookcert.ConfigurationName}, c)).To(Succeed())
	return c
}

func noConfiguration(ctx context.Context) {
	GinkgoHelper()
	list := &admissionv1.ValidatingWebhookConfigurationList{}
	Expect(api.List(ctx, list)).To(Succeed())
	Expect(list.Items).To(BeEmpty())
}

// aUserWithARole is what the API server asks about.
func aUserWithARole(ctx context.Context) error {
	u := &v1alpha1.User{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, GenerateName: "user-"}}
	u.Spec.Roles = []v1alpha1.GrantableRoleName{"viewer"}
	return api.Create(ctx, u, client.DryRunAll)
}

func tick(ctx context.Context, k *webhookcert.Keeper) (done bool) {
	GinkgoHelper()
	done, err := k.Tick(ctx)
	Expect(err).NotTo(HaveOccurred())
	return done
}

var _ = Describe("The leader", Serial, func() {
	AfterEach(func(ctx SpecContext) {
		Expect(api.DeleteAllOf(ctx, &admissionv1.ValidatingWebhookConfiguration{})).To(Succeed())
		Expect(api.DeleteAllOf(ctx, &corev1.Secret{}, client.InNamespace(namespace))).To(Succeed())
	})

	It("has the API server ask only once somebody answers, and then leaves all as it is", func(ctx SpecContext) {
		server := anAskedServer()
		k := aKeeper(server.URL)

		Expect(tick(ctx, k)).To(BeFalse(), "nobody answers yet")
		noConfiguration(ctx)
		Expect(theSecret(ctx, webhookcert.LeafSecret).Type).To(Equal(corev1.SecretTypeTLS))
		Expect(theSecret(ctx, webhookcert.LeafSecret).Data).NotTo(HaveKey("next.key"))
		Expect(aUserWithARole(ctx)).To(Succeed(), "an installation doesn't wait for itself")

		server.mount(ctx)
		Expect(tick(ctx, k)).To(BeTrue())
		Eventually(func() error { return aUserWithARole(ctx) }).Should(MatchError(ContainSubstring(refusal)))

		before := []string{theConfiguration(ctx).ResourceVersion, theSecret(ctx, webhookcert.LeafSecret).ResourceVersion, theSecret(ctx, webhookcert.AuthoritySecret).ResourceVersion}
		Expect(tick(ctx, k)).To(BeTrue())
		Expect([]string{theConfiguration(ctx).ResourceVersion, theSecret(ctx, webhookcert.LeafSecret).ResourceVersion, theSecret(ctx, webhookcert.AuthoritySecret).ResourceVersion}).
			To(Equal(before), "another look writes nothing")
	})

	It("asks by the Service where no URL is given", func(ctx SpecContext) {
		server := anAskedServer()
		Expect(tick(ctx, aKeeper(server.URL))).To(BeFalse())
		server.mount(ctx)
		Expect(tick(ctx, aKeeper(server.URL))).To(BeTrue())

		Expect(tick(ctx, aKeeper(""))).To(BeTrue())

		for _, w := range theConfiguration(ctx).Webhooks {
			Expect(w.ClientConfig.URL).To(BeNil())
			Expect(w.ClientConfig.Service).To(And(HaveField("Namespace", namespace), HaveField("Name", webhookcert.Service)))
		}
	})

	It("undoes what somebody changed or deleted, and takes all of it back with --admission=false", func(ctx SpecContext) {
		server := anAskedServer()
		k := aKeeper(server.URL)
		tick(ctx, k)
		server.mount(ctx)
		tick(ctx, k)
		good := theConfiguration(ctx)

		changed := good.DeepCopy()
		ignore := admissionv1.Ignore
		changed.Webhooks[0].FailurePolicy = &ignore
		Expect(api.Update(ctx, changed)).To(Succeed())
		tick(ctx, k)
		Expect(theConfiguration(ctx).Webhooks).To(Equal(good.Webhooks))

		Expect(api.Delete(ctx, theConfiguration(ctx))).To(Succeed())
		tick(ctx, k)
		Expect(theConfiguration(ctx).Webhooks).To(Equal(good.Webhooks))

		off := aKeeper(server.URL, func(c *webhookcert.Config) { c.Admission = false })
		Expect(tick(ctx, off)).To(BeTrue())
		noConfiguration(ctx)
		Expect(tick(ctx, off)).To(BeTrue())
	})

	DescribeTable("leaves a certificate alone that somebody else makes, and believes its authority", func(ctx SpecContext, whose func(*corev1.Secret)) {
		server := anAskedServer()
		tick(ctx, aKeeper(server.URL))
		made := theSecret(ctx, webhookcert.LeafSecret)
		whose(made)
		Expect(api.Update(ctx, made)).To(Succeed())
		Expect(api.Delete(ctx, theSecret(ctx, webhookcert.AuthoritySecret))).To(Succeed())
		server.mount(ctx)

		later := aKeeper(server.URL, func(c *webhookcert.Config) { c.Now = func() time.Time { return time.Now().Add(80 * 24 * time.Hour) } })
		Expect(tick(ctx, later)).To(BeTrue())

		Expect(theSecret(ctx, webhookcert.LeafSecret).ResourceVersion).To(Equal(made.ResourceVersion))
		Expect(theConfiguration(ctx).Webhooks[0].ClientConfig.CABundle).To(Equal(made.Data["ca.crt"]))
		Expect(api.Get(ctx, client.ObjectKey{Namespace: namespace, Name: webhookcert.AuthoritySecret}, &corev1.Secret{})).NotTo(Succeed())
	},
		Entry("by its own hand", func(s *corev1.Secret) { s.Labels = nil }),
		Entry("by cert-manager, which took ours over", func(s *corev1.Secret) {
			s.Annotations = map[string]string{"cert-manager.io/certificate-name": webhookcert.Service}
		}),
	)

	It("says so and signs nothing where the Secret of the authorities is somebody else's", func(ctx SpecContext) {
		Expect(api.Create(ctx, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: webhookcert.AuthoritySecret}})).To(Succeed())
		_, err := aKeeper("").Tick(ctx)
		Expect(err).To(MatchError(ContainSubstring(`secret "latchkey-kubernetes-ca" is somebody else's: delete it, or label it app.kubernetes.io/managed-by=latchkey`)))
		Expect(theSecret(ctx, webhookcert.AuthoritySecret).Data).To(BeEmpty())
	})

	It("makes a certificate anew where the Secret is corrupt, and stays trusted while Pods still have the old one", func(ctx SpecContext) {
		server := anAskedServer()
		k := aKeeper(server.URL)
		tick(ctx, k)
		server.mount(ctx)
		tick(ctx, k)
		for _, name := range []string{webhookcert.AuthoritySecret, webhookcert.LeafSecret} {
			corrupt := theSecret(ctx, name)
			corrupt.Data = map[string][]byte{corev1.TLSCertKey: []byte("x"), corev1.TLSPrivateKeyKey: []byte("y")}
			Expect(api.Update(ctx, corrupt)).To(Succeed())
		}

		Expect(tick(ctx, k)).To(BeTrue())

		Expect(strings.Count(string(theConfiguration(ctx).Webhooks[0].ClientConfig.CABundle), "BEGIN CERTIFICATE")).To(Equal(2))
		Consistently(func() error { return aUserWithARole(ctx) }, time.Second).Should(MatchError(ContainSubstring(refusal)))
		server.mount(ctx)
		server.CloseClientConnections()
		Consistently(func() error { return aUserWithARole(ctx) }, time.Second).Should(MatchError(ContainSubstring(refusal)))
	})

	It("has the configuration go with the process that is asked", func(ctx SpecContext) {
		role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: webhookcert.Service}}
		Expect(api.Create(ctx, role)).To(Succeed())
		DeferCleanup(func(ctx SpecContext) { Expect(api.Delete(ctx, role)).To(Succeed()) })
		server := anAskedServer()
		k := aKeeper(server.URL)
		tick(ctx, k)
		server.mount(ctx)
		tick(ctx, k)
		Expect(theConfiguration(ctx).OwnerReferences).To(ConsistOf(And(HaveField("Kind", "ClusterRole"), HaveField("UID", role.UID))))
	})

	DescribeTable("refuses a URL that the API server couldn't use", func(url string) {
		_, err := webhookcert.New(webhookcert.Config{Namespace: namespace, URL: url})
		Expect(err).To(MatchError(ContainSubstring("is https with a host")))
	},
		Entry("http", "http://latchkey.example.com"),
		Entry("without a host", "https://"),
		Entry("with a query", "https://latchkey.example.com/?a=b"),
		Entry("with a user", "https://u:p@latchkey.example.com"),
	)
})
