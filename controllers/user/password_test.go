package user_test

import (
	"context"
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/controllers/controllertest"
	"github.com/latchkey-auth/latchkey/webhook/password"
)

var _ = Describe("A plaintext password", func() {
	applied := func(s *corev1.Secret) {
		s.Annotations = map[string]string{
			corev1.LastAppliedConfigAnnotation: `{"stringData":{"password":"correct horse"}}`,
			"mine":                             "kept",
		}
	}
	hash := func(s *corev1.Secret) password.Hash {
		GinkgoHelper()
		h, err := password.Parse(string(s.Data[v1alpha1.PasswordHashDataKey]))
		Expect(err).NotTo(HaveOccurred())
		return h
	}

	It("is hashed and removed in one update, with what kubectl kept of it", func(ctx SpecContext) {
		w := newWorld(ctx, aRealm(), aSecret(withPlaintext("correct horse"), applied), aUser())

		w.settled(ctx)
		secret := w.secret(ctx)
		Expect(hash(secret).Verify("correct horse")).To(BeTrue())
		Expect(hash(secret).Weaker(password.Default())).To(BeFalse())
		Expect(secret.Annotations).To(Equal(map[string]string{"mine": "kept"}))
		Expect(suite.Faults.Writes(w.namespace)).To(Equal([]string{"update Secret", "patch User/status"}))
		w.eventually(ctx).Should(beReady("True Ready: the user can log in"))
		Expect(w.revocations(ctx)).To(BeEmpty(), "no login can have begun before")
		Eventually(func() []string { return w.events(ctx) }).Should(
			ContainElement(`Normal PasswordHashed: the plaintext password in Secret "ann-password" was hashed and removed`))
	})

	It("leaves the hash alone that verifies it already, so that applying a manifest again ends no login", func(ctx SpecContext) {
		w := newWorld(ctx, aRealm(), aSecret(withHash(hashOf("correct horse"))), aUser())
		before := w.settled(ctx)
		w.changeSecret(ctx, withPlaintext("correct horse"), applied)

		Eventually(func() map[string][]byte { return w.secret(ctx).Data }).WithContext(ctx).ShouldNot(HaveKey(v1alpha1.PasswordDataKey))
		Eventually(func() []string { return w.events(ctx) }).Should(
			ContainElement(`Normal PasswordHashed: the plaintext in Secret "ann-password" is the password already, and was removed`))
		Expect(w.secret(ctx).Annotations).To(Equal(map[string]string{"mine": "kept"}))
		Expect(w.settled(ctx).Status.PasswordFingerprint).To(Equal(before.Status.PasswordFingerprint))
		Expect(w.revocations(ctx)).To(BeEmpty())
	})

	It("is handled beside a realm whose Secrets change all the time, which isn't worked on each time (Q31)", func(ctx SpecContext) {
		noisy := newWorld(ctx, aRealm(), aSecret(withHash(hashOf("correct horse"))), aUser())
		noisy.settled(ctx)
		before := suite.Faults.Writes(noisy.namespace)
		for i := range 100 {
			noisy.changeSecret(ctx, func(s *corev1.Secret) { metav1.SetMetaDataAnnotation(&s.ObjectMeta, "beat", fmt.Sprint(i)) })
		}
		quiet := newWorld(ctx, aRealm(), aSecret(withPlaintext("correct horse")), aUser())

		quiet.settled(ctx)
		quiet.eventually(ctx).Should(beReady("True Ready"))
		Expect(suite.Faults.Writes(noisy.namespace)).To(Equal(before), "nothing is written for a Secret that says the same")
		Expect(noisy.revocations(ctx)).To(BeEmpty())
	})

	It("replaces a hash that it isn't the password of, and one that is none", func(ctx SpecContext) {
		for _, old := range []string{hashOf("another"), "canary"} {
			w := newWorld(ctx, aRealm(), aSecret(withHash(old), withPlaintext("correct horse")), aUser())
			w.settled(ctx)
			Expect(hash(w.secret(ctx)).Verify("correct horse")).To(BeTrue())
		}
	})

	It("stands in no Event, condition or status, and neither does a hash (P13)", func(ctx SpecContext) {
		w := newWorld(ctx, aRealm(), aSecret(withPlaintext("canary-plaintext")), aUser())
		w.settled(ctx)
		w.changeSecret(ctx, withPlaintext("canary-other"))
		w.settled(ctx)
		w.changeSecret(ctx, withHash("canary-hash"))
		w.eventually(ctx).Should(beReady("False PasswordHashInvalid"))
		Eventually(func() []string { return w.events(ctx) }).Should(ContainElement(HavePrefix("Warning PasswordHashInvalid")))

		told := fmt.Sprint(w.events(ctx), w.user(ctx), w.revocations(ctx))
		Expect(told).NotTo(Or(ContainSubstring("canary"), ContainSubstring("$argon2id$v")))
	})

	DescribeTable("is repaired when the leader dies on the way",
		func(ctx SpecContext, nth int, when controllertest.Moment) {
			w := newWorld(ctx, aRealm(), aSecret(withHash(hashOf("before"))), aUser())
			before := w.settled(ctx)
			suite.Faults.Fail(w.namespace, len(suite.Faults.Writes(w.namespace))+nth, when)
			w.changeSecret(ctx, withPlaintext("correct horse"), applied)

			after := w.settled(ctx)

			secret := w.secret(ctx)
			Expect(hash(secret).Verify("correct horse")).To(BeTrue())
			Expect(secret.Annotations).To(Equal(map[string]string{"mine": "kept"}))
			Expect(w.revocations(ctx)).To(Equal(map[string]v1alpha1.RevokedTokenSpec{
				passwordRevocation(before, secret.UID, secret.ResourceVersion): allLoginsOf(before, "password changed"),
			}))
			Expect(controllertest.Ready(after)).To(HavePrefix("True Ready"))
		},
		Entry("when the Secret isn't written", 1, controllertest.BeforeWrite),
		Entry("when it is written, and the answer lost", 1, controllertest.AfterWrite),
		Entry("when the RevokedToken isn't written", 2, controllertest.BeforeWrite),
		Entry("when it is written, and the answer lost", 2, controllertest.AfterWrite),
		Entry("when status isn't written", 3, controllertest.BeforeWrite),
		Entry("when it is written, and the answer lost", 3, controllertest.AfterWrite),
	)
})

var _ = Describe("A changed password", func() {
	It("revokes the user's logins first, and is named in status after that", func(ctx SpecContext) {
		w := newWorld(ctx, aRealm(), aSecret(withHash(hashOf("before"))), aUser())
		before := w.settled(ctx)
		changed := w.changeSecret(ctx, withHash(hashOf("after")))

		w.settled(ctx)

		Expect(w.revocations(ctx)).To(Equal(map[string]v1alpha1.RevokedTokenSpec{
			passwordRevocation(before, changed.UID, changed.ResourceVersion): allLoginsOf(before, "password changed"),
		}))
		Expect(suite.Faults.Writes(w.namespace)).To(Equal([]string{"patch User/status", "create RevokedToken", "patch User/status"}))
		Eventually(func() []string { return w.events(ctx) }).Should(
			ContainElement("Normal LoginsRevoked: password changed: every login of this user from before has ended"))
	})

	It("isn't revoked again when somebody else was first, as under /password", func(ctx SpecContext) {
		w := newWorld(ctx, aRealm(), aSecret(withHash(hashOf("before"))), aUser())
		subject := w.settled(ctx)
		secret := w.secret(ctx)
		Expect(suite.Client.Delete(ctx, secret)).To(Succeed()) // so that the RevokedToken can come before the leader
		w.eventually(ctx).Should(beReady("False PasswordSecretNotFound"))
		w.changeUser(ctx, func(u *v1alpha1.User) { u.Spec.PasswordSecretRef.Name = "other" })
		w.eventually(ctx).Should(beReady(`False PasswordSecretNotFound: there is no Secret "other"`))
		w.create(ctx, aSecret(withHash(hashOf("after"))))
		made := w.secret(ctx)
		first := &v1alpha1.RevokedToken{
			ObjectMeta: metav1.ObjectMeta{Name: passwordRevocation(subject, made.UID, made.ResourceVersion)},
			Spec:       allLoginsOf(subject, "by /password"),
		}
		w.create(ctx, first)
		w.changeUser(ctx, func(u *v1alpha1.User) { u.Spec.PasswordSecretRef.Name = "ann-password" })

		w.settled(ctx)

		Expect(w.revocations(ctx)).To(Equal(map[string]v1alpha1.RevokedTokenSpec{first.Name: first.Spec}))
	})

	DescribeTable("is noticed by whatever way it comes",
		func(ctx SpecContext, change func(context.Context, world)) {
			w := newWorld(ctx, aRealm(), aSecret(withHash(hashOf("before"))), aUser())
			subject := w.settled(ctx)

			change(ctx, w)

			Eventually(func() map[string]v1alpha1.RevokedTokenSpec { return w.revocations(ctx) }).WithContext(ctx).Should(
				ConsistOf(allLoginsOf(subject, "password changed")))
		},
		Entry("when the Secret is made anew", func(ctx context.Context, w world) {
			Expect(suite.Client.Delete(ctx, w.secret(ctx))).To(Succeed())
			w.create(ctx, aSecret(withHash(hashOf("after"))))
		}),
		Entry("when the User names another Secret", func(ctx context.Context, w world) {
			w.create(ctx, aSecret(withHash(hashOf("after")), func(s *corev1.Secret) { s.Name = "other" }))
			w.changeUser(ctx, func(u *v1alpha1.User) { u.Spec.PasswordSecretRef.Name = "other" })
		}),
		Entry("when the new hash can't be used", func(ctx context.Context, w world) {
			w.changeSecret(ctx, withHash("!"))
		}),
		Entry("when the new hash comes with a plaintext that can't be used", func(ctx context.Context, w world) {
			w.changeSecret(ctx, withHash(hashOf("after")), withPlaintext("\n"))
		}),
		Entry("when the user is disabled", func(ctx context.Context, w world) {
			w.changeUser(ctx, disabled())
			Eventually(func() map[string]v1alpha1.RevokedTokenSpec { return w.revocations(ctx) }).WithContext(ctx).Should(HaveLen(1))
			for name := range w.revocations(ctx) {
				gone := &v1alpha1.RevokedToken{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: name}}
				Expect(suite.Client.Delete(ctx, gone)).To(Succeed())
			}
			w.changeSecret(ctx, withHash(hashOf("after")))
		}),
		Entry("when status was lost, and there is a login", func(ctx context.Context, w world) {
			w.create(ctx, aSession("s1", w.user(ctx)))
			w.wipeStatus(ctx)
		}),
	)

	It("isn't suspected when the same hash comes back", func(ctx SpecContext) {
		same := hashOf("same")
		w := newWorld(ctx, aRealm(), aSecret(withHash(same)), aUser())
		w.settled(ctx)
		Expect(suite.Client.Delete(ctx, w.secret(ctx))).To(Succeed())
		w.eventually(ctx).Should(beReady("False PasswordSecretNotFound"))
		w.create(ctx, aSecret(withHash(same)))
		w.eventually(ctx).Should(beReady("True Ready"))

		Expect(w.revocations(ctx)).To(BeEmpty())
	})

	It("isn't suspected of a user who never logged in, when status was lost", func(ctx SpecContext) {
		w := newWorld(ctx, aRealm(), aSecret(withHash(hashOf("before"))), aUser())
		w.settled(ctx)
		w.wipeStatus(ctx)
		w.settled(ctx)

		Expect(w.revocations(ctx)).To(BeEmpty())
	})

	It("concerns every User that names the Secret, each once", func(ctx SpecContext) {
		bob := aUser()
		bob.Name = "bob"
		w := newWorld(ctx, aRealm(), aSecret(withHash(hashOf("before"))), aUser(), bob)
		ann := w.settled(ctx)
		Eventually(func(g Gomega) {
			g.Expect(suite.Client.Get(ctx, client.ObjectKeyFromObject(bob), bob)).To(Succeed())
			g.Expect(bob.Status.PasswordFingerprint).To(Equal(ann.Status.PasswordFingerprint))
		}).Should(Succeed())
		w.changeSecret(ctx, withPlaintext("correct horse"))

		Eventually(func() map[string]v1alpha1.RevokedTokenSpec { return w.revocations(ctx) }).WithContext(ctx).Should(
			ConsistOf(allLoginsOf(ann, "password changed"), allLoginsOf(bob, "password changed")))
	})
})

// wipeStatus empties the status of the User, as a restore without status would.
func (w world) wipeStatus(ctx context.Context) {
	GinkgoHelper()
	patch := client.RawPatch("application/merge-patch+json", []byte(`{"status":null}`))
	Expect(suite.Client.Status().Patch(ctx, w.user(ctx), patch)).To(Succeed())
}
