package realm_test

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/controllers/controllertest"
	"github.com/latchkey-auth/latchkey/controllers/realm"
	"github.com/latchkey-auth/latchkey/webhook/token"
)

var _ = Describe("Rotation", func() {
	const day = 24 * time.Hour
	var namespace string

	get := func(ctx context.Context) *v1alpha1.Realm { return getRealm(ctx, namespace) }
	eventually := func(ctx context.Context) AsyncAssertion {
		return Eventually(func() *v1alpha1.Realm { return get(ctx) }).WithContext(ctx)
	}
	// look makes the controller look at the realm, as its queue would when the time has come.
	look := func(ctx context.Context) {
		GinkgoHelper()
		Eventually(func() error {
			secret := secretOf(ctx, namespace)
			metav1.SetMetaDataAnnotation(&secret.ObjectMeta, "example.com/looked", time.Now().String())
			return suite.Client.Update(ctx, secret)
		}).WithContext(ctx).Should(Succeed())
	}
	changeAlgorithm := func(ctx context.Context) {
		GinkgoHelper()
		Eventually(func() error {
			r := get(ctx)
			r.Spec.Tokens.Algorithm = "EdDSA"
			return suite.Client.Update(ctx, r)
		}).WithContext(ctx).Should(Succeed())
	}
	states := func(r *v1alpha1.Realm) []string {
		var states []string
		for _, k := range r.Status.Keys {
			states = append(states, k.State)
		}
		return states
	}
	events := func(ctx context.Context) func() []string {
		return func() []string { return suite.Events(ctx, namespace) }
	}

	BeforeEach(func(ctx SpecContext) {
		namespace = suite.Namespace(ctx)
	})

	created := func(ctx context.Context) *v1alpha1.Realm {
		GinkgoHelper()
		Expect(suite.Client.Create(ctx, aRealm(namespace))).To(Succeed())
		eventually(ctx).Should(beReady("True Ready"))
		return get(ctx)
	}

	It("shows each key's state and times, and tells of it once", func(ctx SpecContext) {
		first := created(ctx).Status.Keys[0]
		world.pass(namespace, 29*day+time.Hour)
		look(ctx)
		eventually(ctx).Should(WithTransform(states, Equal([]string{"active", "next"})))
		r := get(ctx)
		Expect(r.Status.ActiveKeyID).To(Equal(first.ID))
		next := r.Status.Keys[1]
		Expect(next.ActivatesAt.Time).To(BeTemporally("~", first.ActivatesAt.Add(30*day+time.Hour), time.Minute))
		Expect(next.ExpiresAt.Time).To(BeTemporally("~", next.ActivatesAt.Add(37*day+10*time.Minute), time.Minute), "when it has signed, and all that has expired")
		Expect(r).To(keysReady("True KeysCreated"))

		world.pass(namespace, day)
		look(ctx)

		eventually(ctx).Should(keysReady("True KeyRotated: key " + next.ID + " signs now; what " + first.ID + " has signed holds until it expires"))
		r = get(ctx)
		Expect(r).To(beReady("True Ready"))
		Expect(r.Status.ActiveKeyID).To(Equal(next.ID))
		Expect(states(r)).To(Equal([]string{"retired", "active"}))
		Expect(r.Status.Keys[0].ExpiresAt.Time).To(BeTemporally("~", time.Now().Add(37*day+time.Hour+10*time.Minute), time.Minute))

		world.pass(namespace, 8*day)
		look(ctx)
		eventually(ctx).Should(WithTransform(states, Equal([]string{"active"})))
		Expect(get(ctx)).To(keysReady("True KeyRotated"), "as long as that key signs")
		Eventually(events(ctx)).WithContext(ctx).Should(ContainElement(
			"Normal KeyRotated: key " + next.ID + " signs now; what " + first.ID + " has signed holds until it expires"))
		Expect(events(ctx)()).To(HaveLen(2), "with KeysCreated")
	})

	It("comes back exactly when the next step is due", func(ctx SpecContext) {
		settled := created(ctx)
		reconciler := realm.New(config(suite.Manager))
		for _, step := range []struct{ at, left time.Duration }{
			{at: 0, left: 29 * day},
			{at: 28*day + 23*time.Hour, left: time.Hour},
		} {
			world.pass(namespace, step.at)
			result, err := reconciler.Reconcile(ctx, settled.DeepCopy())
			Expect(err).NotTo(HaveOccurred())
			Expect(result.RequeueAfter).To(BeNumerically("~", step.left, time.Minute))
		}
	})

	It("says which replica stands in the way, while the old key goes on signing", func(ctx SpecContext) {
		first := created(ctx).Status.ActiveKeyID
		world.block(namespace, true)
		changeAlgorithm(ctx)
		eventually(ctx).Should(WithTransform(states, Equal([]string{"active", "next"})))
		world.pass(namespace, time.Minute)

		eventually(ctx).Should(keysReady("True RotationWaits: key " + first + " goes on signing, longer than it should: replica blue hasn't followed"))
		Expect(get(ctx)).To(And(beReady("False NotYetInForce: tokens aren't signed with "), HaveField("Status.ActiveKeyID", first)))
		Eventually(events(ctx)).WithContext(ctx).Should(ContainElement(HavePrefix("Warning RotationWaits: ")))

		world.block(namespace, false) // and nobody tells
		eventually(ctx).Should(And(keysReady("True KeyRotated: key "), beReady("True Ready"), HaveField("Status.ActiveKeyID", Not(Equal(first)))))
	})

	It("forgets that it waited when nothing is asked for any more", func(ctx SpecContext) {
		first := created(ctx).Status.ActiveKeyID
		world.block(namespace, true)
		changeAlgorithm(ctx)
		world.pass(namespace, time.Minute)
		eventually(ctx).Should(WithTransform(states, Equal([]string{"active", "next"})))
		world.pass(namespace, time.Minute)
		eventually(ctx).Should(keysReady("True RotationWaits"))

		Eventually(func() error {
			r := get(ctx)
			r.Spec.Tokens.Algorithm = "ES256"
			return suite.Client.Update(ctx, r)
		}).WithContext(ctx).Should(Succeed())

		eventually(ctx).Should(And(keysReady("True Ready: key "+first+" signs"), WithTransform(states, Equal([]string{"active"}))))
	})

	DescribeTable("is repaired when the leader dies (Q29)",
		func(ctx SpecContext, what string, nth int, when controllertest.Moment) {
			first := created(ctx).Status.ActiveKeyID
			suite.Faults.FailWrite(namespace, what, nth, when)
			changeAlgorithm(ctx)

			eventually(ctx).Should(WithTransform(states, Equal([]string{"retired", "active"})))
			document := documentOf(ctx, namespace)
			Expect(document.Generations).To(HaveExactElements(
				And(HaveField("ID", first), HaveField("State", token.Retired)),
				And(HaveField("Algorithm", token.EdDSA), HaveField("State", token.Active)),
			))
			Expect(get(ctx)).To(And(
				HaveField("Status.ActiveKeyID", document.Generations[1].ID), keysReady("True KeyRotated"), beReady("True Ready")))
			Expect(suite.Faults.Failed(namespace)).To(BeTrue(), "%v", suite.Faults.Writes(namespace))
		},
		Entry("when a next key isn't published", "update Secret", 1, controllertest.BeforeWrite),
		Entry("when it is published, and the answer lost", "update Secret", 1, controllertest.AfterWrite),
		Entry("when status doesn't show what became of it", "patch Realm/status", 1, controllertest.BeforeWrite),
		Entry("when status shows what became of it, and the answer is lost", "patch Realm/status", 1, controllertest.AfterWrite),
		Entry("when it doesn't begin to sign", "update Secret", 2, controllertest.BeforeWrite),
		Entry("when it signs, and the answer is lost", "update Secret", 2, controllertest.AfterWrite),
	)
})
