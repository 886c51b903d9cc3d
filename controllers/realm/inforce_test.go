package realm_test

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/controllers/controllertest"
)

var _ = Describe("A Realm, while replicas follow", func() {
	var namespace string

	BeforeEach(func(ctx SpecContext) { namespace = suite.Namespace(ctx) })

	says := func(ctx context.Context) func() string {
		return func() string {
			GinkgoHelper()
			is := getRealm(ctx, namespace)
			if is.Status.ObservedGeneration != is.Generation {
				return ""
			}
			return is.Status.Replicas + " " + controllertest.Ready(is)
		}
	}
	asTimePasses := func(ctx context.Context, living ...*controllertest.Replica) func() string {
		return func() string {
			GinkgoHelper()
			for _, one := range living {
				one.Renew(ctx)
			}
			leaders.Step(time.Second)
			return says(ctx)()
		}
	}
	const ready = "True Ready: users can log in to this realm"
	follow := func(ctx context.Context, one *controllertest.Replica, r *v1alpha1.Realm) {
		GinkgoHelper()
		one.Follow(ctx, "realms", r)
		one.FollowKeys(ctx, namespace, secretOf(ctx, namespace).ResourceVersion)
	}
	hasKeys := func(ctx context.Context) {
		GinkgoHelper()
		Eventually(func() error {
			return suite.Client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: v1alpha1.SigningKeysSecretName}, &corev1.Secret{})
		}).Should(Succeed())
	}

	It("is Ready once every replica judges by it, in one write", func(ctx SpecContext) {
		a, b := suite.Replica(ctx, controllertest.OwnNamespace, "a"), suite.Replica(ctx, controllertest.OwnNamespace, "b")
		r := aRealm(namespace)
		Expect(suite.Client.Create(ctx, r)).To(Succeed())
		hasKeys(ctx)
		follow(ctx, a, r)
		Consistently(says(ctx), "200ms").Should(BeEmpty())
		follow(ctx, b, r)
		Eventually(says(ctx)).Should(Equal("2/2 " + ready))
		Expect(suite.Faults.Writes(namespace)).To(HaveExactElements("create Secret", "patch Realm/status"))
	})

	It("isn't Ready while a replica judges by an earlier generation, and has its keys all the same", func(ctx SpecContext) {
		a, b := suite.Replica(ctx, controllertest.OwnNamespace, "a"), suite.Replica(ctx, controllertest.OwnNamespace, "b")
		r := aRealm(namespace)
		Expect(suite.Client.Create(ctx, r)).To(Succeed())
		hasKeys(ctx)
		follow(ctx, a, r)
		Eventually(asTimePasses(ctx, a)).Should(Equal(
			`1/2 False NotYetInForce: replica "b" is out of touch and may still answer by what it knew: reconnect it or end it`))
		Expect(controllertest.Condition(getRealm(ctx, namespace), v1alpha1.ConditionKeysReady)).To(HavePrefix("True KeysCreated"))

		follow(ctx, b, r)
		Eventually(says(ctx)).Should(Equal("2/2 " + ready))
	})

	It("isn't Ready while a replica accepts keys that this generation distrusts", func(ctx SpecContext) {
		a := suite.Replica(ctx, controllertest.OwnNamespace, "a")
		Expect(suite.Client.Create(ctx, aRealm(namespace))).To(Succeed())
		hasKeys(ctx)
		first := secretOf(ctx, namespace).ResourceVersion
		follow(ctx, a, getRealm(ctx, namespace))
		Eventually(says(ctx)).Should(Equal("1/1 " + ready))

		distrusting := getRealm(ctx, namespace)
		distrusting.Spec.Keys.DistrustBefore = new(metav1.NewTime(time.Now().Add(time.Second)))
		Expect(suite.Client.Update(ctx, distrusting)).To(Succeed())
		a.Follow(ctx, "realms", distrusting)
		Eventually(func() string { return secretOf(ctx, namespace).ResourceVersion }).ShouldNot(Equal(first))
		Consistently(says(ctx), "200ms").Should(BeEmpty())

		follow(ctx, a, distrusting)
		Eventually(says(ctx)).Should(Equal("1/1 " + ready))
	})

	It("isn't Ready while tokens are signed with another algorithm than it asks for", func(ctx SpecContext) {
		a := suite.Replica(ctx, controllertest.OwnNamespace, "a")
		Expect(suite.Client.Create(ctx, aRealm(namespace))).To(Succeed())
		hasKeys(ctx)
		follow(ctx, a, getRealm(ctx, namespace))
		Eventually(says(ctx)).Should(Equal("1/1 " + ready))

		world.block(namespace, true)
		changed := getRealm(ctx, namespace)
		changed.Spec.Tokens.Algorithm = "EdDSA"
		Expect(suite.Client.Update(ctx, changed)).To(Succeed())
		Eventually(func() int { return len(documentOf(ctx, namespace).Generations) }).Should(Equal(2))
		follow(ctx, a, changed)
		Consistently(says(ctx), "200ms").Should(BeEmpty())

		world.pass(namespace, time.Minute)
		Eventually(says(ctx)).Should(Equal(" False NotYetInForce: tokens aren't signed with EdDSA yet: the condition KeysReady says why"))

		world.block(namespace, false)
		Eventually(func() string {
			follow(ctx, a, changed)
			return says(ctx)()
		}).Should(Equal("1/1 " + ready))
	})

	It("says at once what else is wrong", func(ctx SpecContext) {
		created := aRealm(namespace)
		Expect(suite.Client.Create(ctx, created)).To(Succeed())
		Eventually(says(ctx)).Should(Equal("0/0 " + ready))
		suite.Replica(ctx, controllertest.OwnNamespace, "a")
		secret := secretOf(ctx, namespace)
		secret.Data[v1alpha1.SigningKeysDataKey] = []byte("{")
		Expect(suite.Client.Update(ctx, secret)).To(Succeed())
		Eventually(says(ctx)).Should(HavePrefix("0/0 False KeysNotReady"))
		Eventually(func() error {
			r := getRealm(ctx, namespace)
			r.Spec.Passwords.MinLength = 20
			return suite.Client.Update(ctx, r)
		}).WithContext(ctx).Should(Succeed())
		Eventually(says(ctx)).Should(HavePrefix(" False KeysNotReady"))
	})
})
