package realm_test

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/types"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/controllers/controllertest"
	"github.com/latchkey-auth/latchkey/controllers/realm"
	"github.com/latchkey-auth/latchkey/webhook/token"
)

var _ = Describe("Realm", func() {
	var namespace string

	BeforeEach(func(ctx SpecContext) { namespace = suite.Namespace(ctx) })

	create := func(ctx context.Context, options ...realmOption) {
		GinkgoHelper()
		Expect(suite.Client.Create(ctx, aRealm(namespace, options...))).To(Succeed())
	}
	get := func(ctx context.Context) *v1alpha1.Realm {
		GinkgoHelper()
		return getRealm(ctx, namespace)
	}
	eventually := func(ctx context.Context) AsyncAssertion {
		return Eventually(func() *v1alpha1.Realm { return get(ctx) }).WithContext(ctx)
	}
	change := func(ctx context.Context, option realmOption) {
		GinkgoHelper()
		Eventually(func() error {
			r := get(ctx)
			option(r)
			return suite.Client.Update(ctx, r)
		}).WithContext(ctx).Should(Succeed())
	}
	created := func(ctx context.Context) *v1alpha1.Realm {
		GinkgoHelper()
		create(ctx)
		eventually(ctx).Should(And(keysReady("True KeysCreated: the first key of this realm, "), beReady("True Ready: users can log in to this realm")))
		return get(ctx)
	}

	It("says which keys it made, and what its issuer is", func(ctx SpecContext) {
		r := created(ctx)

		Expect(r.Status.Issuer).To(Equal("https://auth.example.com/realms/" + namespace))
		Expect(r.Status.ObservedGeneration).To(Equal(r.Generation))
		document := documentOf(ctx, namespace)
		active, _ := document.Active()
		Expect(r.Status.ActiveKeyID).To(Equal(active.ID))
		Expect(r.Status.Keys).To(HaveExactElements(And(
			HaveField("ID", active.ID),
			HaveField("Algorithm", "ES256"),
			HaveField("State", "active"),
			HaveField("CreatedAt.Time", BeTemporally("~", active.CreatedAt, time.Second)),
			HaveField("ExpiresAt.Time", BeTemporally("~", active.ExpiresAt.Add(720*time.Hour), time.Second)),
		)))
		Eventually(func() []string { return suite.Events(ctx, namespace) }).Should(
			ConsistOf("Normal KeysCreated: the first key of this realm, " + active.ID + ", was made and signs"))
	})

	It("takes the issuer of the spec", func(ctx SpecContext) {
		create(ctx, func(r *v1alpha1.Realm) { r.Spec.Issuer = "https://login.example.org" })

		eventually(ctx).Should(HaveField("Status.Issuer", "https://login.example.org"))
	})

	It("has new keys at once after its Secret was deleted", func(ctx SpecContext) {
		before := created(ctx)
		Expect(suite.Client.Delete(ctx, secretOf(ctx, namespace))).To(Succeed())

		eventually(ctx).Should(keysReady("True KeysReplaced: key "))
		after := get(ctx)
		Expect(after.Status.Keys).To(HaveExactElements(HaveField("ID", Not(Equal(before.Status.ActiveKeyID)))))
		Expect(controllertest.Ready(after)).To(HavePrefix("True Ready"))
		Eventually(func() []string { return suite.Events(ctx, namespace) }).Should(
			ContainElement("Warning KeysReplaced: key " + after.Status.ActiveKeyID +
				" has replaced all keys, as they were deleted, foreign or distrusted: every login from before has ended"))
	})

	It("goes on with its last good keys while its Secret can't be read, and says so", func(ctx SpecContext) {
		before := created(ctx)
		good := secretOf(ctx, namespace)
		corrupt := good.DeepCopy()
		corrupt.Data[v1alpha1.SigningKeysDataKey] = []byte(`{"canary-of-key-material":1}`)
		Expect(suite.Client.Update(ctx, corrupt)).To(Succeed())

		eventually(ctx).Should(And(
			keysReady("False KeysInvalid: the keys in Secret latchkey-signing-keys can't be read (parse key document: "),
			beReady("False KeysNotReady: the condition KeysReady says why"),
			HaveField("Status.Keys", Equal(before.Status.Keys)),
			HaveField("Status.ActiveKeyID", before.Status.ActiveKeyID),
		))
		Expect(secretOf(ctx, namespace).ResourceVersion).To(Equal(corrupt.ResourceVersion), "nothing may be overwritten")
		Eventually(func() []string { return suite.Events(ctx, namespace) }).Should(ContainElement(HavePrefix("Warning KeysInvalid: ")))
		Expect(suite.Events(ctx, namespace)).NotTo(ContainElement(ContainSubstring("canary")))

		good.ResourceVersion = ""
		Expect(suite.Client.Update(ctx, good)).To(Succeed())
		eventually(ctx).Should(And(keysReady("True Ready: key "+before.Status.ActiveKeyID+" signs"), beReady("True Ready")))
	})

	It("replaces the keys of an earlier Realm of its namespace, without a garbage collector", func(ctx SpecContext) {
		first := created(ctx)
		Expect(suite.Client.Delete(ctx, first)).To(Succeed())
		Expect(secretOf(ctx, namespace)).NotTo(BeNil())

		second := created(ctx)

		Expect(second.Status.ActiveKeyID).NotTo(Equal(first.Status.ActiveKeyID))
		Expect(metav1.IsControlledBy(secretOf(ctx, namespace), second)).To(BeTrue())
	})

	It("retires the key of an algorithm that was changed", func(ctx SpecContext) {
		before := created(ctx)
		change(ctx, func(r *v1alpha1.Realm) { r.Spec.Tokens.Algorithm = "EdDSA" })

		eventually(ctx).Should(HaveField("Status.Keys", HaveExactElements(
			And(HaveField("ID", before.Status.ActiveKeyID), HaveField("State", "retired")),
			And(HaveField("Algorithm", "EdDSA"), HaveField("State", "active")),
		)))
		Expect(get(ctx)).To(And(keysReady("True KeyRotated: key "), beReady("True Ready")))
	})

	It("says that a distrustBefore in the future counted as now", func(ctx SpecContext) {
		before := created(ctx)
		change(ctx, func(r *v1alpha1.Realm) {
			r.Spec.Keys.DistrustBefore = &metav1.Time{Time: time.Now().Add(24 * time.Hour)}
		})

		eventually(ctx).Should(keysReady("True DistrustInFuture: keys.distrustBefore lay in the future when it was first seen, and counted as that moment, "))
		Expect(get(ctx).Status.Keys).To(HaveExactElements(HaveField("ID", Not(Equal(before.Status.ActiveKeyID)))))
		Eventually(func() []string { return suite.Events(ctx, namespace) }).Should(ContainElement(HavePrefix("Warning DistrustInFuture: ")))
	})

	It("says that a distrustBefore in the past replaced the keys", func(ctx SpecContext) {
		created(ctx)
		moment := metav1.NewTime(time.Now().Add(time.Second).Truncate(time.Second)) // after the key
		Eventually(time.Now).WithContext(ctx).Should(BeTemporally(">", moment.Time))
		change(ctx, func(r *v1alpha1.Realm) { r.Spec.Keys.DistrustBefore = &moment })

		eventually(ctx).Should(keysReady("True KeysReplaced: key "))
	})

	It("isn't written when nothing changed", func(ctx SpecContext) {
		created(ctx)
		settled := get(ctx)
		writes := suite.Faults.Writes(namespace)
		reconciler := realm.New(config(suite.Manager))

		for range 2 {
			_, err := reconciler.Reconcile(ctx, settled.DeepCopy())
			Expect(err).NotTo(HaveOccurred())
		}

		Expect(get(ctx).ResourceVersion).To(Equal(settled.ResourceVersion))
		Expect(suite.Faults.Writes(namespace)).To(Equal(writes))
		Expect(writes).To(Equal([]string{"create Secret", "patch Realm/status"}), "one write each")
	})

	It("never overwrites what another leader wrote in the meantime", func(ctx SpecContext) {
		stale := created(ctx)
		stale.Status = v1alpha1.RealmStatus{}
		stale.ResourceVersion = "1"

		_, err := realm.New(config(suite.Manager)).Reconcile(ctx, stale)

		Expect(apierrors.IsConflict(err)).To(BeTrue(), "%v", err)
	})

	It("makes no keys for a Realm that is going away", func(ctx SpecContext) {
		going := aRealm(namespace)
		going.DeletionTimestamp = new(metav1.Now())

		_, err := realm.New(config(suite.Manager)).Reconcile(ctx, going)

		Expect(err).NotTo(HaveOccurred())
		Expect(suite.Faults.Writes(namespace)).To(BeEmpty())
	})

	DescribeTable("is repaired when the leader dies",
		func(ctx SpecContext, nth int, when controllertest.Moment) {
			suite.Faults.Fail(namespace, nth, when)
			r := created(ctx)

			Expect(r.Status.Keys).To(HaveExactElements(HaveField("ID", activeID(ctx, namespace))))
			Expect(len(suite.Faults.Writes(namespace))).To(BeNumerically(">=", nth), "the fault must have happened")
		},
		Entry("when the Secret isn't made", 1, controllertest.BeforeWrite),
		Entry("when it is made, and the answer lost", 1, controllertest.AfterWrite),
		Entry("when status isn't written", 2, controllertest.BeforeWrite),
		Entry("when it is written, and the answer lost", 2, controllertest.AfterWrite),
	)

	DescribeTable("is repaired when the leader dies while it replaces a foreign Secret",
		func(ctx SpecContext, nth int, when controllertest.Moment) {
			suite.Faults.Fail(namespace, nth, when)
			Expect(suite.Client.Create(ctx, &corev1.Secret{
				ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: v1alpha1.SigningKeysSecretName},
			})).To(Succeed())
			r := created(ctx)

			Expect(metav1.IsControlledBy(secretOf(ctx, namespace), r)).To(BeTrue())
			Expect(suite.Faults.Writes(namespace)[0]).To(Equal("delete Secret"))
		},
		Entry("when the Secret isn't deleted", 1, controllertest.BeforeWrite),
		Entry("when it is deleted, and the answer lost", 1, controllertest.AfterWrite),
		Entry("when no other is made", 2, controllertest.BeforeWrite),
		Entry("when another is made, and the answer lost", 2, controllertest.AfterWrite),
	)
})

type realmOption func(*v1alpha1.Realm)

func aRealm(namespace string, options ...realmOption) *v1alpha1.Realm {
	r := &v1alpha1.Realm{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: v1alpha1.RealmName}}
	for _, option := range options {
		option(r)
	}
	return r
}

func getRealm(ctx context.Context, namespace string) *v1alpha1.Realm {
	GinkgoHelper()
	r := &v1alpha1.Realm{}
	Expect(suite.Client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: v1alpha1.RealmName}, r)).To(Succeed())
	return r
}

func secretOf(ctx context.Context, namespace string) *corev1.Secret {
	GinkgoHelper()
	secret := &corev1.Secret{}
	Expect(suite.Client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: v1alpha1.SigningKeysSecretName}, secret)).To(Succeed())
	return secret
}

func documentOf(ctx context.Context, namespace string) token.Document {
	GinkgoHelper()
	document, err := token.ParseDocument(secretOf(ctx, namespace).Data[v1alpha1.SigningKeysDataKey])
	Expect(err).NotTo(HaveOccurred())
	return document
}

func activeID(ctx context.Context, namespace string) string {
	GinkgoHelper()
	active, _ := documentOf(ctx, namespace).Active()
	return active.ID
}

func beReady(prefix string) types.GomegaMatcher {
	return WithTransform(func(r *v1alpha1.Realm) string { return controllertest.Ready(r) }, HavePrefix(prefix))
}

func keysReady(prefix string) types.GomegaMatcher {
	return WithTransform(func(r *v1alpha1.Realm) string {
		return controllertest.Condition(r, v1alpha1.ConditionKeysReady)
	}, HavePrefix(prefix))
}
