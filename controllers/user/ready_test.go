package user_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/controllers/controllertest"
	"github.com/latchkey-auth/latchkey/controllers/user"
	"github.com/latchkey-auth/latchkey/webhook/password"
)

const weak = "True Ready: the user can log in; the password hash is weaker than what Latchkey makes, and nothing rehashes it by itself: set the password again"

var _ = Describe("Ready", func() {
	DescribeTable("says whether a user can log in",
		func(ctx SpecContext, subject *v1alpha1.User, existing func() []client.Object, want string) {
			w := newWorld(ctx, existing()...)
			w.create(ctx, subject)

			Eventually(func() string { return controllertest.Ready(w.user(ctx)) }).WithContext(ctx).Should(Equal(want))
			Expect(w.user(ctx).Status.ObservedGeneration).To(Equal(w.user(ctx).Generation))
		},
		Entry("when everything is there",
			aUser(withRole("viewer")),
			func() []client.Object {
				strong, err := password.Default().Make("correct horse")
				Expect(err).NotTo(HaveOccurred())
				return []client.Object{aRealm(), aSecret(withHash(strong)), aRole("viewer")}
			},
			"True Ready: the user can log in"),
		Entry("when the hash is weak",
			aUser(), in(aRealm(), aSecret(withHash(bcryptHash))), weak),
		Entry("when there is no Realm, whatever else",
			aUser(disabled(), withRole("ghost")), in(),
			"False NoRealm: this namespace holds no Realm, so nobody can log in here: create a Realm named default"),
		Entry("when the user is disabled, whatever their roles",
			aUser(disabled(), withRole("ghost")), in(aRealm()),
			"False Disabled: spec.disabled is true, so every login, refresh and token of this user is refused"),
		Entry("when no Secret is named",
			aUser(withoutPassword()), in(aRealm()),
			"False NoPassword: spec.passwordSecretRef isn't set, so nobody can log in as this user"),
		Entry("when the Secret is missing",
			aUser(), in(aRealm()),
			`False PasswordSecretNotFound: there is no Secret "ann-password" in this namespace: create it with type auth.latchkey.dev/password`),
		Entry("when the Secret is of another type",
			aUser(), in(aRealm(), aSecret(ofType(corev1.SecretTypeOpaque), withHash(bcryptHash))),
			`False PasswordSecretWrongType: Secret "ann-password" isn't of type auth.latchkey.dev/password, and only such a one holds a password; types can't be changed, so create another`),
		Entry("when the Secret is empty",
			aUser(), in(aRealm(), aSecret()),
			`False NoPassword: Secret "ann-password" holds no passwordHash and no password: write one of them`),
		Entry("when the hash is no hash",
			aUser(), in(aRealm(), aSecret(withHash("canary"))),
			`False PasswordHashInvalid: passwordHash in Secret "ann-password" can't be used: a password hash begins with $argon2id$, or with $2a$, $2b$ or $2y$ for bcrypt`),
		Entry("when the hash has absurd parameters",
			aUser(), in(aRealm(), aSecret(withHash("$argon2id$v=19$m=4194304,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g"))),
			`False PasswordHashInvalid: passwordHash in Secret "ann-password" can't be used: argon2id: memory m=4194304 is not 8 (8 for each lane) to 131072 KiB`),
		Entry("when the plaintext has a line break",
			aUser(), in(aRealm(), aSecret(withPlaintext("canary\n"))),
			`False PasswordHashInvalid: password in Secret "ann-password" can't be used: choose a password without control characters, such as line breaks and tabs`),
		Entry("when the plaintext is empty",
			aUser(), in(aRealm(), aSecret(withPlaintext(""))),
			`False PasswordHashInvalid: password in Secret "ann-password" can't be used: choose a password of at least 1 characters`),
		Entry("when the plaintext is in a Secret that can't be changed",
			aUser(), in(aRealm(), aSecret(withPlaintext("canary"), immutable())),
			`False PasswordHashInvalid: Secret "ann-password" is immutable, so the plaintext in it can't be hashed and removed: create another`),
		Entry("when roles are missing",
			aUser(withRole("ghost", "viewer", "spectre")), in(aRealm(), aSecret(withHash(bcryptHash)), aRole("viewer")),
			`False UnknownRole: there is no Role "ghost", "spectre" in this namespace, so it grants nothing, while the user's other roles hold: create it, or remove it from spec.roles`),
	)

	It("follows Roles, the Realm and the Secret as they come and go", func(ctx SpecContext) {
		w := newWorld(ctx, aUser(withRole("viewer")))
		w.eventually(ctx).Should(beReady("False NoRealm"))
		w.create(ctx, aRealm())
		w.eventually(ctx).Should(beReady("False PasswordSecretNotFound"))
		w.create(ctx, aSecret(withHash(bcryptHash)))
		w.eventually(ctx).Should(beReady("False UnknownRole"))
		role := aRole("viewer")
		w.create(ctx, role)
		w.eventually(ctx).Should(beReady("True Ready"))

		Expect(suite.Client.Delete(ctx, role)).To(Succeed())
		w.eventually(ctx).Should(beReady("False UnknownRole"))
		Expect(suite.Client.Delete(ctx, w.secret(ctx))).To(Succeed())
		w.eventually(ctx).Should(beReady("False PasswordSecretNotFound"))
		realm := aRealm()
		realm.Namespace = w.namespace
		Expect(suite.Client.Delete(ctx, realm)).To(Succeed())
		w.eventually(ctx).Should(beReady("False NoRealm"))

		w.create(ctx, aRealm()) // its Secrets are followed anew
		w.create(ctx, aSecret(withHash(bcryptHash)))
		w.eventually(ctx).Should(beReady("False UnknownRole"))
	})

	It("tells of what is wrong by an Event, and of its end", func(ctx SpecContext) {
		w := newWorld(ctx, aRealm(), aUser())
		Eventually(func() []string { return w.events(ctx) }).Should(ContainElement(HavePrefix("Warning PasswordSecretNotFound: ")))
		w.create(ctx, aSecret(withHash(bcryptHash)))
		Eventually(func() []string { return w.events(ctx) }).Should(ContainElement("Normal " + weak[len("True "):]))
	})

	It("is written only when it changes", func(ctx SpecContext) {
		w := newWorld(ctx, aRealm(), aRole("viewer"), aSecret(withHash(bcryptHash)), aUser(withRole("viewer")))
		w.eventually(ctx).Should(beReady("True Ready"))
		settled := w.settled(ctx)
		writes := suite.Faults.Writes(w.namespace)
		reconciler := user.New(config(suite.Manager))

		w.changeSecret(ctx, func(s *corev1.Secret) { s.Labels = map[string]string{"touched": "yes"} })
		for range 2 {
			_, err := reconciler.Reconcile(ctx, settled.DeepCopy())
			Expect(err).NotTo(HaveOccurred())
		}

		Expect(w.user(ctx).ResourceVersion).To(Equal(settled.ResourceVersion))
		Expect(suite.Faults.Writes(w.namespace)).To(Equal(writes))
		Expect(writes).To(Equal([]string{"patch User/status"}))
	})

	It("never overwrites what another leader wrote in the meantime", func(ctx SpecContext) {
		w := newWorld(ctx, aRealm(), aUser())
		w.eventually(ctx).Should(beReady("False PasswordSecretNotFound"))
		stale := w.user(ctx)
		stale.Status = v1alpha1.UserStatus{}
		stale.ResourceVersion = "1"

		_, err := user.New(config(suite.Manager)).Reconcile(ctx, stale)

		Expect(apierrors.IsConflict(err)).To(BeTrue(), "%v", err)
	})

	It("is restored when somebody empties status", func(ctx SpecContext) {
		w := newWorld(ctx, aRealm(), aSecret(withHash(bcryptHash)), aUser())
		before := w.settled(ctx)
		w.wipeStatus(ctx)

		w.eventually(ctx).Should(And(beReady("True Ready"), HaveField("Status.PasswordFingerprint", before.Status.PasswordFingerprint)))
	})

	It("says what is missing when Latchkey may not read Secrets", func(ctx SpecContext) {
		w := newWorld(ctx, aRealm(), aSecret(withHash(bcryptHash)), aUser())
		w.eventually(ctx).Should(beReady("True Ready"))
		rest, err := suite.ConfigFor("nobody")
		Expect(err).NotTo(HaveOccurred())
		powerless, err := client.New(rest, client.Options{Scheme: suite.Client.Scheme()})
		Expect(err).NotTo(HaveOccurred())
		c := config(suite.Manager)
		c.Live = powerless

		result, err := user.New(c).Reconcile(ctx, w.user(ctx))

		Expect(err).NotTo(HaveOccurred())
		Expect(result.RequeueAfter).NotTo(BeZero())
		Expect(controllertest.Ready(w.user(ctx))).To(Equal(`False PasswordSecretUnreachable: Latchkey may not read or write Secret "ann-password": ` +
			`a RoleBinding in this namespace makes it a realm, see config/realm`))
	})
})

// bcryptHash is of "correct horse", with cost 4.
const bcryptHash = "$2a$04$abcdefghijklmnopqrstuuXUlWdGrXlKyDDeqFZHkzbbHQB8TKMC2"

func in(objects ...client.Object) func() []client.Object {
	return func() []client.Object { return objects }
}
