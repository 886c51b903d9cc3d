package user_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/controllers/controllertest"
	"github.com/latchkey-auth/latchkey/controllers/user"
)

func seen(generation int64, off bool, options ...userOption) *v1alpha1.User {
	u := aUser(options...)
	u.Generation, u.Spec.Disabled = generation, off
	return u
}

var _ = Describe("A disabled user", func() {
	type specs = map[string]v1alpha1.RevokedTokenSpec

	It("has their logins revoked once for each disabling, and stays revoked when enabled", func(ctx SpecContext) {
		w := newWorld(ctx, aRealm(), aUser())
		revoked := func() specs { return w.revocations(ctx) }
		first := w.changeUser(ctx, disabled())
		firstName := v1alpha1.DisabledRevocationName(string(first.UID), first.Generation)
		Eventually(revoked).Should(Equal(specs{firstName: allLoginsOf(first, "user disabled")}))
		w.eventually(ctx).Should(beReady("False Disabled"))

		edited := w.changeUser(ctx, func(u *v1alpha1.User) { u.Spec.DisplayName = "Ann" })
		w.eventually(ctx).Should(HaveField("Status.ObservedGeneration", edited.Generation))
		Expect(revoked()).To(HaveLen(1), "an edit while disabled is no disabling")

		w.changeUser(ctx, enabled())
		w.eventually(ctx).Should(beReady("False PasswordSecretNotFound"))
		Expect(revoked()).To(HaveKey(firstName))

		second := w.changeUser(ctx, disabled())
		secondName := v1alpha1.DisabledRevocationName(string(second.UID), second.Generation)
		Eventually(revoked).Should(And(HaveLen(2), HaveKey(firstName), HaveKey(secondName)))
		Eventually(func() []string { return w.events(ctx) }).Should(
			ContainElement("Normal LoginsRevoked: user disabled: every login of this user from before has ended"))
	})

	It("isn't forgotten when they are enabled again before anybody looked", func(ctx SpecContext) {
		w := newWorld(ctx, aRealm(), aUser())
		names := map[string]bool{}
		for range 10 {
			off := w.changeUser(ctx, disabled())
			names[v1alpha1.DisabledRevocationName(string(off.UID), off.Generation)] = true
			w.changeUser(ctx, enabled())
		}

		Eventually(func() specs { return w.revocations(ctx) }).WithContext(ctx).Should(HaveLen(10))
		for name := range w.revocations(ctx) {
			Expect(names).To(HaveKey(name))
		}
	})

	It("is revoked when they are created so", func(ctx SpecContext) {
		w := newWorld(ctx, aRealm(), aUser(disabled()))

		Eventually(func() specs { return w.revocations(ctx) }).WithContext(ctx).Should(ConsistOf(allLoginsOf(w.user(ctx), "user disabled")))
	})

	DescribeTable("is looked at when they may have been enabled since the last event",
		func(before, after *v1alpha1.User, want bool) {
			Expect(user.NewlyDisabled(before, after)).To(Equal(want))
		},
		Entry("when they are enabled", seen(1, false), seen(2, false), false),
		Entry("when they were disabled just now", seen(1, false), seen(2, true), true),
		Entry("when nothing happened", seen(2, true), seen(2, true), false),
		Entry("when they were edited while disabled", seen(2, true), seen(3, true), false),
		Entry("when they were enabled again", seen(2, true), seen(3, false), false),
		Entry("when the watch missed what was in between", seen(2, true), seen(4, true), true),
		Entry("when they are another user of that name", seen(2, true), seen(1, true, func(u *v1alpha1.User) { u.UID = "other" }), true),
	)

	DescribeTable("is repaired when the leader dies",
		func(ctx SpecContext, nth int, when controllertest.Moment) {
			w := newWorld(ctx, aRealm(), aUser())
			w.eventually(ctx).Should(beReady("False PasswordSecretNotFound"))
			suite.Faults.Fail(w.namespace, len(suite.Faults.Writes(w.namespace))+nth, when)
			subject := w.changeUser(ctx, disabled())

			w.eventually(ctx).Should(beReady("False Disabled"))
			Eventually(func() specs { return w.revocations(ctx) }).WithContext(ctx).Should(ConsistOf(allLoginsOf(subject, "user disabled")))
		},
		Entry("at the first write, before it", 1, controllertest.BeforeWrite),
		Entry("at the first write, after it", 1, controllertest.AfterWrite),
		Entry("at the second write, before it", 2, controllertest.BeforeWrite),
		Entry("at the second write, after it", 2, controllertest.AfterWrite),
	)
})
