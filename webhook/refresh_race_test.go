package webhook_test

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/controllers/controllertest"
	"github.com/latchkey-auth/latchkey/controllers/revokedtoken"
)

var _ = Describe("Refresh over three replicas", Ordered, func() {
	var replicas []*replica
	var r realm

	BeforeAll(func(ctx SpecContext) {
		r = aRealm(ctx)
		r.user(ctx, "alice", "viewer")
		for range 3 {
			rep := newReplica(ctx)
			rep.knows(ctx, r, "alice")
			replicas = append(replicas, rep)
		}
	})

	// atOnce presents tokens from one barrier, the i-th at replica i mod 3.
	atOnce := func(count int, raw func(i int) string) []answer {
		answers, barrier := make([]answer, count), make(chan struct{})
		var all sync.WaitGroup
		for i := range answers {
			all.Go(func() {
				<-barrier
				answers[i] = replicas[i%3].refresh(r, raw(i))
			})
		}
		close(barrier)
		all.Wait()
		return answers
	}

	later := func(d time.Duration) {
		for _, rep := range replicas {
			rep.wait(d)
			DeferCleanup(func() { rep.wait(-d) })
		}
	}

	It("gives 200 requests with one token one generation and refuses none, 100 rounds long (R04)", func(ctx SpecContext) {
		const rounds, parallel = 100, 200
		t := r.in("alice")
		began := time.Now()
		for round := range rounds {
			answers := atOnce(parallel, func(int) string { return t.refresh })
			for _, a := range answers {
				Expect(a.Status).To(Equal(http.StatusOK), a.Body)
				Expect(generation(a.text("refresh_token"))).To(BeEquivalentTo(round + 2))
			}
			t.refresh = answers[round].text("refresh_token")
		}
		took := time.Since(began)
		Expect(r.sessionOf(ctx, t).Spec.Refresh.Generation).To(BeEquivalentTo(rounds))
		Expect(r.revocations(ctx)).To(BeEmpty())
		counts := map[string]float64{}
		for _, rep := range replicas {
			for _, result := range []string{"ok", "repeated", "sibling", "refused", "reused", "unavailable"} {
				counts[result] += rep.counted(result)
			}
		}
		Expect(counts).To(Equal(map[string]float64{"ok": rounds, "repeated": rounds * (parallel - 1), "sibling": 0, "refused": 0, "reused": 0, "unavailable": 0}))
		AddReportEntry("100 rounds of 200 refreshes of one token over three replicas took",
			fmt.Sprintf("%s, %.0f refreshes/s", took.Round(time.Millisecond), rounds*parallel/took.Seconds()))
	}, SpecTimeout(10*time.Minute))

	It("lets every sibling of a race go on within the leeway, and one alone after it", func(ctx SpecContext) {
		first := r.in("alice")
		siblings := atOnce(30, func(int) string { return first.refresh })
		heirs := atOnce(30, func(i int) string { return siblings[i].text("refresh_token") })
		for _, a := range heirs {
			Expect(a.Status).To(Equal(http.StatusOK), a.Body)
			Expect(generation(a.text("refresh_token"))).To(BeEquivalentTo(3))
		}
		later(20 * time.Second)

		replicas[0].renewed(r, heirs[0].text("refresh_token"))
		later(20 * time.Second)
		Expect(replicas[1].refresh(r, heirs[1].text("refresh_token"))).To(beADeadRefreshToken())

		Expect(r.revocations(ctx)).To(ConsistOf(HaveField("Spec.SessionID", claims(first.access)["sid"])))
	})

	DescribeTable("ends the login of a thief and of its victim when an overtaken token comes back (R05)",
		func(ctx SpecContext, sees int) {
			before := len(r.revocations(ctx))
			stolen := r.in("alice")
			thief := replicas[0].renewed(r, replicas[1].renewed(r, stolen.refresh).refresh)
			later(20 * time.Second)

			victim := replicas[sees].refresh(r, stolen.refresh)

			Expect(victim).To(beADeadRefreshToken())
			Expect(replicas[sees].get(r, "/check/role/viewer", thief.access)).To(beADenial(401, "token_revoked"), "with the answer")
			for _, rep := range replicas {
				Expect(rep.refresh(r, thief.refresh)).To(beADeadRefreshToken())
				Eventually(func() answer { return rep.get(r, "/check/role/viewer", thief.access) }).WithContext(ctx).Should(beADenial(401, "token_revoked"))
			}
			sid := claims(stolen.access)["sid"].(string)
			Expect(string(logged.Contents())).To(MatchRegexp(`"event":"refresh_reused".*"user":"alice","sid":"%s","generation":1,"reason":"token_reused"`, sid))
			revocations := r.revocations(ctx)
			Expect(revocations).To(HaveLen(before + 1))
			Expect(revocations).To(ContainElement(And(HaveField("Spec.SessionID", sid), HaveField("Spec.Reason", "refresh token reused"))))
		},
		Entry("at the first replica", 0), Entry("at the second", 1), Entry("at the third", 2),
	)

	It("leaves one revocation of a login that was refreshed 1,000 times, and that is collected", func(ctx SpecContext) {
		own := aRealm(ctx)
		own.user(ctx, "alice", "viewer")
		for _, rep := range replicas {
			rep.knows(ctx, own, "alice")
		}
		// What knows has left behind goes first.
		Expect(api.DeleteAllOf(ctx, &v1alpha1.Session{}, client.InNamespace(own.namespace))).To(Succeed())
		sessions := func() []v1alpha1.Session {
			list := &v1alpha1.SessionList{}
			Expect(api.List(ctx, list, client.InNamespace(own.namespace))).To(Succeed())
			return list.Items
		}
		Eventually(sessions).WithContext(ctx).WithTimeout(20 * time.Second).Should(BeEmpty())
		Expect(api.DeleteAllOf(ctx, &v1alpha1.RevokedToken{}, client.InNamespace(own.namespace))).To(Succeed())

		t := own.in("alice")
		began := time.Now()
		for i := range 1000 {
			t = replicas[i%3].renewed(own, t.refresh)
		}
		AddReportEntry("1,000 refreshes, one after the other, took", time.Since(began).Round(time.Millisecond).String())
		Expect(generation(t.refresh)).To(BeEquivalentTo(1001))
		Expect(sessions()).To(HaveLen(1))
		Expect(own.revocations(ctx)).To(BeEmpty())

		Expect(replicas[0].post(own, "/logout", nil, bearer(t.access)...).Status).To(Equal(http.StatusOK))

		Expect(replicas[1].refresh(own, t.refresh)).To(beADeadRefreshToken())
		Eventually(sessions).WithContext(ctx).WithTimeout(20 * time.Second).Should(BeEmpty())
		revocations := own.revocations(ctx)
		Expect(revocations).To(HaveLen(1))
		over := revocations[0].Spec.ExpiresAt.Time
		Expect(over).To(BeTemporally("~", time.Now().Add(24*time.Hour), time.Minute))

		By("collecting it, a day later")
		collector := revokedtoken.New(api, controllertest.InForce{}, func() time.Time { return over })
		_, err := collector.Reconcile(ctx, &revocations[0])
		Expect(err).NotTo(HaveOccurred())
		Expect(own.revocations(ctx)).To(BeEmpty())
		Expect(sessions()).To(BeEmpty())
	}, SpecTimeout(5*time.Minute))
})
