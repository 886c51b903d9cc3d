package webhook_test

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/webhook/token"
)

// beADeadRefreshToken matches the one answer to a refresh token that isn't accepted.
func beADeadRefreshToken() OmegaMatcher {
	return And(
		HaveField("Status", http.StatusBadRequest),
		HaveField("Body", `{"error":"invalid_grant","error_description":"The refresh token is not valid, or not any more: log in again"}`),
		HaveField("Header", HaveKeyWithValue("Cache-Control", ConsistOf("no-store"))),
	)
}

// session reads the Session of a token's login.
func (r realm) sessionOf(ctx SpecContext, of tokens) *v1alpha1.Session {
	GinkgoHelper()
	session := &v1alpha1.Session{}
	Expect(api.Get(ctx, client.ObjectKey{Namespace: r.namespace, Name: claims(of.access)["sid"].(string)}, session)).To(Succeed())
	return session
}

// generation is the gen of a refresh token.
func generation(raw string) float64 {
	GinkgoHelper()
	n, _ := claims(raw)["gen"].(float64)
	return n
}

var _ = Describe("Refresh", Ordered, func() {
	var rep *replica
	var r realm

	BeforeAll(func(ctx SpecContext) {
		rep = newReplica(ctx)
		r = aRealm(ctx)
		r.user(ctx, "alice", "viewer")
		rep.knows(ctx, r, "alice")
	})

	It("answers with new tokens of the same login, and notes how far it has come", func(ctx SpecContext) {
		before := r.in("alice")
		rep.wait(30 * time.Second)

		a := rep.post(r, "/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {before.refresh}, "scope": {"ignored"}})

		Expect(a.Status).To(Equal(http.StatusOK), a.Body)
		Expect(a.Header.Get("Cache-Control")).To(Equal("no-store"))
		Expect(a.json()).To(And(HaveKeyWithValue("token_type", "bearer"), HaveKeyWithValue("expires_in", BeNumerically("==", 1800)), HaveKey("scope")))
		old, access, refresh := claims(before.access), claims(a.text("access_token")), claims(a.text("refresh_token"))
		for _, kept := range []string{"iss", "sub", "aud", "sid", "auth_time", "preferred_username", "roles"} {
			Expect(access[kept]).To(Equal(old[kept]), kept)
		}
		Expect(access["jti"]).NotTo(Equal(old["jti"]))
		Expect(access["iat"]).To(BeNumerically(">=", old["iat"].(float64)+29))
		Expect(refresh).To(And(HaveKeyWithValue("gen", BeNumerically("==", 2)), HaveKeyWithValue("exp", claims(before.refresh)["exp"])))
		Expect(rep.get(r, "/check/role/viewer", a.text("access_token")).Status).To(Equal(http.StatusOK))
		session := r.sessionOf(ctx, before)
		Expect(session.Spec.Refresh.Generation).To(BeEquivalentTo(1))
		Expect(session.Spec.Refresh.TokenID).To(Equal(claims(before.refresh)["jti"]))
		Expect(session.Spec.Refresh.At.Time).To(BeTemporally("~", rep.now(), 5*time.Second))
		Expect(session.Finalizers).To(ConsistOf(v1alpha1.SessionFinalizer), "nothing else of it is rewritten")
		Expect(session.Spec.PasswordFingerprint).NotTo(BeEmpty())
	})

	It("takes a token whose answer was lost again, at any time until its successor is used (R04)", func(ctx SpecContext) {
		first := r.in("alice").refresh
		rep.renewed(r, first)
		for _, later := range []time.Duration{time.Second, time.Minute, time.Hour} {
			rep.wait(later)
			DeferCleanup(func() { rep.wait(-later) })
			Expect(generation(rep.renewed(r, first).refresh)).To(BeEquivalentTo(2))
		}

		Expect(generation(rep.renewed(r, rep.renewed(r, first).refresh).refresh)).To(BeEquivalentTo(3))
		Expect(rep.refresh(r, first)).To(beADeadRefreshToken(), "its successor was used")
	})

	It("takes a sibling from a race within the leeway, and audits it", func() {
		first := r.in("alice")
		one, other := rep.renewed(r, first.refresh), rep.renewed(r, first.refresh)
		rep.renewed(r, one.refresh)
		siblings := rep.counted("sibling")

		a := rep.refresh(r, other.refresh)

		Expect(a.Status).To(Equal(http.StatusOK), a.Body)
		Expect(rep.counted("sibling") - siblings).To(BeEquivalentTo(1))
		Expect(string(logged.Contents())).To(MatchRegexp(`"event":"refresh_sibling".*"sid":"%s"`, claims(first.access)["sid"]))
	})

	It("never lets anybody end a login by a token that was never valid (R10, R11)", func(ctx SpecContext) {
		mine, others := r.in("alice"), r.in("alice")
		ring := r.ring(ctx)
		parts, foreign := strings.Split(mine.refresh, "."), strings.Split(others.refresh, ".")
		for range 20 {
			Expect(rep.refresh(r, parts[0]+"."+parts[1]+"."+segment(make([]byte, 32)))).To(beADeadRefreshToken())
		}
		own := token.Claims{
			Issuer: externalURL + "/realms/" + r.namespace, Subject: claims(mine.access)["sub"].(string), ClientID: "latchkey", ID: "above",
			SessionID: claims(mine.access)["sid"].(string), Username: "alice", Generation: 3,
			IssuedAt: time.Now(), ExpiresAt: time.Now().Add(time.Hour), AuthTime: r.sessionOf(ctx, mine).CreationTimestamp.Time,
		}
		above, err := ring.Sign(token.Refresh, own) // as after the restore of an older etcd
		Expect(err).NotTo(HaveOccurred())
		rep.wait(time.Minute)
		DeferCleanup(func() { rep.wait(-time.Minute) })
		for what, forged := range map[string]string{
			"another login's claims under this signature": parts[0] + "." + foreign[1] + "." + parts[2],
			"this login's claims under another signature": parts[0] + "." + parts[1] + "." + foreign[2],
			"an access token": mine.access, "junk": "junk", "a generation that nobody was given": above,
		} {
			Expect(rep.refresh(r, forged)).To(beADeadRefreshToken(), what)
		}

		Expect(rep.refresh(r, mine.refresh).Status).To(Equal(http.StatusOK))
		Expect(rep.refresh(r, others.refresh).Status).To(Equal(http.StatusOK))
		Expect(r.revocations(ctx)).To(BeEmpty())
	})

	It("takes another realm's token for a forged one", func(ctx SpecContext) {
		other := aRealm(ctx)
		other.user(ctx, "alice", "viewer")
		rep.knows(ctx, other, "alice")
		Expect(rep.refresh(r, other.in("alice").refresh)).To(beADeadRefreshToken())
	})

	It("asks nothing of the API server about a forged token", func() {
		rep.goThrough(cutOff(nil))
		Expect(rep.refresh(r, "eyJhbGciOiJIUzI1NiJ9.e30.AAAA")).To(beADeadRefreshToken())
	})

	DescribeTable("refuses a malformed request", func(form url.Values, code string) {
		form.Set("grant_type", "refresh_token")
		a := rep.post(r, "/token", form)
		Expect(a.Status).To(Equal(http.StatusBadRequest))
		Expect(a.text("error")).To(Equal(code))
	},
		Entry("without a token", url.Values{}, "invalid_request"),
		Entry("with an empty one", url.Values{"refresh_token": {""}}, "invalid_request"),
		Entry("with two", url.Values{"refresh_token": {"a", "b"}}, "invalid_request"),
		Entry("with a password instead", url.Values{"username": {"alice"}, "password": {goodPassword}}, "invalid_request"),
	)

	It("works where the password grant is switched off", func(ctx SpecContext) {
		other := aRealm(ctx)
		other.user(ctx, "alice", "viewer")
		t := other.in("alice")
		object := &v1alpha1.Realm{}
		Expect(api.Get(ctx, client.ObjectKey{Namespace: other.namespace, Name: v1alpha1.RealmName}, object)).To(Succeed())
		off := false
		object.Spec.Tokens.PasswordGrant = &off
		Expect(api.Update(ctx, object)).To(Succeed())
		Eventually(func() string { return other.login("alice", goodPassword).text("error") }).WithContext(ctx).Should(Equal("unsupported_grant_type"))

		Expect(postForm(other.url("/token"), "grant_type=refresh_token&refresh_token="+t.refresh).Status).To(Equal(http.StatusOK))
	})
})
