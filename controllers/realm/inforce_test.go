package realm_test

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

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

	It("is Ready once every replica judges by it, in one write", func(ctx SpecContext) {
		a, b := suite.Replica(ctx, controllertest.OwnNamespace, "a"), suite.Replica(ctx, controllertest.OwnNamespace, "b")
		r := aRealm(namespace)
		Expect(suite.Client.Create(ctx, r)).To(Succeed())
		a.Follow(ctx, "realms", r)
		Consistently(says(ctx), "200ms").Should(BeEmpty())
		b.Follow(ctx, "realms", r)
		Eventually(says(ctx)).Should(Equal("2/2 " + ready))
		Expect(suite.Faults.Writes(namespace)).To(HaveExactElements("create Secret", "patch Realm/status"))
	})

	It("isn't Ready while a replica judges by an earlier generation, and has its keys all the same", func(ctx SpecContext) {
		a, b := suite.Replica(ctx, controllertest.OwnNamespace, "a"), suite.Replica(ctx, controllertest.OwnNamespace, "b")
		r := aRealm(namespace)
		Expect(suite.Client.Create(ctx, r)).To(Succeed())
		a.Follow(ctx, "realms", r)
		Eventually(asTimePasses(ctx, a)).Should(Equal(
			`1/2 False NotYetInForce: replica "b" is out of touch and may still answer by what it knew: reconnect it or end it`))
		Expect(controllertest.Condition(getRealm(ctx, namespace), v1alpha1.ConditionKeysReady)).To(HavePrefix("True KeysCreated"))

		b.Follow(ctx, "realms", r)
		Eventually(says(ctx)).Should(Equal("2/2 " + ready))
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
