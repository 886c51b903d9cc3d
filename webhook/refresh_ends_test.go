package webhook_test

import (
	"context"
	"crypto/rand"
	"net/http"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/webhook/token"
)

var _ = Describe("Refresh ends", Ordered, func() {
	var rep *replica
	var r realm
	var user *v1alpha1.User
	var t tokens

	BeforeAll(func(ctx SpecContext) { rep = newReplica(ctx) })

	BeforeEach(func(ctx SpecContext) {
		r = aRealm(ctx, func(s *v1alpha1.RealmSpec) {
			s.Tokens.RefreshTTL.Duration, s.Sessions.CookieTTL.Duration = time.Hour, time.Hour
		})
		user = r.user(ctx, "alice", "viewer", "editor")
		rep.knows(ctx, r, "alice")
		t = r.in("alice")
		t = rep.renewed(r, t.refresh)
	})

	newPassword := func(ctx context.Context) {
		GinkgoHelper()
		secret := &corev1.Secret{}
		Expect(api.Get(ctx, client.ObjectKey{Namespace: r.namespace, Name: "alice-password"}, secret)).To(Succeed())
		secret.Data[v1alpha1.PasswordHashDataKey] = []byte(cheapHash("another-horse-battery"))
		Expect(api.Update(ctx, secret)).To(Succeed())
	}

	It("when the password changes, and so do access tokens (R06)", func(ctx SpecContext) {
		newPassword(ctx)
		Expect(rep.refresh(r, t.refresh)).To(beADeadRefreshToken(), "at once")
		Eventually(func() answer { return rep.get(r, "/check/role/viewer", t.access) }).WithContext(ctx).Should(beADenial(401, "token_revoked"))
	})

	It("when the password changes, also where no leader has ended the login yet (R06)", func(ctx SpecContext) {
		before := r.sessionOf(ctx, t)
		own := newReplica(ctx)
		own.knows(ctx, r, "alice")
		own.deafen() // hears of no revocation
		own.goThrough(func(_ context.Context, verb string, object client.Object, do func() error) error {
			if isSession(verb, object) {
				before.DeepCopyInto(object.(*v1alpha1.Session)) // which no leader has deleted
				return nil
			}
			return do()
		})
		newPassword(ctx)

		Expect(own.refresh(r, t.refresh)).To(beADeadRefreshToken())
		Expect(string(logged.Contents())).To(MatchRegexp(`"event":"refresh_refused".*"sid":"%s","generation":2,"reason":"password_changed"`, before.Name))
	})

	It("when the user is deleted, and stays so for one of the same name (R07)", func(ctx SpecContext) {
		Expect(api.Delete(ctx, user)).To(Succeed())
		Eventually(func() answer { return rep.refresh(r, t.refresh) }).WithContext(ctx).Should(beADeadRefreshToken())
		again := &v1alpha1.User{ObjectMeta: metav1.ObjectMeta{Namespace: r.namespace, Name: "alice"}, Spec: user.Spec}
		Expect(api.Create(ctx, again)).To(Succeed())
		Eventually(func() int { return r.login("alice", goodPassword).Status }).WithContext(ctx).WithTimeout(20 * time.Second).Should(Equal(http.StatusOK))
		rep.knows(ctx, r, "alice")

		Expect(rep.refresh(r, t.refresh)).To(beADeadRefreshToken())
		Expect(rep.get(r, "/check/role/viewer", t.access)).To(beADenial(401, "user_not_found_or_disabled"))
	})

	It("when the user is disabled", func(ctx SpecContext) {
		user.Spec.Disabled = true
		Expect(api.Update(ctx, user)).To(Succeed())
		Eventually(func() answer { return rep.refresh(r, t.refresh) }).WithContext(ctx).Should(beADeadRefreshToken())
	})

	It("when the Session is deleted, at once", func(ctx SpecContext) {
		Expect(api.Delete(ctx, r.sessionOf(ctx, t))).To(Succeed())
		Expect(rep.refresh(r, t.refresh)).To(beADeadRefreshToken())
	})

	It("when the login's time is over, however often it was refreshed, and no token outlives it (R13)", func(ctx SpecContext) {
		ends := r.sessionOf(ctx, t).Spec.ExpiresAt.Time
		for rep.now().Add(time.Minute).Before(ends) {
			rep.wait(time.Minute)
			DeferCleanup(func() { rep.wait(-time.Minute) })
			t = rep.renewed(r, t.refresh)
			Expect(claims(t.access)["exp"]).To(BeNumerically("<=", ends.Unix()))
			Expect(claims(t.refresh)["exp"]).To(BeNumerically("==", ends.Unix()))
		}
		rep.wait(time.Minute)
		DeferCleanup(func() { rep.wait(-time.Minute) })

		Expect(rep.refresh(r, t.refresh)).To(beADeadRefreshToken())
		long := token.Claims{
			Issuer: externalURL + "/realms/" + r.namespace, Subject: string(user.UID), ClientID: "latchkey", ID: rand.Text(),
			SessionID: r.sessionOf(ctx, t).Name, Username: "alice", Generation: int64(generation(t.refresh)),
			IssuedAt: rep.now(), ExpiresAt: rep.now().Add(time.Hour), AuthTime: r.sessionOf(ctx, t).CreationTimestamp.Time,
		}
		jwt, err := r.ring(ctx).Sign(token.Refresh, long)
		Expect(err).NotTo(HaveOccurred())
		Expect(rep.refresh(r, jwt)).To(beADeadRefreshToken(), "the Session's word counts")
	})

	It("for a role that was taken away, but not for the login (R09)", func(ctx SpecContext) {
		Expect(claims(t.access)["roles"]).To(ConsistOf("editor", "viewer"))
		Expect(api.Get(ctx, client.ObjectKeyFromObject(user), user)).To(Succeed())
		user.Spec.Roles = []v1alpha1.GrantableRoleName{"viewer"}
		Expect(api.Update(ctx, user)).To(Succeed())
		Eventually(func() int { return rep.get(r, "/check/role/editor", t.access).Status }).WithContext(ctx).Should(Equal(http.StatusForbidden))

		Expect(claims(rep.renewed(r, t.refresh).access)["roles"]).To(ConsistOf("viewer"))
	})
})

var _ = DescribeTable("Refresh goes on through a change of keys", func(ctx SpecContext, algorithm token.Algorithm) {
	r := aRealm(ctx, func(s *v1alpha1.RealmSpec) { s.Tokens.Algorithm = string(algorithm) })
	r.user(ctx, "alice", "viewer")
	refresh := func(t tokens) answer {
		return postForm(r.url("/token"), "grant_type=refresh_token&refresh_token="+t.refresh)
	}
	t := r.in("alice")
	secret := r.keySecret(ctx)
	document, err := token.ParseDocument(secret.Data[v1alpha1.SigningKeysDataKey])
	Expect(err).NotTo(HaveOccurred())
	now := time.Now().Truncate(time.Second)
	active := document.Generations[0]
	next, err := token.NewGeneration(algorithm, token.Active, now, now, active.ExpiresAt.Add(time.Hour), rand.Reader)
	Expect(err).NotTo(HaveOccurred())
	document.Generations = []token.Generation{active.Retire(active.ExpiresAt), next}
	secret.Data[v1alpha1.SigningKeysDataKey], err = document.Marshal()
	Expect(err).NotTo(HaveOccurred())
	Expect(api.Update(ctx, secret)).To(Succeed())
	kid := func(jwt string) string { return string(decode(strings.Split(jwt, ".")[0])) }
	Eventually(func() string { return kid(r.in("alice").access) }).WithContext(ctx).WithTimeout(10 * time.Second).Should(ContainSubstring(next.ID))

	a := refresh(t)

	Expect(a.Status).To(Equal(http.StatusOK), a.Body)
	Expect(kid(t.refresh)).To(ContainSubstring(active.ID))
	Expect(kid(a.text("refresh_token"))).To(ContainSubstring(next.ID))
	Expect(get(r.url("/check/role/viewer"), bearer(a.text("access_token"))...).Status).To(Equal(http.StatusOK))
	Expect(refresh(tokens{refresh: a.text("refresh_token")}).Status).To(Equal(http.StatusOK))
},
	Entry("of ES256", token.ES256), Entry("of EdDSA", token.EdDSA), Entry("of RS256", token.RS256), Entry("of HS256", token.HS256),
)
