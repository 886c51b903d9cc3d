package signingkey_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/types"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/controllers/replica"
	"github.com/latchkey-auth/latchkey/controllers/signingkey"
	"github.com/latchkey-auth/latchkey/webhook/token"
)

var _ = Describe("Keeper", func() {
	var (
		realm  *v1alpha1.Realm
		clock  time.Time
		follow *acks
		keeper *signingkey.Keeper
	)

	newKeeper := func() *signingkey.Keeper {
		return signingkey.New(suite.Client, suite.Manager.GetClient(), follow, func() time.Time { return clock })
	}

	BeforeEach(func(ctx SpecContext) {
		realm = &v1alpha1.Realm{ObjectMeta: metav1.ObjectMeta{Namespace: suite.Namespace(ctx), Name: v1alpha1.RealmName}}
		Expect(suite.Client.Create(ctx, realm)).To(Succeed())
		clock = time.Date(2031, 5, 6, 7, 8, 9, 123456789, time.UTC)
		follow = everybodyFollows()
		keeper = newKeeper()
	})

	ensure := func(ctx context.Context) token.Document {
		GinkgoHelper()
		document, _, err := keeper.Ensure(ctx, realm)
		Expect(err).NotTo(HaveOccurred())
		stored, err := token.ParseDocument(secretOf(ctx, realm).Data[v1alpha1.SigningKeysDataKey])
		Expect(err).NotTo(HaveOccurred())
		Expect(faces(stored)).To(Equal(faces(document)), "what is returned must be what is stored")
		return document
	}

	Context("when there is no Secret", func() {
		It("makes keys that sign at once, and which its Realm owns", func(ctx SpecContext) {
			document := ensure(ctx)

			Expect(document.Generations).To(HaveExactElements(aGeneration(token.Active, token.ES256, clock, clock.Add(tail))))
			secret := secretOf(ctx, realm)
			Expect(secret.Type).To(BeEquivalentTo(v1alpha1.SigningKeysSecretType))
			Expect(metav1.IsControlledBy(secret, realm)).To(BeTrue())
			Expect(*secret.OwnerReferences[0].Controller).To(BeTrue())
			Expect(secret.OwnerReferences[0].BlockOwnerDeletion).To(BeNil(), "it would need a right on finalizers")
		})

		DescribeTable("uses the algorithm of the realm",
			func(ctx SpecContext, algorithm token.Algorithm) {
				realm.Spec.Tokens.Algorithm = string(algorithm)

				Expect(ensure(ctx).Generations).To(HaveExactElements(HaveField("Algorithm", algorithm)))
			},
			Entry("when it is ES256", token.ES256),
			Entry("when it is EdDSA", token.EdDSA),
			Entry("when it is RS256", token.RS256),
			Entry("when it is HS256", token.HS256),
		)
	})

	It("changes nothing when nothing is asked", func(ctx SpecContext) {
		ensure(ctx)
		version := secretOf(ctx, realm).ResourceVersion

		clock = clock.Add(29*day - time.Second)
		ensure(ctx)
		ensure(ctx)

		Expect(secretOf(ctx, realm).ResourceVersion).To(Equal(version))
		Expect(suite.Faults.Writes(realm.Namespace)).To(Equal([]string{"create Secret"}))
	})

	Context("when the Secret was deleted", func() {
		It("makes new keys that sign at once", func(ctx SpecContext) {
			before := ensure(ctx)
			Expect(suite.Client.Delete(ctx, secretOf(ctx, realm))).To(Succeed())
			clock = clock.Add(time.Hour)

			after := ensure(ctx)

			Expect(after.Generations).To(HaveExactElements(aGeneration(token.Active, token.ES256, clock, clock.Add(tail))))
			Expect(after.Generations[0].ID).NotTo(Equal(before.Generations[0].ID))
		})
	})

	DescribeTable("leaves a document alone that it can't read",
		func(ctx SpecContext, corrupt func(*corev1.Secret), want string) {
			ensure(ctx)
			secret := secretOf(ctx, realm)
			corrupt(secret)
			Expect(suite.Client.Update(ctx, secret)).To(Succeed())
			realm.Spec.Tokens.Algorithm = string(token.EdDSA)

			_, _, err := keeper.Ensure(ctx, realm)

			Expect(reason(err)).To(Equal(v1alpha1.ReasonKeysInvalid))
			Expect(err).To(MatchError(And(ContainSubstring(want), ContainSubstring("restore the Secret, or delete it"))))
			Expect(secretOf(ctx, realm)).To(Equal(secret), "nothing may be overwritten")
		},
		Entry("when it isn't JSON", func(s *corev1.Secret) {
			s.Data[v1alpha1.SigningKeysDataKey] = []byte("canary-of-key-material")
		}, "not JSON"),
		Entry("when its key is gone", func(s *corev1.Secret) { s.Data = nil }, "not JSON"),
		Entry("when it has a member too many", func(s *corev1.Secret) {
			s.Data[v1alpha1.SigningKeysDataKey] = []byte(`{"version":1,"canary":1,"generations":[]}`)
		}, "unknown member"),
	)

	It("can't replace a deleted Secret that somebody's finalizer holds, and says so", func(ctx SpecContext) {
		ensure(ctx)
		secret := secretOf(ctx, realm)
		secret.Finalizers = []string{"example.com/held"}
		Expect(suite.Client.Update(ctx, secret)).To(Succeed())
		Expect(suite.Client.Delete(ctx, secret)).To(Succeed())

		_, _, err := keeper.Ensure(ctx, realm)

		Expect(reason(err)).To(Equal(v1alpha1.ReasonKeysUnreachable))
		Expect(err).To(MatchError(ContainSubstring("finalizers hold it (example.com/held)")))
		held := secretOf(ctx, realm)
		held.Finalizers = nil
		Expect(suite.Client.Update(ctx, held)).To(Succeed())
		ensure(ctx)
	})

	It("never quotes what the Secret holds (P13)", func(ctx SpecContext) {
		ensure(ctx)
		secret := secretOf(ctx, realm)
		secret.Data[v1alpha1.SigningKeysDataKey] = []byte(`{"version":1,"canary-of-key-material":"canary-of-key-material"}`)
		Expect(suite.Client.Update(ctx, secret)).To(Succeed())

		_, _, err := keeper.Ensure(ctx, realm)

		Expect(fmt.Sprintf("%v %+v %#v", err, err, errors.Unwrap(err))).NotTo(ContainSubstring("canary"))
	})

	DescribeTable("replaces a foreign Secret",
		func(ctx SpecContext, foreign func(*corev1.Secret)) {
			before := ensure(ctx)
			secret := secretOf(ctx, realm)
			Expect(suite.Client.Delete(ctx, secret)).To(Succeed())
			secret.ResourceVersion, secret.UID = "", ""
			foreign(secret)
			Expect(suite.Client.Create(ctx, secret)).To(Succeed())

			after := ensure(ctx)

			Expect(faces(after)).NotTo(Equal(faces(before)))
			Expect(metav1.IsControlledBy(secretOf(ctx, realm), realm)).To(BeTrue())
		},
		Entry("when it carries the UID of an earlier Realm", func(s *corev1.Secret) { s.OwnerReferences[0].UID = "earlier" }),
		Entry("when nothing owns it", func(s *corev1.Secret) { s.OwnerReferences = nil }),
		Entry("when its type is another", func(s *corev1.Secret) { s.Type = corev1.SecretTypeOpaque }),
	)

	Context("when distrustBefore is raised", func() {
		at := func(t time.Time) { realm.Spec.Keys.DistrustBefore = &metav1.Time{Time: t} }

		It("replaces what was made before, and signs with a new key at once", func(ctx SpecContext) {
			before := ensure(ctx)
			clock = clock.Add(day)
			at(clock.Add(-time.Hour))

			after := ensure(ctx)

			Expect(after.DistrustBefore).To(Equal(clock.Add(-time.Hour)))
			Expect(after.Generations).To(HaveExactElements(aGeneration(token.Active, token.ES256, clock, clock.Add(tail))))
			Expect(after.Generations[0].ID).NotTo(Equal(before.Generations[0].ID))
		})

		It("keeps what was made after", func(ctx SpecContext) {
			before := ensure(ctx)
			at(clock.Add(-time.Hour))

			after := ensure(ctx)

			Expect(after.DistrustBefore).To(Equal(clock.Add(-time.Hour)))
			Expect(faces(after)[1:]).To(Equal(faces(before)[1:]))
		})

		It("counts a time in the future once: as the moment at which it was first seen", func(ctx SpecContext) {
			ensure(ctx)
			clock = clock.Add(day)
			seen := clock
			at(clock.Add(day))

			first := ensure(ctx)
			Expect(first.DistrustBefore).To(Equal(seen))
			Expect(first.Generations).To(HaveExactElements(aGeneration(token.Active, token.ES256, seen, seen.Add(tail))))

			clock = clock.Add(2 * day) // its time has come
			Expect(faces(ensure(ctx))).To(Equal(faces(first)))

			at(clock.Add(-time.Minute))
			Expect(ensure(ctx).Generations).To(HaveExactElements(HaveField("CreatedAt", clock)))
		})

		It("never goes back", func(ctx SpecContext) {
			ensure(ctx)
			clock = clock.Add(day)
			at(clock)
			first := ensure(ctx)

			at(clock.Add(-2 * day))
			Expect(ensure(ctx).DistrustBefore).To(Equal(first.DistrustBefore))
			realm.Spec.Keys.DistrustBefore = nil
			Expect(ensure(ctx).DistrustBefore).To(Equal(first.DistrustBefore))
		})

		It("makes no key that is distrusted from birth, though the clock of the new leader is behind", func(ctx SpecContext) {
			ensure(ctx)
			clock = clock.Add(day)
			at(clock)
			distrusted := clock
			ensure(ctx)
			clock = clock.Add(-time.Hour)
			realm.Spec.Tokens.Algorithm = string(token.EdDSA)

			after := ensure(ctx)

			next := after.Generations[1]
			Expect(next.CreatedAt).To(Equal(distrusted))
			Expect(after.Distrusts(next)).To(BeFalse())
		})

		It("holds for the first key too", func(ctx SpecContext) {
			at(clock.Add(day))

			first := ensure(ctx)

			Expect(first.DistrustBefore).To(Equal(clock))
			Expect(first.Distrusts(first.Generations[0])).To(BeFalse())
		})
	})

	It("keeps one document when two leaders make the first", func(ctx SpecContext) {
		var won token.Document
		racing := signingkey.New(&between{Reader: suite.Client, then: func() { won = ensure(ctx) }}, suite.Client, follow, func() time.Time { return clock })

		_, _, err := racing.Ensure(ctx, realm)

		Expect(apierrors.IsAlreadyExists(err)).To(BeTrue(), "%v", err)
		Expect(faces(ensure(ctx))).To(Equal(faces(won)))
	})

	It("says what is missing when it may not touch Secrets", func(ctx SpecContext) {
		config, err := suite.ConfigFor("nobody")
		Expect(err).NotTo(HaveOccurred())
		powerless, err := client.New(config, client.Options{Scheme: suite.Client.Scheme()})
		Expect(err).NotTo(HaveOccurred())

		_, _, err = signingkey.New(powerless, powerless, follow, time.Now).Ensure(ctx, realm)

		Expect(reason(err)).To(Equal(v1alpha1.ReasonKeysUnreachable))
		Expect(err).To(MatchError(ContainSubstring("a RoleBinding in this namespace makes it a realm: see config/realm")))
	})
})

// between does something right after the first read, as another leader would.
type between struct {
	client.Reader
	then func()
}

func (b *between) Get(ctx context.Context, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
	err := b.Reader.Get(ctx, key, o, opts...)
	if then := b.then; then != nil {
		b.then = nil
		then()
	}
	return err
}

func secretOf(ctx context.Context, realm *v1alpha1.Realm) *corev1.Secret {
	GinkgoHelper()
	secret := &corev1.Secret{}
	Expect(suite.Client.Get(ctx, client.ObjectKey{Namespace: realm.Namespace, Name: v1alpha1.SigningKeysSecretName}, secret)).To(Succeed())
	return secret
}

func reason(err error) string {
	problem, ok := errors.AsType[*signingkey.Problem](err)
	if !ok {
		return ""
	}
	return problem.Reason()
}

func aGeneration(state token.State, algorithm token.Algorithm, created, expires time.Time) types.GomegaMatcher {
	return And(
		HaveField("State", state),
		HaveField("Algorithm", algorithm),
		HaveField("CreatedAt", BeTemporally("==", created)),
		HaveField("ActivatesAt", BeTemporally("==", created)),
		HaveField("ExpiresAt", BeTemporally("==", expires)),
	)
}

// faces is what can be shown of a document.
func faces(d token.Document) []string {
	out := []string{d.DistrustBefore.String()}
	for _, g := range d.Generations {
		out = append(out, fmt.Sprint(g.ID, g.Algorithm, g.State, g.VerifiesAccess(), g.CreatedAt, g.ActivatesAt, g.ExpiresAt))
	}
	return out
}

// acks are what replicas acknowledge, as a test says.
type acks struct {
	verdict replica.Verdict
	err     error
	asked   []string // namespace/resourceVersion
}

func everybodyFollows() *acks { return &acks{verdict: replica.Verdict{InForce: metav1.ConditionTrue}} }

func (a *acks) KeysFollowed(_ context.Context, namespace, resourceVersion string) (replica.Verdict, error) {
	a.asked = append(a.asked, namespace+"/"+resourceVersion)
	return a.verdict, a.err
}
