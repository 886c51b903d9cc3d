package feed_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gmeasure"
	"github.com/prometheus/client_golang/prometheus"
	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/controllers/feed"
	"github.com/latchkey-auth/latchkey/webhook/directory"
	"github.com/latchkey-auth/latchkey/webhook/token"
)

var _ = Describe("Feed", func() {
	// With the rights that doc.go names, resourceNames and all, everywhere.

	It("follows realms that come and go at run time", func(ctx SpecContext) {
		f := aSyncedFeed()

		realm := aRealm(ctx)
		Eventually(f.realm(realm.Namespace)).ShouldNot(BeNil())
		Expect(f.directory.Realm(realm.Namespace).Settings()).To(HaveValue(And(
			HaveField("Issuer", "https://auth.example.com/realms/"+realm.Namespace),
			HaveField("Algorithm", token.ES256),
			HaveField("AccessTTL", 30*time.Minute),
			HaveField("Unusable", ""),
		)))
		keys, id := theKeysOf(realm)
		create(ctx, keys)
		Eventually(f.keyID(realm.Namespace)).Should(Equal(id))

		By("changing it")
		realm.Spec.BasicAuth = true
		Expect(api.Update(ctx, realm)).To(Succeed())
		Eventually(func() bool { return f.directory.Realm(realm.Namespace).Settings().BasicAuth }).Should(BeTrue())
		Expect(f.keyID(realm.Namespace)()).To(Equal(id))

		By("deleting it")
		before := f.directory.Realm(realm.Namespace)
		Expect(api.Delete(ctx, realm)).To(Succeed())
		Eventually(f.realm(realm.Namespace)).Should(BeNil())
		Eventually(before.Keys).Should(BeNil())
		Expect(before.Settings().Unusable).NotTo(BeEmpty())

		By("making another of that name: the Secret of the first is foreign to it")
		realm.ResourceVersion = ""
		create(ctx, realm)
		Eventually(f.realm(realm.Namespace)).ShouldNot(BeNil())
		create(ctx, aUser(realm.Namespace, "later"))
		Eventually(f.user(realm.Namespace, "later")).ShouldNot(BeNil())
		Expect(f.directory.Realm(realm.Namespace).Keys()).To(BeNil())
		Expect(api.Delete(ctx, keys)).To(Succeed())
		keys, id = theKeysOf(realm)
		create(ctx, keys)
		Eventually(f.keyID(realm.Namespace)).Should(Equal(id))
		Expect(f.log.lines("realm appeared", realm.Namespace)()).To(HaveLen(2))
		Expect(f.log.lines("realm is gone", realm.Namespace)()).To(HaveLen(1))
	})

	It("knows after its first sync what was there before", func(ctx SpecContext) {
		realm := aRealm(ctx)
		keys, id := theKeysOf(realm)
		create(ctx, keys)
		create(ctx, aUser(realm.Namespace, "ann", "viewer"))
		create(ctx, aRole(realm.Namespace, "viewer"))
		create(ctx, aRevokedToken(realm.Namespace, "r", v1alpha1.RevokedTokenSpec{TokenID: "t1"}))

		f := aSyncedFeed()

		r := f.directory.Realm(realm.Namespace)
		Expect(r.Keys().ActiveKeyID()).To(Equal(id))
		Expect(r.Subject(r.User("ann")).Groups).To(Equal([]string{"viewer"}))
		Expect(r.Revoked("t1", "", r.User("ann"), createdAt)).To(BeTrue())
		Expect(f.Waiting()).To(BeEmpty())
	})

	It("follows users, roles and revocations", func(ctx SpecContext) {
		realm := aRealm(ctx)
		f := aSyncedFeed()
		r := f.directory.Realm(realm.Namespace)

		ann := create(ctx, aUser(realm.Namespace, "ann", "viewer"))
		Eventually(f.user(realm.Namespace, "ann")).Should(HaveField("UID", string(ann.UID)))
		Expect(r.Subject(r.User("ann")).Grant.Has("viewer")).To(BeFalse(), "there is no such Role")

		role := create(ctx, aRole(realm.Namespace, "viewer"))
		Eventually(func() bool { return r.Subject(r.User("ann")).Grant.Has("viewer") }).Should(BeTrue())
		Expect(api.Delete(ctx, role)).To(Succeed())
		Eventually(func() bool { return r.Subject(r.User("ann")).Grant.Has("viewer") }).Should(BeFalse())

		ann.Spec.Disabled = true
		Expect(api.Update(ctx, ann)).To(Succeed())
		Eventually(func() bool { return r.User("ann").Active() }).Should(BeFalse())

		for name, spec := range map[string]v1alpha1.RevokedTokenSpec{
			"by-token": {TokenID: "t1"}, "by-login": {SessionID: "s1"}, "by-user": {User: &v1alpha1.RevokedUser{Name: "ann", UID: ann.UID}},
		} {
			create(ctx, aRevokedToken(realm.Namespace, name, spec))
		}
		began := ann.CreationTimestamp.Time
		later := began.Add(time.Hour)
		Eventually(func() bool { return r.Revoked("t1", "", r.User("ann"), later) }).Should(BeTrue())
		Eventually(func() bool { return r.Revoked("", "s1", r.User("ann"), later) }).Should(BeTrue())
		Eventually(func() bool { return r.Revoked("", "", r.User("ann"), began) }).Should(BeTrue())
		Expect(r.Revoked("", "", r.User("ann"), later)).To(BeFalse(), "a login that begins later is another one")

		Expect(api.Delete(ctx, aRevokedToken(realm.Namespace, "by-token", v1alpha1.RevokedTokenSpec{}))).To(Succeed())
		Eventually(func() bool { return r.Revoked("t1", "", r.User("ann"), later) }).Should(BeFalse())

		Expect(api.Delete(ctx, ann)).To(Succeed())
		Eventually(f.user(realm.Namespace, "ann")).Should(BeNil())
	})

	It("loses no revocation by its labels, since it selects by none (Q16)", func(ctx SpecContext) {
		realm := aRealm(ctx)
		create(ctx, aUser(realm.Namespace, "ann"))
		revoked := create(ctx, aRevokedToken(realm.Namespace, "r", v1alpha1.RevokedTokenSpec{SessionID: "s1"}))
		f := aSyncedFeed()
		r := f.directory.Realm(realm.Namespace)

		for _, labels := range []map[string]string{{"app": "latchkey"}, {"app": "another"}, nil} {
			changed := revoked.DeepCopy()
			changed.Labels = labels
			Expect(api.Patch(ctx, changed, client.MergeFrom(revoked))).To(Succeed())
			revoked = changed
			heard := fmt.Sprintf("heard-%d", len(labels["app"])) // what comes after the change has been heard
			create(ctx, aUser(realm.Namespace, heard))
			Eventually(f.user(realm.Namespace, heard)).ShouldNot(BeNil())
			Expect(r.Revoked("", "s1", r.User("ann"), createdAt)).To(BeTrue())
		}
		Expect(aSyncedFeed().directory.Realm(realm.Namespace).Revoked("", "s1", r.User("ann"), createdAt)).To(BeTrue())
	})

	It("takes what is being deleted for what it means", func(ctx SpecContext) {
		realm := aRealm(ctx)
		ann, viewer := aUser(realm.Namespace, "ann", "viewer"), aRole(realm.Namespace, "viewer")
		revoked := aRevokedToken(realm.Namespace, "r", v1alpha1.RevokedTokenSpec{TokenID: "t1"})
		all := []client.Object{realm, ann, viewer, revoked}
		for _, o := range all[1:] {
			o.SetFinalizers([]string{"example.com/hold"})
			create(ctx, o)
		}
		realm.SetFinalizers([]string{"example.com/hold"})
		Expect(api.Update(ctx, realm)).To(Succeed())
		DeferCleanup(func(ctx SpecContext) {
			for _, o := range all {
				Expect(api.Get(ctx, client.ObjectKeyFromObject(o), o)).To(Succeed())
				o.SetFinalizers(nil)
				Expect(api.Update(ctx, o)).To(Succeed())
			}
		})
		f := aSyncedFeed()
		r := f.directory.Realm(realm.Namespace)
		Expect(r.User("ann").Active()).To(BeTrue())
		Expect(r.Policy().HasRole("viewer")).To(BeTrue())

		for _, o := range all {
			Expect(api.Delete(ctx, o)).To(Succeed())
		}

		Eventually(func() bool { return r.User("ann").Active() }).Should(BeFalse(), "a user that is being deleted is gone")
		Eventually(func() bool { return r.Policy().HasRole("viewer") }).Should(BeFalse(), "and a Role grants nothing more")
		create(ctx, aRevokedToken(realm.Namespace, "later", v1alpha1.RevokedTokenSpec{TokenID: "later"}))
		Eventually(func() bool { return r.Revoked("later", "", r.User("ann"), createdAt) }).Should(BeTrue())
		Expect(r.Revoked("t1", "", r.User("ann"), createdAt)).To(BeTrue(), "but a revocation stays until it is deleted")
		Expect(f.realm(realm.Namespace)()).NotTo(BeNil(), "and so does a realm")
	})

	Describe("keys", func() {
		It("stay the last good ones while the document is corrupted, and are dropped with the Secret", func(ctx SpecContext) {
			realm := aRealm(ctx)
			keys, id := theKeysOf(realm)
			create(ctx, keys)
			f := aSyncedFeed()
			Expect(f.keyID(realm.Namespace)()).To(Equal(id))

			good := keys.Data[v1alpha1.SigningKeysDataKey]
			keys.Data[v1alpha1.SigningKeysDataKey] = good[:len(good)-3]
			Expect(api.Update(ctx, keys)).To(Succeed())
			Eventually(f.log.lines("can't be read", "last good keys stay in use", realm.Namespace)).ShouldNot(BeEmpty())
			Expect(f.keyID(realm.Namespace)()).To(Equal(id))

			Expect(api.Delete(ctx, keys)).To(Succeed())
			Eventually(f.directory.Realm(realm.Namespace).Keys).Should(BeNil())

			By("corrupting a new Secret, which has no good keys to go on with")
			keys.ResourceVersion = ""
			create(ctx, keys)
			Eventually(f.log.lines("can't be read", "last good keys stay in use", realm.Namespace)).Should(HaveLen(2))
			Expect(f.directory.Realm(realm.Namespace).Keys()).To(BeNil())

			keys.Data[v1alpha1.SigningKeysDataKey] = good
			Expect(api.Update(ctx, keys)).To(Succeed())
			Eventually(f.keyID(realm.Namespace)).Should(Equal(id))
			expectNoMaterial(f.log.String(), good)
		})

		DescribeTable("are not those of a foreign Secret",
			func(ctx SpecContext, change func(realm *v1alpha1.Realm) client.Object) {
				realm := aRealm(ctx)
				create(ctx, change(realm))
				f := aSyncedFeed()
				Expect(f.directory.Realm(realm.Namespace).Keys()).To(BeNil())
			},
			Entry("when its type is another", func(realm *v1alpha1.Realm) client.Object {
				keys, _ := theKeysOf(realm)
				keys.Type = "Opaque"
				return keys
			}),
			Entry("when it belongs to another Realm object", func(realm *v1alpha1.Realm) client.Object {
				keys, _ := theKeysOf(realm)
				keys.OwnerReferences[0].UID = "another"
				return keys
			}),
			Entry("when its name is another", func(realm *v1alpha1.Realm) client.Object {
				keys, _ := theKeysOf(realm)
				keys.Name = "other-keys"
				return keys
			}),
		)

		It("are dropped when somebody takes the Secret over", func(ctx SpecContext) {
			realm := aRealm(ctx)
			keys, id := theKeysOf(realm)
			create(ctx, keys)
			f := aSyncedFeed()
			Expect(f.keyID(realm.Namespace)()).To(Equal(id))

			keys.OwnerReferences = nil
			Expect(api.Update(ctx, keys)).To(Succeed())

			Eventually(f.directory.Realm(realm.Namespace).Keys).Should(BeNil())
		})
	})

	Describe("what this replica wrote itself", func() {
		It("is visible at once", func(ctx SpecContext) {
			realm := aRealm(ctx)
			f := aSyncedFeed()
			r := f.directory.Realm(realm.Namespace)

			ann := create(ctx, aUser(realm.Namespace, "ann", "viewer"))
			f.PutUser(ann)
			Expect(r.User("ann")).To(HaveField("UID", string(ann.UID)))
			revoked := create(ctx, aRevokedToken(realm.Namespace, "r", v1alpha1.RevokedTokenSpec{SessionID: "s1"}))
			f.PutRevokedToken(revoked)
			Expect(r.Revoked("", "s1", r.User("ann"), createdAt)).To(BeTrue())
			Expect(api.Delete(ctx, ann)).To(Succeed())
			f.ForgetUser(ann)
			Expect(r.User("ann")).To(BeNil())
		})

		It("is not overwritten by an older event", func(ctx SpecContext) {
			realm := aRealm(ctx)
			f := aSyncedFeed()
			ann := create(ctx, aUser(realm.Namespace, "ann", "viewer"))
			newer := ann.DeepCopy()
			newer.ResourceVersion += "000" // an answer that this replica has had, and the watch hasn't delivered
			newer.Spec.Disabled = true
			f.PutUser(newer)

			ann.Spec.Roles = nil
			Expect(api.Update(ctx, ann)).To(Succeed())
			create(ctx, aUser(realm.Namespace, "bob")) // delivered after that

			Eventually(f.user(realm.Namespace, "bob")).ShouldNot(BeNil())
			Expect(f.user(realm.Namespace, "ann")()).To(And(HaveField("Disabled", true), HaveField("Roles", []string{"viewer"})))
		})

		It("stays deleted when a late event comes", func(ctx SpecContext) {
			realm := aRealm(ctx)
			f := aSyncedFeed()
			ann := create(ctx, aUser(realm.Namespace, "ann"))
			Eventually(f.user(realm.Namespace, "ann")).ShouldNot(BeNil())
			f.ForgetUser(ann)
			Expect(f.user(realm.Namespace, "ann")()).To(BeNil())

			ann.Spec.DisplayName = "Ann"
			Expect(api.Update(ctx, ann)).To(Succeed())
			create(ctx, aUser(realm.Namespace, "bob")) // delivered after that
			Eventually(f.user(realm.Namespace, "bob")).ShouldNot(BeNil())
			Expect(f.user(realm.Namespace, "ann")()).To(BeNil())

			By("making another of that name")
			Expect(api.Delete(ctx, ann)).To(Succeed())
			again := create(ctx, aUser(realm.Namespace, "ann"))
			Eventually(f.user(realm.Namespace, "ann")).Should(HaveField("UID", string(again.UID)))
		})

		It("is not undone by an answer that is told after the deletion was delivered", func(ctx SpecContext) {
			realm := aRealm(ctx)
			f := aSyncedFeed()
			ann := create(ctx, aUser(realm.Namespace, "ann"))
			Eventually(f.user(realm.Namespace, "ann")).ShouldNot(BeNil())
			Expect(api.Delete(ctx, ann)).To(Succeed())
			Eventually(f.user(realm.Namespace, "ann")).Should(BeNil())

			f.PutUser(ann)

			Expect(f.user(realm.Namespace, "ann")()).To(BeNil())
		})
	})

	Describe("readiness", func() {
		It("is nothing that a feed has before it runs", func() {
			f, err := feed.New(feed.Config{REST: replicaConfig, Directory: directory.New(), Logger: slog.New(slog.DiscardHandler)})
			Expect(err).NotTo(HaveOccurred())
			Expect(f.Synced()).To(BeFalse())
			Expect(f.Waiting()).To(Equal([]string{"realms", "users", "roles", "revokedtokens"}))
		})

		It("waits for a kind that may not be read, and says so", func(ctx SpecContext) {
			partial, err := admin.ConfigFor("latchkey-partial")
			Expect(err).NotTo(HaveOccurred())
			allowKinds(ctx, "latchkey-partial", "realms", "users", "revokedtokens")

			f := aFeed(func(c *feed.Config) { c.REST, c.SyncDeadline = partial, 200*time.Millisecond })

			Eventually(f.Waiting).Should(Equal([]string{"roles"}))
			Eventually(f.log.lines(`"level":"INFO"`, "not ready", `"waiting":["roles"]`)).ShouldNot(BeEmpty())
			Expect(f.log.lines(`"level":"INFO"`, "feed is interrupted", `"kind":"roles"`, "let this ServiceAccount get, list and watch it")()).To(HaveLen(1))
			Expect(f.Synced()).To(BeFalse())
		})

		It("doesn't wait for a realm that doesn't let its keys be read, which denies until it does", func(ctx SpecContext) {
			namespace := aNamespace(ctx)
			realm := create(ctx, &v1alpha1.Realm{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "default"}})
			DeferCleanup(func(ctx SpecContext) { Expect(api.Delete(ctx, realm)).To(Succeed()) })
			keys, id := theKeysOf(realm)
			create(ctx, keys)

			f := aSyncedFeed()
			Expect(f.directory.Realm(namespace).Keys()).To(BeNil())
			Expect(f.log.lines("feed is interrupted", `"kind":"secrets"`, namespace)()).To(HaveLen(1), "who is ready has said what is missing")

			allowKeys(ctx, namespace)
			Eventually(f.keyID(namespace)).Should(Equal(id))
			Eventually(f.log.lines("feed goes on", namespace)).Should(HaveLen(1))
		})

		It("is kept when a realm appears", func(ctx SpecContext) {
			f := aSyncedFeed()
			namespace := aNamespace(ctx)
			realm := create(ctx, &v1alpha1.Realm{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "default"}})
			DeferCleanup(func(ctx SpecContext) { Expect(api.Delete(ctx, realm)).To(Succeed()) })
			Eventually(f.realm(namespace)).ShouldNot(BeNil())
			Expect(f.Synced()).To(BeTrue())
			Expect(f.Waiting()).To(BeEmpty())
		})
	})

	Describe("an outage", func() {
		It("changes nothing about what is known, and is made up for", func(ctx SpecContext) {
			realm := aRealm(ctx)
			create(ctx, aUser(realm.Namespace, "ann"))
			bob := create(ctx, aUser(realm.Namespace, "bob"))
			network := &faultyNetwork{}
			f := aSyncedFeed(func(c *feed.Config) { c.REST = network.between(replicaConfig) })
			r := f.directory.Realm(realm.Namespace)

			network.cut(true)
			Eventually(f.log.lines("feed is interrupted", `"kind":"users"`)).Should(HaveLen(1))
			Expect(api.Delete(ctx, bob)).To(Succeed())
			create(ctx, aRevokedToken(realm.Namespace, "r", v1alpha1.RevokedTokenSpec{SessionID: "s1"}))
			Expect(r.User("ann").Active()).To(BeTrue())
			Expect(r.User("bob").Active()).To(BeTrue())
			Expect(f.Synced()).To(BeTrue())

			network.cut(false)
			Eventually(f.user(realm.Namespace, "bob")).Should(BeNil())
			Eventually(func() bool { return r.Revoked("", "s1", r.User("ann"), createdAt) }).Should(BeTrue())
		})

		// P5 and attack Q14.
		It("that ends in another list never lets a revocation be missed, nor a user", func(ctx SpecContext) {
			realm := aRealm(ctx)
			create(ctx, aUser(realm.Namespace, "ann"))
			create(ctx, aRevokedToken(realm.Namespace, "r", v1alpha1.RevokedTokenSpec{SessionID: "s1"}))
			network := &faultyNetwork{}
			f := aSyncedFeed(func(c *feed.Config) { c.REST = network.between(replicaConfig) })
			r := f.directory.Realm(realm.Namespace)

			lists := network.lists()
			network.forget(true)
			for network.lists() < lists+4 {
				ann := r.User("ann")
				if !ann.Active() {
					Fail("a user was missing")
				}
				if !r.Revoked("", "s1", ann, createdAt) {
					Fail("a revocation was missing")
				}
			}
			network.forget(false)

			create(ctx, aUser(realm.Namespace, "bob"))
			Eventually(f.user(realm.Namespace, "bob")).ShouldNot(BeNil())
		})
	})

	It("publishes how it is", func(ctx SpecContext) {
		registry := prometheus.NewRegistry()
		realm := aRealm(ctx)
		create(ctx, aUser(realm.Namespace, "ann"))
		aSyncedFeed(func(c *feed.Config) {
			c.Registerer = registry
			c.Lease = feed.Lease{Namespace: realm.Namespace, Name: "latchkey-replica-a", Sent: func(*coordinationv1.Lease) (time.Time, bool) { return time.Time{}, false }}
		})
		families, err := registry.Gather()
		Expect(err).NotTo(HaveOccurred())
		series := map[string]int{}
		for _, family := range families {
			series[family.GetName()] = len(family.GetMetric())
		}
		Expect(series).To(Equal(map[string]int{
			"latchkey_feed_synced": 4, "latchkey_feed_objects": 5, "latchkey_feed_staleness_seconds": 5, "latchkey_feed_unreadable_objects_total": 5,
		}))
	})

	It("of a process that verifies no token follows nothing to verify one by", func(ctx SpecContext) {
		realm := aRealm(ctx)
		keys, _ := theKeysOf(realm)
		create(ctx, keys)
		create(ctx, aUser(realm.Namespace, "ann"))
		allowKinds(ctx, "latchkey-kubernetes", "realms", "users", "roles")
		withoutTokens, err := admin.ConfigFor("latchkey-kubernetes")
		Expect(err).NotTo(HaveOccurred())
		registry := prometheus.NewRegistry()

		f := aSyncedFeed(func(c *feed.Config) { c.REST, c.WithoutTokens, c.Registerer = withoutTokens, true, registry })

		Expect(f.user(realm.Namespace, "ann")()).NotTo(BeNil())
		Expect(f.directory.Keys().Len()).To(BeZero())
		Expect(f.log.String()).NotTo(ContainSubstring("forbidden"))
		families, err := registry.Gather()
		Expect(err).NotTo(HaveOccurred())
		for _, family := range families {
			Expect(family.GetMetric()).To(HaveLen(3), family.GetName())
			Expect(family.GetName()).NotTo(Equal("latchkey_feed_staleness_seconds"), "it has no clock for that")
		}
	})

	It("is quick", func(ctx SpecContext) {
		realm := aRealm(ctx)
		f := aSyncedFeed()
		ann := create(ctx, aUser(realm.Namespace, "ann"))
		Eventually(f.user(realm.Namespace, "ann")).ShouldNot(BeNil())
		experiment := gmeasure.NewExperiment("from the API server's answer to the directory")
		for n := range 200 {
			ann.Spec.DisplayName = fmt.Sprint(n)
			Expect(api.Update(ctx, ann)).To(Succeed())
			experiment.MeasureDuration("propagation", func() {
				for f.user(realm.Namespace, "ann")().DisplayName != ann.Spec.DisplayName {
					Expect(ctx.Err()).NotTo(HaveOccurred())
					runtime.Gosched()
				}
			})
		}
		took := experiment.Get("propagation").Durations
		slices.Sort(took)
		AddReportEntry("propagation", fmt.Sprintf("200 changes, etcd without fsync: p50 %v, p99 %v, max %v", took[100], took[198], took[199]),
			ReportEntryVisibilityAlways)
	})
})

// expectNoMaterial checks that nothing of a key document is in a log.
func expectNoMaterial(log string, document []byte) {
	GinkgoHelper()
	var keys struct {
		Generations []struct{ SigningKey, InternalKey string }
	}
	Expect(json.Unmarshal(document, &keys)).To(Succeed())
	for _, secret := range []string{keys.Generations[0].SigningKey, keys.Generations[0].InternalKey, base64.StdEncoding.EncodeToString(document)} {
		Expect(secret).NotTo(BeEmpty())
		Expect(log).NotTo(ContainSubstring(secret[:20]))
	}
}
