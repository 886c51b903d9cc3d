package webhook_test

import (
	"context"
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/controllers/controllertest"
)

// sid is the login of a token.
func sid(t tokens) string {
	GinkgoHelper()
	return claims(t.access)["sid"].(string)
}

// logins are the ids that GET /sessions lists.
func (r realm) logins(t tokens) []string {
	GinkgoHelper()
	a := get(r.url("/sessions"), bearer(t.access)...)
	Expect(a.Status).To(Equal(http.StatusOK), a.Body)
	ids := []string{}
	for _, s := range a.json()["sessions"].([]any) {
		ids = append(ids, s.(map[string]any)["id"].(string))
	}
	return ids
}

// session is the Session of a login.
func (r realm) session(ctx context.Context, sid string) *v1alpha1.Session {
	GinkgoHelper()
	s := &v1alpha1.Session{}
	Expect(api.Get(ctx, client.ObjectKey{Namespace: r.namespace, Name: sid}, s)).To(Succeed())
	return s
}

// plant stores a Session that no login made.
func (r realm) plant(ctx context.Context, name string, of *v1alpha1.User, change ...func(*v1alpha1.Session)) {
	GinkgoHelper()
	s := &v1alpha1.Session{
		ObjectMeta: metav1.ObjectMeta{Namespace: r.namespace, Name: name, Labels: map[string]string{
			v1alpha1.SessionUserLabel: of.Name, v1alpha1.SessionUserUIDLabel: string(of.UID),
		}},
		Spec: v1alpha1.SessionSpec{
			User:      v1alpha1.SessionUser{Name: of.Name, UID: of.UID},
			ExpiresAt: metav1.NewTime(time.Now().Add(time.Hour).UTC()),
		},
	}
	for _, c := range change {
		c(s)
	}
	Expect(api.Create(ctx, s)).To(Succeed())
}

// live tells whether a token passes a check now.
func (r realm) live(t tokens) bool {
	GinkgoHelper()
	return get(r.url("/check/role/authenticated"), bearer(t.access)...).Status == http.StatusOK
}

// end sends DELETE.
func (r realm) end(path string, t tokens) answer {
	GinkgoHelper()
	return do(http.MethodDelete, r.url(path), "", bearer(t.access)...)
}

var _ = Describe("GET /sessions", func() {
	It("lists the caller's live logins, newest first", func(ctx SpecContext) {
		r := aRealm(ctx)
		alice, bob := r.user(ctx, "alice"), r.user(ctx, "bob")
		first := r.in("alice")
		second := do(http.MethodPost, r.url("/token"), "grant_type=password&username=alice&password="+goodPassword,
			"Content-Type", formType, "User-Agent", "curl/8 on a laptop")
		r.in("bob")
		r.plant(ctx, "expired", alice, func(s *v1alpha1.Session) { s.Spec.ExpiresAt = metav1.NewTime(time.Now().Add(-time.Second).UTC()) })
		r.plant(ctx, "bobs-with-her-label", bob, func(s *v1alpha1.Session) { s.Labels[v1alpha1.SessionUserUIDLabel] = string(alice.UID) })
		r.plant(ctx, "ending", alice, func(s *v1alpha1.Session) { s.Finalizers = []string{"example.com/hold"} })
		ending := r.session(ctx, "ending")
		Expect(api.Delete(ctx, ending)).To(Succeed())
		DeferCleanup(func(ctx SpecContext) {
			Expect(api.Patch(ctx, ending, client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"finalizers":null}}`)))).To(Succeed())
		})

		a := get(r.url("/sessions"), bearer(first.access)...)

		Expect(a.Status).To(Equal(http.StatusOK), a.Body)
		Expect(a.Header.Get("Cache-Control")).To(Equal("no-store"))
		mine := r.session(ctx, sid(first))
		Expect(r.logins(first)).To(ConsistOf(sid(first), claims(second.text("access_token"))["sid"]))
		var current, other map[string]any
		for _, s := range a.json()["sessions"].([]any) {
			if s := s.(map[string]any); s["current"] == true {
				current = s
			} else {
				other = s
			}
		}
		Expect(current).To(Equal(map[string]any{
			"id": sid(first), "startedAt": mine.CreationTimestamp.UTC().Format(time.RFC3339), "expiresAt": mine.Spec.ExpiresAt.UTC().Format(time.RFC3339),
			"lastUsedAt": mine.CreationTimestamp.UTC().Truncate(time.Hour).Format(time.RFC3339),
			"userAgent":  mine.Spec.Client.UserAgent, "address": "127.0.0.1", "current": true,
		}))
		Expect(other).To(And(HaveKeyWithValue("userAgent", "curl/8 on a laptop"), HaveKeyWithValue("current", false)))
	})

	It("puts the newest first, and tells to the hour when each was refreshed", func(ctx SpecContext) {
		r := aRealm(ctx)
		alice := r.user(ctx, "alice")
		old := r.in("alice")
		used := time.Date(2026, 11, 23, 22, 59, 59, 0, time.UTC)
		began := r.session(ctx, sid(old)).CreationTimestamp.Time
		Eventually(time.Now).WithContext(ctx).Should(BeTemporally(">=", began.Add(time.Second))) // creation times are whole seconds
		r.plant(ctx, "refreshed", alice, func(s *v1alpha1.Session) { s.Spec.Refresh.At = new(metav1.NewTime(used)) })

		Expect(r.logins(old)).To(Equal([]string{"refreshed", sid(old)}))
		first := get(r.url("/sessions"), bearer(old.access)...).json()["sessions"].([]any)[0]
		Expect(first).To(HaveKeyWithValue("lastUsedAt", "2026-11-23T22:00:00Z"))
	})

	It("is for users alone", func(ctx SpecContext) {
		for _, request := range [][2]string{{"GET", "/sessions"}, {"DELETE", "/sessions"}, {"DELETE", "/sessions/x"}} {
			Expect(do(request[0], baseURL+request[1], "").Status).To(Equal(http.StatusUnauthorized), request)
			Expect(do(request[0], baseURL+request[1], "", bearer("junk")...).Status).To(Equal(http.StatusUnauthorized), request)
		}
	})
})

var _ = Describe("DELETE /sessions/{sid}", func() {
	It("ends that login with the answer, and no other", func(ctx SpecContext) {
		r := aRealm(ctx)
		r.user(ctx, "alice")
		here, there := r.in("alice"), r.in("alice")

		a := r.end("/sessions/"+sid(there), here)

		Expect(a.Status).To(Equal(http.StatusNoContent), a.Body)
		Expect(get(r.url("/check/role/authenticated"), bearer(there.access)...)).To(beADenial(401, "token_revoked"))
		Expect(r.live(here)).To(BeTrue())
		Expect(r.logins(here)).To(Equal([]string{sid(here)}))
		Expect(r.end("/sessions/"+sid(here), here).Status).To(Equal(http.StatusNoContent), "one's own, too")
		Expect(r.live(here)).To(BeFalse())
	})

	It("knows nobody else's login, and does nothing (V08)", func(ctx SpecContext) {
		r, other := aRealm(ctx), aRealm(ctx)
		r.user(ctx, "alice")
		bob := r.user(ctx, "bob")
		other.user(ctx, "bob")
		alice, bobs, elsewhere := r.in("alice"), r.in("bob"), other.in("bob")
		alicesUID := v1alpha1.Session{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{v1alpha1.SessionUserUIDLabel: string(r.session(ctx, sid(alice)).Spec.User.UID)}}}
		r.plant(ctx, "labelled-as-alices", bob, func(s *v1alpha1.Session) { s.Labels = alicesUID.Labels })
		unknown := r.end("/sessions/nosuch", alice)
		Expect(unknown.Status).To(Equal(http.StatusNotFound))
		Expect(unknown.text("error")).To(Equal("not_found"))

		for _, theirs := range []string{sid(bobs), sid(elsewhere), "labelled-as-alices", "..", "%2e%2e", "A", "{}", sid(bobs) + "%00"} {
			a := r.end("/sessions/"+theirs, alice)
			Expect(a.Status).To(Equal(http.StatusNotFound), theirs)
			Expect(a.Body).To(Equal(unknown.Body), theirs)
		}

		Expect(r.live(bobs)).To(BeTrue())
		Expect(other.live(elsewhere)).To(BeTrue())
		Expect(faults.Writes(r.namespace)).To(Equal([]string{"create Session", "create Session"}))
	})

	It("ends a login whose Session is going already", func(ctx SpecContext) {
		r := aRealm(ctx)
		r.user(ctx, "alice")
		here, there := r.in("alice"), r.in("alice")
		session := r.session(ctx, sid(there))
		session.Finalizers = []string{"example.com/hold"} // so that no leader revokes it first
		Expect(api.Update(ctx, session)).To(Succeed())
		Expect(api.Delete(ctx, session)).To(Succeed())
		Expect(r.live(there)).To(BeTrue())

		Expect(r.end("/sessions/"+sid(there), here).Status).To(Equal(http.StatusNoContent))

		Expect(r.live(there)).To(BeFalse())
		session.Finalizers = nil
		Expect(api.Patch(ctx, session, client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"finalizers":null}}`)))).To(Succeed())
	})

	DescribeTable("is done once, whatever fails on the way and is tried again (P16)",
		func(ctx SpecContext, nth int, when controllertest.Moment) {
			r := aRealm(ctx)
			r.user(ctx, "alice")
			here, there := r.in("alice"), r.in("alice")
			faults.Fail(r.namespace, len(faults.Writes(r.namespace))+nth, when)

			a := r.end("/sessions/"+sid(there), here)
			if a.Status != http.StatusNoContent {
				Expect(a.Status).To(Equal(http.StatusServiceUnavailable))
				Expect(a.Header.Get("Retry-After")).NotTo(BeEmpty())
				Expect(r.end("/sessions/"+sid(there), here).Status).To(BeElementOf(http.StatusNoContent, http.StatusNotFound)) // the leader may have been faster
			}

			Eventually(func() bool { return r.live(there) }).WithContext(ctx).Should(BeFalse())
			Expect(r.live(here)).To(BeTrue())
			Expect(r.revocations(ctx)).To(HaveLen(1))
			r.eventuallySessions(ctx, sid(here))
		},
		Entry("when the RevokedToken isn't written", 1, controllertest.BeforeWrite),
		Entry("when it is written, and the answer lost", 1, controllertest.AfterWrite),
		Entry("when the Session isn't deleted", 2, controllertest.BeforeWrite),
		Entry("when it is deleted, and the answer lost", 2, controllertest.AfterWrite),
	)
})

var _ = Describe("DELETE /sessions", func() {
	It("ends every login of the caller with the answer, and nobody else's", func(ctx SpecContext) {
		r := aRealm(ctx)
		alice := r.user(ctx, "alice")
		r.user(ctx, "bob")
		all := []tokens{r.in("alice"), r.in("alice"), r.in("alice")}
		bob := r.in("bob")

		a := r.end("/sessions", all[1])

		Expect(a.Status).To(Equal(http.StatusNoContent), a.Body)
		for _, t := range all {
			Expect(get(r.url("/check/role/authenticated"), bearer(t.access)...)).To(beADenial(401, "token_revoked"))
		}
		Expect(r.live(bob)).To(BeTrue())
		revoked := r.revocations(ctx)
		Expect(revoked).NotTo(BeEmpty())
		Expect(revoked).To(ContainElement(And(
			HaveField("Name", v1alpha1.SignOutRevocationName(string(alice.UID), claims(all[1].access)["jti"].(string))),
			HaveField("Spec", v1alpha1.RevokedTokenSpec{User: &v1alpha1.RevokedUser{Name: "alice", UID: alice.UID}, Reason: "signed out everywhere"}),
		)))
		r.eventuallySessions(ctx, sid(bob))
		again := r.in("alice") // waits out the second of the revocation
		Expect(r.live(again)).To(BeTrue())
		Expect(r.logins(again)).To(Equal([]string{sid(again)}))
	})

	DescribeTable("is done once, whatever fails on the way and is tried again (P16)",
		func(ctx SpecContext, when controllertest.Moment) {
			r := aRealm(ctx)
			alice := r.user(ctx, "alice")
			here, there := r.in("alice"), r.in("alice")
			faults.Fail(r.namespace, len(faults.Writes(r.namespace))+1, when)

			Expect(r.end("/sessions", here).Status).To(Equal(http.StatusServiceUnavailable))
			// Where it was written, this replica may have heard of it by its watch.
			Expect(r.end("/sessions", here).Status).To(BeElementOf(http.StatusNoContent, http.StatusUnauthorized))

			Expect(r.live(here)).To(BeFalse())
			Expect(r.live(there)).To(BeFalse())
			name := v1alpha1.SignOutRevocationName(string(alice.UID), claims(here.access)["jti"].(string))
			Expect(r.revocationsOfUsers(ctx)).To(Equal([]string{name}))
			r.eventuallySessions(ctx)
		},
		Entry("when the RevokedToken isn't written", controllertest.BeforeWrite),
		Entry("when it is written, and the answer lost", controllertest.AfterWrite),
	)
})

// revocations are the RevokedTokens of a realm.
func (r realm) revocations(ctx context.Context) []v1alpha1.RevokedToken {
	GinkgoHelper()
	list := &v1alpha1.RevokedTokenList{}
	Expect(api.List(ctx, list, client.InNamespace(r.namespace))).To(Succeed())
	return list.Items
}

// revocationsOfUsers are the names of those that name a user.
func (r realm) revocationsOfUsers(ctx context.Context) []string {
	GinkgoHelper()
	var names []string
	for _, t := range r.revocations(ctx) {
		if t.Spec.User != nil {
			names = append(names, t.Name)
		}
	}
	return names
}

// eventuallySessions waits until the leader has left these Sessions and no others.
func (r realm) eventuallySessions(ctx context.Context, want ...string) {
	GinkgoHelper()
	Eventually(func(g Gomega) {
		list := &v1alpha1.SessionList{}
		g.Expect(api.List(ctx, list, client.InNamespace(r.namespace))).To(Succeed())
		got := []string{}
		for _, s := range list.Items {
			got = append(got, s.Name)
		}
		g.Expect(got).To(ConsistOf(want))
	}).WithContext(ctx).WithTimeout(20 * time.Second).Should(Succeed())
}
