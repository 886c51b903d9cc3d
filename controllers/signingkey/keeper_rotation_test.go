package signingkey_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/types"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/controllers/controllertest"
	"github.com/latchkey-auth/latchkey/controllers/replica"
	"github.com/latchkey-auth/latchkey/controllers/signingkey"
	"github.com/latchkey-auth/latchkey/webhook/token"
)

var _ = Describe("Rotation", func() {
	var (
		realm  *v1alpha1.Realm
		clock  time.Time
		follow *acks
		keeper *signingkey.Keeper
	)

	aLeader := func() *signingkey.Keeper {
		return signingkey.New(suite.Client, suite.Manager.GetClient(), follow, func() time.Time { return clock })
	}

	BeforeEach(func(ctx SpecContext) {
		realm = &v1alpha1.Realm{ObjectMeta: metav1.ObjectMeta{Namespace: suite.Namespace(ctx), Name: v1alpha1.RealmName}}
		Expect(suite.Client.Create(ctx, realm)).To(Succeed())
		clock = origin
		follow = everybodyFollows()
		keeper = aLeader()
	})

	ensureVerdict := func(ctx context.Context) (token.Document, replica.Verdict) {
		GinkgoHelper()
		document, verdict, err := keeper.Ensure(ctx, realm)
		Expect(err).NotTo(HaveOccurred())
		stored, err := token.ParseDocument(secretOf(ctx, realm).Data[v1alpha1.SigningKeysDataKey])
		Expect(err).NotTo(HaveOccurred())
		Expect(faces(stored)).To(Equal(faces(document)), "what is returned must be what is stored")
		return document, verdict
	}
	ensure := func(ctx context.Context) token.Document {
		GinkgoHelper()
		document, _ := ensureVerdict(ctx)
		return document
	}
	changeTo := func(algorithm token.Algorithm) { realm.Spec.Tokens.Algorithm = string(algorithm) }

	// steps bring a realm from its first key to the moment in which each step of a rotation is due.
	publishing := func(ctx context.Context) { ensure(ctx); clock = origin.Add(29 * day) }
	signing := func(ctx context.Context) { publishing(ctx); ensure(ctx); clock = origin.Add(30 * day) }
	endingAccess := func(ctx context.Context) { signing(ctx); ensure(ctx); clock = origin.Add(31*day + signingkey.Slack) }
	leaving := func(ctx context.Context) { endingAccess(ctx); ensure(ctx); clock = origin.Add(30*day + tail) }
	changing := func(ctx context.Context) { ensure(ctx); changeTo(token.EdDSA) }
	changed := func(ctx context.Context) { changing(ctx); ensure(ctx) }

	It("takes a key through its life, and what it signs holds for as long as it should", func(ctx SpecContext) {
		first := ensure(ctx)
		clock = origin.Add(29 * day)
		Expect(ensure(ctx).Generations).To(HaveExactElements(inState(token.Active), inState(token.Next)))
		clock = origin.Add(30 * day)
		old := signed(first, clock.Add(-time.Second))

		rotated := ensure(ctx)

		Expect(rotated.Generations).To(HaveExactElements(
			And(inState(token.Retired), HaveField("ID", first.Generations[0].ID), HaveField("ExpiresAt", BeTemporally("==", clock.Add(tail)))),
			And(inState(token.Active), HaveField("ActivatesAt", BeTemporally("==", clock)), HaveField("ExpiresAt", BeTemporally("==", clock.Add(tail)))),
		))
		Expect(refusedBy(rotated, old, clock.Add(day-2*time.Second))).To(BeEmpty())
		Expect(refusedBy(rotated, signed(rotated, clock), clock)).To(BeEmpty())

		clock = origin.Add(31*day + signingkey.Slack)
		ended := ensure(ctx)
		Expect(ended.Generations[0].VerifiesAccess()).To(BeFalse())
		Expect(refusedBy(ended, signed(first, clock), clock)).To(ConsistOf(token.Access), "by then they have all expired")

		clock = origin.Add(30*day + tail)
		Expect(ensure(ctx).Generations).To(HaveExactElements(And(inState(token.Active), HaveField("ID", rotated.Generations[1].ID))))
	})

	It("asks replicas only when a step waits for them, and about the very document that holds the next key", func(ctx SpecContext) {
		publishing(ctx)
		ensure(ctx)
		clock = clock.Add(day - time.Second)
		ensure(ctx)
		Expect(follow.asked).To(BeEmpty())
		held := secretOf(ctx, realm).ResourceVersion
		clock = clock.Add(time.Second)

		ensure(ctx)

		Expect(follow.asked).To(Equal([]string{realm.Namespace + "/" + held}))
	})

	DescribeTable("lets the old key go on signing, and says who stands in the way",
		func(ctx SpecContext, answer metav1.ConditionStatus) {
			signing(ctx)
			before := faces(storedIn(ctx, realm))
			follow.verdict = replica.Verdict{InForce: answer, Message: "replica blue hasn't followed", Again: 4 * time.Second}

			_, early := ensureVerdict(ctx)
			Expect(early.InForce).To(Equal(metav1.ConditionTrue), "replicas follow within milliseconds: no need to cry")
			Expect(early.Again).To(Equal(replica.RenewEvery))

			clock = clock.Add(replica.OutOfTouch)
			document, late := ensureVerdict(ctx)
			Expect(faces(document)).To(Equal(before))
			Expect(late).To(And(HaveField("InForce", answer), HaveField("Message", "replica blue hasn't followed"), HaveField("Again", replica.RenewEvery)))

			clock = clock.Add(time.Hour)
			follow.verdict = replica.Verdict{InForce: metav1.ConditionTrue}
			document, verdict := ensureVerdict(ctx)
			Expect(verdict.InForce).To(Equal(metav1.ConditionTrue))
			Expect(document.Generations).To(HaveExactElements(inState(token.Retired), And(inState(token.Active), HaveField("ActivatesAt", BeTemporally("==", clock)))))
		},
		Entry("when one hasn't followed", metav1.ConditionFalse),
		Entry("when one is assumed gone: nothing but a yes is a yes", metav1.ConditionUnknown),
		Entry("when nobody says anything", metav1.ConditionStatus("")),
	)

	It("changes nothing when it can't learn who follows", func(ctx SpecContext) {
		signing(ctx)
		before := secretOf(ctx, realm)
		follow.err = errors.New("no API server")

		_, _, err := keeper.Ensure(ctx, realm)

		Expect(err).To(MatchError("see who knows the keys of realm \"" + realm.Namespace + "\": no API server"))
		Expect(secretOf(ctx, realm)).To(Equal(before))
	})

	It("changes the algorithm without an outage", func(ctx SpecContext) {
		first := ensure(ctx)
		old := signed(first, clock)
		changeTo(token.EdDSA)

		published, soon := ensureVerdict(ctx)
		Expect(published.Generations).To(HaveExactElements(
			And(inState(token.Active), HaveField("Algorithm", token.ES256)), And(inState(token.Next), HaveField("Algorithm", token.EdDSA))))
		Expect(soon.Again).To(Equal(replica.RenewEvery))
		Expect(follow.asked).To(BeEmpty(), "nobody can know yet what was just written")

		after := ensure(ctx)
		Expect(after.Generations).To(HaveExactElements(
			And(inState(token.Retired), HaveField("Algorithm", token.ES256)), And(inState(token.Active), HaveField("Algorithm", token.EdDSA))))
		Expect(refusedBy(after, old, clock)).To(BeEmpty())
	})

	It("drops a key of an algorithm that isn't asked for any more", func(ctx SpecContext) {
		changed(ctx)
		changeTo(token.ES256)

		Expect(ensure(ctx).Generations).To(HaveExactElements(And(inState(token.Active), HaveField("Algorithm", token.ES256))))
	})

	It("lets a trusted next key sign at once when the active one is distrusted, and asks nobody", func(ctx SpecContext) {
		publishing(ctx)
		next := ensure(ctx).Generations[1].ID
		clock = clock.Add(time.Hour)
		realm.Spec.Keys.DistrustBefore = &metav1.Time{Time: clock.Add(-2 * time.Hour)}
		follow.verdict = replica.Verdict{InForce: metav1.ConditionFalse}

		Expect(ensure(ctx).Generations).To(HaveExactElements(And(inState(token.Active), HaveField("ID", next))))
		Expect(follow.asked).To(BeEmpty())
	})

	It("says that another key has no room, and when to look again", func(ctx SpecContext) {
		ensure(ctx)
		secret := secretOf(ctx, realm)
		document, err := token.ParseDocument(secret.Data[v1alpha1.SigningKeysDataKey])
		Expect(err).NotTo(HaveOccurred())
		for range signingkey.MaxGenerations - 1 {
			full := documentOf(GinkgoTB(), retiredKey("r", 0, 6*day).with(func(k *key) { k.algorithm = token.HS256 }))
			full.Generations[0].ID += string(rune('A'+len(document.Generations)%26)) + string(rune('A'+len(document.Generations)/26))
			document.Generations = append(full.Generations, document.Generations...)
		}
		secret.Data[v1alpha1.SigningKeysDataKey], err = document.Marshal()
		Expect(err).NotTo(HaveOccurred())
		Expect(suite.Client.Update(ctx, secret)).To(Succeed())
		changeTo(token.EdDSA)

		_, verdict := ensureVerdict(ctx)

		Expect(verdict.InForce).To(Equal(metav1.ConditionFalse))
		Expect(verdict.Message).To(Equal("the document holds 256 keys, as many as it can, so another is made when one has left it"))
		Expect(verdict.Again).To(BeNumerically("<=", 6*day))
	})

	DescribeTable("keeps one document when there are two leaders",
		func(ctx SpecContext, due func(context.Context)) {
			due(ctx)
			before := faces(storedIn(ctx, realm))
			var won token.Document
			racing := signingkey.New(&between{Reader: suite.Client, then: func() { won = ensure(ctx) }}, suite.Client, follow, func() time.Time { return clock })

			_, _, err := racing.Ensure(ctx, realm)

			Expect(apierrors.IsConflict(err)).To(BeTrue(), "%v", err)
			Expect(faces(won)).NotTo(Equal(before), "else there was nothing to race for")
			Expect(faces(storedIn(ctx, realm))).To(Equal(faces(won)))
		},
		Entry("when a next key is published", publishing),
		Entry("when it begins to sign", signing),
		Entry("when the one before verifies no access tokens any more", endingAccess),
		Entry("when that one leaves", leaving),
		Entry("when another algorithm is asked for", changing),
		Entry("when that begins to sign", changed),
		Entry("when keys are distrusted", func(ctx context.Context) {
			ensure(ctx)
			realm.Spec.Keys.DistrustBefore = &metav1.Time{Time: clock.Add(time.Second)}
			clock = clock.Add(time.Minute)
		}),
	)

	DescribeTable("goes on after a leader that was killed (Q29)",
		func(ctx SpecContext, due func(context.Context), moment controllertest.Moment) {
			settled := func() []string {
				ensure(ctx)
				return shapes(ensure(ctx)) // a change of algorithm takes two looks
			}
			due(ctx)
			undisturbed := settled()
			realm = &v1alpha1.Realm{ObjectMeta: metav1.ObjectMeta{Namespace: suite.Namespace(ctx), Name: v1alpha1.RealmName}}
			Expect(suite.Client.Create(ctx, realm)).To(Succeed())
			clock = origin
			due(ctx)
			before := faces(storedIn(ctx, realm))
			suite.Faults.Fail(realm.Namespace, len(suite.Faults.Writes(realm.Namespace))+1, moment)

			_, _, err := keeper.Ensure(ctx, realm)

			Expect(err).To(MatchError(controllertest.ErrInjected))
			if moment == controllertest.BeforeWrite {
				Expect(faces(storedIn(ctx, realm))).To(Equal(before))
			} else {
				Expect(faces(storedIn(ctx, realm))).NotTo(Equal(before))
			}
			keeper = aLeader()
			Expect(settled()).To(Equal(undisturbed))
		},
		Entry("when it published a next key", publishing, controllertest.BeforeWrite),
		Entry("when it has published a next key", publishing, controllertest.AfterWrite),
		Entry("when it let that sign", signing, controllertest.BeforeWrite),
		Entry("when it has let that sign", signing, controllertest.AfterWrite),
		Entry("when it ended access tokens of the one before", endingAccess, controllertest.BeforeWrite),
		Entry("when it has ended access tokens of the one before", endingAccess, controllertest.AfterWrite),
		Entry("when it let that one leave", leaving, controllertest.BeforeWrite),
		Entry("when it has let that one leave", leaving, controllertest.AfterWrite),
		Entry("when it published a key of another algorithm", changing, controllertest.BeforeWrite),
		Entry("when it has published a key of another algorithm", changing, controllertest.AfterWrite),
		Entry("when it let the other algorithm sign", changed, controllertest.BeforeWrite),
		Entry("when it has let the other algorithm sign", changed, controllertest.AfterWrite),
	)

	DescribeTable("lets no key sign that a replica doesn't know, whichever leader published it (Q29)",
		func(ctx SpecContext, due func(context.Context)) {
			due(ctx)
			signs := activeOf(storedIn(ctx, realm))
			suite.Faults.Fail(realm.Namespace, len(suite.Faults.Writes(realm.Namespace))+1, controllertest.AfterWrite)
			_, _, err := keeper.Ensure(ctx, realm)
			Expect(err).To(MatchError(controllertest.ErrInjected))
			follow.verdict = replica.Verdict{InForce: metav1.ConditionFalse}
			keeper = aLeader()
			clock = clock.Add(2 * day)

			Expect(activeOf(ensure(ctx))).To(Equal(signs))
			Expect(follow.asked).NotTo(BeEmpty())
		},
		Entry("when its period is about to be over", publishing),
		Entry("when another algorithm is asked for", changing),
	)
})

func inState(s token.State) types.GomegaMatcher { return HaveField("State", s) }

func storedIn(ctx context.Context, realm *v1alpha1.Realm) token.Document {
	GinkgoHelper()
	document, err := token.ParseDocument(secretOf(ctx, realm).Data[v1alpha1.SigningKeysDataKey])
	Expect(err).NotTo(HaveOccurred())
	return document
}

func activeOf(d token.Document) string {
	active, _ := d.Active()
	return active.ID
}

// shapes is what documents of two realms have in common if the same has happened to both.
func shapes(d token.Document) []string {
	shapes := []string{}
	for _, g := range d.Generations {
		shapes = append(shapes, fmt.Sprint(g.Algorithm, g.State, g.VerifiesAccess(), g.CreatedAt, g.ActivatesAt, g.ExpiresAt))
	}
	return shapes
}

const issuer = "https://auth.example.com"

// signed makes tokens that live as long as they can: a day, and a week.
func signed(d token.Document, now time.Time) map[token.Type]string {
	GinkgoHelper()
	ring, err := token.NewRing(d, nil)
	Expect(err).NotTo(HaveOccurred())
	tokens := map[token.Type]string{}
	for _, typ := range []token.Type{token.Access, token.Refresh} {
		claims := token.Claims{
			Issuer: issuer, Subject: "uid", ID: "jti", SessionID: "sid", Username: "ann",
			IssuedAt: now, AuthTime: now, ExpiresAt: now.Add(7 * day),
		}
		if claims.Generation = 1; typ == token.Access {
			claims.Generation, claims.ExpiresAt, claims.Audience = 0, now.Add(day), []string{issuer}
		}
		tokens[typ], err = ring.Sign(typ, claims)
		Expect(err).NotTo(HaveOccurred())
	}
	return tokens
}

// refusedBy are the types of those tokens that a replica refuses which knows d.
func refusedBy(d token.Document, tokens map[token.Type]string, now time.Time) []token.Type {
	GinkgoHelper()
	ring, err := token.NewRing(d, nil)
	Expect(err).NotTo(HaveOccurred())
	var refused []token.Type
	for typ, raw := range tokens {
		if _, err := ring.Verify(raw, token.Expect{Type: typ, Issuer: issuer, Audiences: []string{issuer}}, now); err != nil {
			refused = append(refused, typ)
		}
	}
	return refused
}
