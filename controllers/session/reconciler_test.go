package session_test

import (
	"context"
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/controllers/controllertest"
	"github.com/latchkey-auth/latchkey/controllers/session"
)

var _ = Describe("A deleted Session", func() {
	remove := func(ctx context.Context, w world, s *v1alpha1.Session) {
		GinkgoHelper()
		Expect(suite.Client.Delete(ctx, s)).To(Succeed())
		w.remaining(ctx).ShouldNot(ContainElement(s.Name))
	}

	DescribeTable("has its login revoked before it goes",
		func(ctx SpecContext, s *v1alpha1.Session, want time.Duration) {
			w := newWorld(ctx, aRealm(), s)

			remove(ctx, w, s)

			Expect(w.revokedSessions(ctx)).To(HaveKeyWithValue("s1", BeTemporally("~", time.Now().Add(want), time.Minute)))
			Expect(suite.Faults.Writes(w.namespace)).To(Equal([]string{"create RevokedToken", "patch Session"}))
		},
		Entry("when it is no browser's: for as long as an access token can live",
			aSession("s1"), 24*time.Hour),
		Entry("when its cookie lives shorter: the same",
			aSession("s1", withCookieUntil(time.Now().Add(time.Hour))), 24*time.Hour),
		Entry("when its cookie lives longer: until that ends",
			aSession("s1", expiring(time.Now().Add(72*time.Hour)), withCookieUntil(time.Now().Add(48*time.Hour))), 48*time.Hour),
		Entry("when nothing but its spec says whose it is",
			aSession("s1", withoutMetadata()), 24*time.Hour),
	)

	It("is revoked once when a logout was first", func(ctx SpecContext) {
		s := aSession("s1")
		w := newWorld(ctx, aRealm(), s)
		logout := &v1alpha1.RevokedToken{
			ObjectMeta: metav1.ObjectMeta{Name: v1alpha1.SessionRevocationName("s1")},
			Spec:       v1alpha1.RevokedTokenSpec{SessionID: "s1", Reason: "logout", ExpiresAt: new(metav1.NewTime(time.Now().Add(time.Hour).UTC()))},
		}
		w.create(ctx, logout)
		w.remaining(ctx).Should(BeEmpty())

		Expect(w.revokedSessions(ctx)).To(HaveLen(1))
		Expect(suite.Client.Get(ctx, client.ObjectKeyFromObject(logout), logout)).To(Succeed())
		Expect(logout.Spec.Reason).To(Equal("logout"))
	})

	DescribeTable("just goes",
		func(ctx SpecContext, s *v1alpha1.Session, existing ...client.Object) {
			w := newWorld(ctx, existing...)
			w.create(ctx, s)

			remove(ctx, w, s)

			Expect(w.revokedSessions(ctx)).To(BeEmpty())
		},
		Entry("when there is no Realm", aSession("s1")),
		Entry("when it has expired", aSession("s1", expiring(time.Now().Add(-time.Second))), aRealm()),
	)

	It("just goes with its namespace", func(ctx SpecContext) {
		s := aSession("s1")
		w := newWorld(ctx, aRealm(), s)
		namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: w.namespace}}
		Expect(suite.Client.Delete(ctx, namespace)).To(Succeed()) // stays: nothing here finalizes namespaces

		remove(ctx, w, s)

		Expect(w.revokedSessions(ctx)).To(BeEmpty())
	})

	It("keeps the finalizers of others", func(ctx SpecContext) {
		s := aSession("s1", func(s *v1alpha1.Session) { s.Finalizers = append(s.Finalizers, "example.com/other") })
		w := newWorld(ctx, aRealm(), s)
		Expect(suite.Client.Delete(ctx, s)).To(Succeed())

		Eventually(func() []string {
			Expect(suite.Client.Get(ctx, client.ObjectKeyFromObject(s), s)).To(Succeed())
			return s.Finalizers
		}).WithContext(ctx).Should(Equal([]string{"example.com/other"}))
		Expect(w.revokedSessions(ctx)).To(HaveKey("s1"))
		s.Finalizers = nil
		Expect(suite.Client.Update(ctx, s)).To(Succeed())
	})

	DescribeTable("is revoked also when the leader dies on the way",
		func(ctx SpecContext, nth int, when controllertest.Moment) {
			s := aSession("s1")
			w := newWorld(ctx, aRealm(), s)
			suite.Faults.Fail(w.namespace, nth, when)

			remove(ctx, w, s)

			Expect(w.revokedSessions(ctx)).To(HaveLen(1))
			Expect(suite.Faults.Writes(w.namespace)[0]).To(Equal("create RevokedToken"))
		},
		Entry("when the RevokedToken isn't written", 1, controllertest.BeforeWrite),
		Entry("when it is written, and the answer lost", 1, controllertest.AfterWrite),
		Entry("when the finalizer isn't removed", 2, controllertest.BeforeWrite),
		Entry("when it is removed, and the answer lost", 2, controllertest.AfterWrite),
	)
})

var _ = Describe("A RevokedToken", func() {
	DescribeTable("ends the Sessions that it names, and no others",
		func(ctx SpecContext, revoke func() v1alpha1.RevokedTokenSpec, want ...string) {
			w := newWorld(ctx, aRealm(), aSession("ann-1"), aSession("ann-2"), aSession("ann-old", of("ann", "uid-old")), aSession("bob", of("bob", "uid-bob")))
			w.create(ctx, aRevocation(revoke()))

			w.remaining(ctx).Should(ConsistOf(want))
		},
		Entry("when it names a sid",
			func() v1alpha1.RevokedTokenSpec { return v1alpha1.RevokedTokenSpec{SessionID: "ann-1"} },
			"ann-2", "ann-old", "bob"),
		Entry("when it names a user",
			func() v1alpha1.RevokedTokenSpec { return ofUser(v1alpha1.RevokedUser{Name: "ann"}) },
			"bob"),
		Entry("when it names a user and their UID",
			func() v1alpha1.RevokedTokenSpec { return ofUser(v1alpha1.RevokedUser{Name: "ann", UID: "uid-ann"}) },
			"ann-old", "bob"),
		Entry("when its time is in the future, and counts as now",
			func() v1alpha1.RevokedTokenSpec {
				return ofUser(v1alpha1.RevokedUser{Name: "ann", IssuedBefore: new(metav1.NewTime(time.Now().Add(time.Hour).UTC()))})
			},
			"bob"),
	)

	DescribeTable("leaves alone what it doesn't name",
		func(ctx SpecContext, revoke func() v1alpha1.RevokedTokenSpec) {
			w := newWorld(ctx, aRealm(), aRevocation(revoke()), aSession("ann-1"))

			Expect(look(ctx, w, time.Now())).NotTo(BeZero(), "it must go on to wait for its expiry")
			Expect(suite.Faults.Writes(w.namespace)).To(BeEmpty())
		},
		Entry("when it names a login's token", func() v1alpha1.RevokedTokenSpec { return v1alpha1.RevokedTokenSpec{TokenID: "ann-1"} }),
		Entry("when the login began later", func() v1alpha1.RevokedTokenSpec {
			return ofUser(v1alpha1.RevokedUser{Name: "ann", IssuedBefore: new(metav1.NewTime(time.Now().Add(-2 * time.Second).UTC()))})
		}),
		Entry("when it names another of that name", func() v1alpha1.RevokedTokenSpec {
			return ofUser(v1alpha1.RevokedUser{Name: "ann", UID: "uid-other"})
		}),
	)

	It("that looks into the future leaves alone the logins to come", func(ctx SpecContext) {
		later := new(metav1.NewTime(time.Now().Add(time.Hour).UTC()))
		w := newWorld(ctx, aRealm(), aRevocation(ofUser(v1alpha1.RevokedUser{Name: "ann", IssuedBefore: later})))
		nextSecond(ctx)
		w.create(ctx, aSession("ann-1"))

		Expect(look(ctx, w, time.Now())).NotTo(BeZero(), "it must go on to wait for its expiry")
		Expect(suite.Faults.Writes(w.namespace)).To(BeEmpty())
	})

	It("ends a Session that comes after it, too", func(ctx SpecContext) {
		w := newWorld(ctx, aRealm(), aRevocation(v1alpha1.RevokedTokenSpec{SessionID: "s1"}), aSession("s1"))

		w.remaining(ctx).Should(BeEmpty())
		Expect(w.revokedSessions(ctx)).To(HaveKey("s1"))
	})

	It("ends a Session that says in its spec alone whose it is", func(ctx SpecContext) {
		w := newWorld(ctx, aRealm(), aSession("s1", withoutMetadata()), aSession("s2", withoutMetadata(), func(s *v1alpha1.Session) { s.Spec.User.Name = "bob" }))
		w.create(ctx, aRevocation(v1alpha1.RevokedTokenSpec{SessionID: "s1"}))

		w.remaining(ctx).Should(ConsistOf("s2"))
	})
})

var _ = Describe("A Session", func() {
	It("is collected when it has expired, without a revocation", func(ctx SpecContext) {
		w := newWorld(ctx, aRealm(), aSession("gone", expiring(time.Now().Add(-time.Second))), aSession("here"))

		w.remaining(ctx).Should(ConsistOf("here"))
		Expect(w.revokedSessions(ctx)).To(BeEmpty())
	})

	It("is collected when it expires", func(ctx SpecContext) {
		w := newWorld(ctx, aRealm(), aSession("s1", expiring(time.Now().Add(2*time.Second))))

		w.remaining(ctx).Should(BeEmpty())
		Expect(w.revokedSessions(ctx)).To(BeEmpty())
	})

	It("asks to be looked at again when it expires, and isn't written until then", func(ctx SpecContext) {
		end := time.Now().Add(time.Hour).Truncate(time.Second)
		w := newWorld(ctx, aRealm(), aSession("ann-1", expiring(end)))

		Expect(look(ctx, w, end.Add(-time.Minute))).To(Equal(time.Minute))
		Expect(look(ctx, w, end.Add(-time.Second))).To(Equal(time.Second))
		Expect(suite.Faults.Writes(w.namespace)).To(BeEmpty())

		look(ctx, w, end)
		w.remaining(ctx).Should(BeEmpty())
	})

	DescribeTable("is collected also when the leader dies on the way",
		func(ctx SpecContext, nth int, when controllertest.Moment) {
			w := newWorld(ctx, aRealm())
			suite.Faults.Fail(w.namespace, nth, when)
			w.create(ctx, aSession("s1", expiring(time.Now().Add(-time.Second))))

			w.remaining(ctx).Should(BeEmpty())
			Expect(w.revokedSessions(ctx)).To(BeEmpty())
			Expect(len(suite.Faults.Writes(w.namespace))).To(BeNumerically(">=", nth), "the fault must have happened")
		},
		Entry("when it isn't deleted", 1, controllertest.BeforeWrite),
		Entry("when it is deleted, and the answer lost", 1, controllertest.AfterWrite),
		Entry("when the finalizer isn't removed", 2, controllertest.BeforeWrite),
		Entry("when it is removed, and the answer lost", 2, controllertest.AfterWrite),
	)

	It("is ended when it is its user's oldest beyond what the realm allows", func(ctx SpecContext) {
		realm := aRealm()
		realm.Spec.Sessions.MaxPerUser = 2
		w := newWorld(ctx, realm, aSession("b-first"), aSession("other", of("bob", "uid-bob")))
		nextSecond(ctx)
		w.create(ctx, aSession("c-second"))
		w.remaining(ctx).Should(ConsistOf("b-first", "c-second", "other"))
		nextSecond(ctx)
		w.create(ctx, aSession("a-third"))

		w.remaining(ctx).Should(ConsistOf("c-second", "a-third", "other"))
		Expect(w.revokedSessions(ctx)).To(HaveKey("b-first"))
		Eventually(func() []string { return suite.Events(ctx, w.namespace) }).Should(
			ContainElement(`Normal SessionRevoked: user "ann" has more than 2 logins (sessions.maxPerUser), so the oldest was ended`))

		realm.Spec.Sessions.MaxPerUser = 1
		Expect(suite.Client.Update(ctx, realm)).To(Succeed())
		w.remaining(ctx).Should(ConsistOf("a-third", "other"))
	})

	It("ends only the oldest when many come at once", func(ctx SpecContext) {
		realm := aRealm()
		realm.Spec.Sessions.MaxPerUser = 5
		w := newWorld(ctx, realm)
		for i := range 20 {
			w.create(ctx, aSession(fmt.Sprintf("s%02d", i)))
		}

		w.remaining(ctx).Should(HaveLen(5))
		Expect(w.revokedSessions(ctx)).To(HaveLen(15))
	})
})

// look has the one Session ann-1 judged at a given time, and returns when it wants to be looked at again.
func look(ctx context.Context, w world, at time.Time) time.Duration {
	GinkgoHelper()
	seen := &metav1.PartialObjectMetadata{}
	seen.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("Session"))
	Eventually(func() error {
		return suite.Manager.GetClient().Get(ctx, client.ObjectKey{Namespace: w.namespace, Name: "ann-1"}, seen)
	}).WithContext(ctx).Should(Succeed())
	var result reconcile.Result
	Eventually(func() (err error) {
		result, err = session.New(config(suite.Manager, func() time.Time { return at })).Reconcile(ctx, seen)
		return err
	}).WithContext(ctx).Should(Succeed())
	return result.RequeueAfter
}

// nextSecond waits until what is made now is younger than what was made before.
func nextSecond(ctx context.Context) {
	GinkgoHelper()
	next := time.Now().Truncate(time.Second).Add(time.Second)
	Eventually(time.Now).WithContext(ctx).Should(BeTemporally(">=", next))
}
