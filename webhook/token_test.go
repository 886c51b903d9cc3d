package webhook_test

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/webhook/password"
)

func decode(segment string) []byte {
	GinkgoHelper()
	b, err := base64.RawURLEncoding.DecodeString(segment)
	Expect(err).NotTo(HaveOccurred())
	return b
}

const wrongBody = `{"error":"invalid_grant","error_description":"Invalid credentials"}`

var _ = Describe("POST /token", func() {
	It("answers a right password with tokens and leaves a Session (L30)", func(ctx SpecContext) {
		r := aRealm(ctx)
		user := r.user(ctx, "vera", "viewer")

		a := r.login("vera", goodPassword)

		Expect(a.Status).To(Equal(http.StatusOK), a.Body)
		Expect(a.Header.Get("Cache-Control")).To(Equal("no-store"))
		Expect(a.Header.Get("Content-Type")).To(Equal("application/json"))
		Expect(a.Header).NotTo(HaveKey("Set-Cookie"))
		body := a.json()
		Expect(body).To(HaveKeyWithValue("token_type", "bearer"))
		Expect(body).To(HaveKeyWithValue("expires_in", BeNumerically("==", 1800)))
		Expect(body).To(HaveKey("scope"))

		access := claims(a.text("access_token"))
		sid := access["sid"].(string)
		session := &v1alpha1.Session{}
		Expect(api.Get(ctx, client.ObjectKey{Namespace: r.namespace, Name: sid}, session)).To(Succeed())
		Expect(access).To(And(
			HaveKeyWithValue("iss", externalURL+"/realms/"+r.namespace),
			HaveKeyWithValue("sub", string(user.UID)),
			HaveKeyWithValue("preferred_username", "vera"),
			HaveKeyWithValue("client_id", "latchkey"),
			HaveKeyWithValue("roles", ConsistOf("viewer")),
			HaveKeyWithValue("auth_time", BeNumerically("==", session.CreationTimestamp.Unix())),
			HaveKey("jti"), HaveKey("iat"), HaveKey("exp"), HaveKey("aud"),
		))
		Expect(string(decode(strings.Split(a.text("access_token"), ".")[0]))).To(ContainSubstring(`"typ":"at+jwt"`))
		Expect(session.Finalizers).To(ConsistOf(v1alpha1.SessionFinalizer))
		Expect(session.Labels).To(HaveKeyWithValue(v1alpha1.SessionUserUIDLabel, string(user.UID)))
		Expect(session.Spec.ExpiresAt.Time).To(BeTemporally("~", time.Now().Add(168*time.Hour), time.Minute))
		refresh := claims(a.text("refresh_token"))
		Expect(refresh).To(And(HaveKeyWithValue("sid", sid), HaveKeyWithValue("gen", BeNumerically("==", 1)), Not(HaveKey("roles"))))
	})

	It("answers at the root for the default realm, whose issuer has no path", func(ctx SpecContext) {
		realm{defaultRealm}.user(ctx, "root-user", "viewer")

		a := postForm(baseURL+"/token", "grant_type=password&username=root-user&password="+goodPassword)

		Expect(a.Status).To(Equal(http.StatusOK), a.Body)
		Expect(claims(a.text("access_token"))).To(HaveKeyWithValue("iss", externalURL))
	})

	It("gives unknown, wrong, disabled and passwordless users the same answer (L14, L22)", func(ctx SpecContext) {
		r := aRealm(ctx)
		r.user(ctx, "known")
		disabled := r.user(ctx, "disabled")
		disabled.Spec.Disabled = true
		Expect(api.Update(ctx, disabled)).To(Succeed())
		Expect(api.Create(ctx, &v1alpha1.User{ObjectMeta: metav1.ObjectMeta{Namespace: r.namespace, Name: "passwordless"}})).To(Succeed())

		for name, secret := range map[string]string{
			"known": "wrong-" + goodPassword, "disabled": goodPassword, "passwordless": goodPassword,
			"nobody": goodPassword, "../known": goodPassword, "Known": goodPassword, "known\x00": goodPassword,
		} {
			Eventually(func() answer { return r.login(name, secret) }).WithContext(ctx).WithTimeout(10*time.Second).Should(And(
				HaveField("Status", http.StatusUnauthorized), HaveField("Body", wrongBody)), name)
		}
		Expect(get(opsURL + "/healthz").Status).To(Equal(http.StatusOK))
	})

	It("takes as long for unknown, disabled and locked users as for a wrong password (L02, P8)", func(ctx SpecContext) {
		r := aRealm(ctx, func(s *v1alpha1.RealmSpec) { s.Lockout.Failures = 50 })
		hash, err := password.Default().Make(goodPassword)
		Expect(err).NotTo(HaveOccurred())
		r.secret(ctx, "real", hash)
		r.userOf(ctx, "known", "real")
		r.userOf(ctx, "locked", "real")
		for range 50 {
			Expect(r.login("locked", "wrong-"+goodPassword).Body).To(Equal(wrongBody))
		}
		Expect(r.login("locked", goodPassword).Body).To(Equal(wrongBody), "it is locked")
		disabled := r.userOf(ctx, "disabled", "real")
		disabled.Spec.Disabled = true
		Expect(api.Update(ctx, disabled)).To(Succeed())

		took := map[string][]time.Duration{}
		for range 40 {
			for _, name := range []string{"known", "unknown", "disabled", "locked"} {
				began := time.Now()
				Expect(r.login(name, "wrong-"+goodPassword).Body).To(Equal(wrongBody))
				took[name] = append(took[name], time.Since(began))
			}
		}
		for name, all := range took {
			slices.Sort(all)
			AddReportEntry("median of 40 refused logins, "+name, all[len(all)/2].String())
		}
	})

	DescribeTable("refuses a stored hash that could hurt",
		func(ctx SpecContext, hash, try string) {
			r := aRealm(ctx)
			r.secret(ctx, "absurd", hash)
			user := &v1alpha1.User{
				ObjectMeta: metav1.ObjectMeta{Namespace: r.namespace, Name: "absurd"},
				Spec:       v1alpha1.UserSpec{PasswordSecretRef: &v1alpha1.PasswordSecretReference{Name: "absurd"}},
			}
			Expect(api.Create(ctx, user)).To(Succeed())
			Eventually(func(g Gomega) {
				g.Expect(api.Get(ctx, client.ObjectKeyFromObject(user), user)).To(Succeed())
				g.Expect(user.Status.Conditions).To(ContainElement(And(
					HaveField("Type", v1alpha1.ConditionReady), HaveField("Reason", v1alpha1.ReasonPasswordHashInvalid))))
			}).WithContext(ctx).WithTimeout(10 * time.Second).Should(Succeed())
			Expect(r.login("absurd", try).Body).To(Equal(wrongBody))
		},
		Entry("L15: argon2id of 4 GiB and 1,000 passes", "$argon2id$v=19$m=4194304,t=1000,p=255$c29tZXNhbHRzb21lc2FsdA$c29tZWhhc2hzb21laGFzaHNvbWVoYXNoc29tZWhhc2g", goodPassword),
		Entry("L15: bcrypt of cost 31", "$2b$31$abcdefghijklmnopqrstuuJqE7yJ1c0M0JcX0yNnJ0yJ1c0M0JcX0y", goodPassword),
		Entry("L16: argon2id without passes", "$argon2id$v=19$m=19456,t=0,p=1$c29tZXNhbHRzb21lc2FsdA$c29tZWhhc2hzb21laGFzaHNvbWVoYXNoc29tZWhhc2g", goodPassword),
	)

	DescribeTable("refuses a malformed request",
		func(form string, status int, code string) {
			a := postForm(baseURL+"/token", form)
			Expect(a.Status).To(Equal(status), a.Body)
			Expect(a.text("error")).To(Equal(code))
			Expect(a.text("error_description")).NotTo(BeEmpty())
		},
		Entry("L24: a doubled username", "grant_type=password&username=alice&username=admin&password=x", 400, "invalid_request"),
		Entry("L24: a doubled grant_type", "grant_type=password&grant_type=password&username=a&password=x", 400, "invalid_request"),
		Entry("L27: an upper-case grant type", "grant_type=PASSWORD&username=a&password=x", 400, "unsupported_grant_type"),
		Entry("L27: client_credentials", "grant_type=client_credentials", 400, "unsupported_grant_type"),
		Entry("L27: an array for grant_type", "grant_type[]=password&username=a&password=x", 400, "invalid_request"),
		Entry("no password", "grant_type=password&username=a", 400, "invalid_request"),
		Entry("an empty username", "grant_type=password&username=&password=x", 400, "invalid_request"),
		Entry("a broken escape", "grant_type=password&username=%zz&password=x", 400, "invalid_request"),
		Entry("nothing at all", "", 400, "invalid_request"),
		Entry("H07: a form beyond 64 KiB", strings.Repeat("k=&", 30_000), 413, "invalid_request"),
	)

	It("takes no credentials from the URL, from JSON or from Basic (L28)", func(ctx SpecContext) {
		r := aRealm(ctx)
		r.user(ctx, "alice")
		good := "grant_type=password&username=alice&password=" + goodPassword

		Expect(postForm(r.url("/token")+"?"+good, "").Status).To(Equal(http.StatusBadRequest))
		Expect(do(http.MethodPost, r.url("/token"), `{"grant_type":"password"}`, "Content-Type", "application/json").Status).To(Equal(http.StatusBadRequest))
		basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("alice:"+goodPassword))
		Expect(postForm(r.url("/token"), "grant_type=password", "Authorization", basic).Status).To(Equal(http.StatusBadRequest))
	})

	It("honours tokens.passwordGrant: false", func(ctx SpecContext) {
		r := aRealm(ctx, func(s *v1alpha1.RealmSpec) { off := false; s.Tokens.PasswordGrant = &off })
		r.user(ctx, "alice")

		Expect(r.login("alice", goodPassword).text("error")).To(Equal("unsupported_grant_type"))
	})

	It("bounds successful logins per user and hour", func(ctx SpecContext) {
		r := aRealm(ctx, func(s *v1alpha1.RealmSpec) { s.Sessions.MaxLoginsPerHour = 2 })
		r.user(ctx, "alice")
		r.in("alice")
		r.in("alice")

		a := r.login("alice", goodPassword)

		Expect(a.Status).To(Equal(http.StatusTooManyRequests))
		Expect(a.Header.Get("Retry-After")).To(Equal("1800"))
	})

	It("writes nothing to the API server for a failed login", func(ctx SpecContext) {
		r := aRealm(ctx)
		r.user(ctx, "alice")
		for range 20 {
			Expect(r.login("alice", "wrong-"+goodPassword).Status).To(Equal(http.StatusUnauthorized))
		}
		sessions := &v1alpha1.SessionList{}
		Expect(api.List(ctx, sessions, client.InNamespace(r.namespace))).To(Succeed())
		Expect(sessions.Items).To(BeEmpty())
		revoked := &v1alpha1.RevokedTokenList{}
		Expect(api.List(ctx, revoked, client.InNamespace(r.namespace))).To(Succeed())
		Expect(revoked.Items).To(BeEmpty())
	})

	It("answers 429 when too many hash at once, and still lets others in later (L18)", func(ctx SpecContext) {
		r := aRealm(ctx)
		r.user(ctx, "alice")
		statuses := make(chan int, 60)
		for range cap(statuses) {
			go func() {
				defer GinkgoRecover()
				statuses <- r.login("nobody", "x").Status
			}()
		}
		seen := map[int]int{}
		for range cap(statuses) {
			seen[<-statuses]++
		}
		Expect(seen).To(HaveKey(http.StatusTooManyRequests))
		Expect(seen[http.StatusTooManyRequests]+seen[http.StatusUnauthorized]).To(Equal(cap(statuses)), "%v", seen)
		AddReportEntry("answers to 60 logins at once", seen)
		r.in("alice")
	})
})
