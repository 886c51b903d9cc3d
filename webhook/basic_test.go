package webhook_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/webhook"
	"github.com/latchkey-auth/latchkey/webhook/token"
)

// takesBasic makes a realm accept Basic.
func takesBasic(s *v1alpha1.RealmSpec) { s.BasicAuth = true }

// basic is the header of a user name and a password, as two arguments.
func basic(name, secret string) []string {
	return []string{"Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte(name+":"+secret))}
}

// check asks g whether a request with these headers may pass for any valid user.
func (g *guarded) check(r realm, headers ...string) answer {
	return g.checkAt(r, "role/authenticated", headers...)
}

func (g *guarded) checkAt(r realm, check string, headers ...string) answer {
	ask := httptest.NewRequest(http.MethodGet, "/realms/"+r.namespace+"/check/"+check, nil)
	ask.Header.Set("X-Forwarded-For", home)
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i] == "X-Forwarded-For" {
			ask.Header.Del(headers[i])
		}
		ask.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	g.handler.ServeHTTP(w, ask)
	return answer{w.Code, w.Header(), w.Body.String()}
}

// beRefusedBasic matches a 401 that offers both ways to come back.
func beRefusedBasic(r realm, reason string) OmegaMatcher {
	return And(
		HaveField("Status", http.StatusUnauthorized),
		HaveField("Header", And(
			HaveKeyWithValue("X-Latchkey-Reason", []string{reason}),
			HaveKeyWithValue("Www-Authenticate", []string{`Basic realm="` + r.namespace + `", charset="UTF-8", Bearer realm="` + r.namespace + `"`}),
			HaveKeyWithValue("Cache-Control", []string{"no-store"}),
			Not(HaveKey("X-Auth-Request-User")),
		)),
	)
}

var _ = Describe("Basic on /check", func() {
	It("isn't accepted unless the realm says so", func(ctx SpecContext) {
		r, g := aRealm(ctx), aService(nil)
		r.user(ctx, "alice")
		a := g.check(r, basic("alice", goodPassword)...)
		Expect(a).To(beADenial(http.StatusUnauthorized, "no_credentials"))
		Expect(a.Header["Www-Authenticate"]).To(Equal([]string{`Bearer realm="` + r.namespace + `"`}))
		Expect(g.asked.Load()).To(BeZero())
	})

	It("is verified once and then remembered for a minute, and writes nothing", func(ctx SpecContext) {
		r := aRealm(ctx, takesBasic)
		g := aService(nil).knowing(r)
		alice := r.user(ctx, "alice", "viewer")
		for range 5 {
			a := g.check(r, basic("alice", goodPassword)...)
			Expect(a.Status).To(Equal(http.StatusOK), a.Body)
			Expect(a.Header["X-Auth-Request-User"]).To(Equal([]string{"alice"}))
			Expect(a.Header["X-Auth-Request-Uid"]).To(Equal([]string{string(alice.UID)}))
			Expect(a.Header["X-Auth-Request-Groups"]).To(Equal([]string{"viewer"}))
		}
		Expect(g.asked.Load()).To(BeEquivalentTo(1))
		g.ahead.Add(int64(59 * time.Second))
		Expect(g.check(r, basic("alice", goodPassword)...).Status).To(Equal(http.StatusOK))
		Expect(g.asked.Load()).To(BeEquivalentTo(1))
		g.ahead.Add(int64(2 * time.Second))
		Expect(g.check(r, basic("alice", goodPassword)...).Status).To(Equal(http.StatusOK))
		Expect(g.asked.Load()).To(BeEquivalentTo(2), "after a minute it is verified again")
		Expect(g.written.Load()).To(BeZero())
		sessions := &v1alpha1.SessionList{}
		Expect(api.List(ctx, sessions, client.InNamespace(r.namespace))).To(Succeed())
		Expect(sessions.Items).To(BeEmpty())
	})

	It("decides by the user's roles of now, at every check", func(ctx SpecContext) {
		r := aRealm(ctx, takesBasic)
		g := aService(nil).knowing(r)
		alice := r.user(ctx, "alice", "viewer")
		Expect(g.checkAt(r, "role/viewer", basic("alice", goodPassword)...).Status).To(Equal(http.StatusOK))
		alice.Spec.Roles = nil
		Expect(api.Update(ctx, alice)).To(Succeed())
		Eventually(func() []string { return known.Realm(r.namespace).User("alice").Roles }).WithContext(ctx).Should(BeEmpty())
		Expect(g.checkAt(r, "role/viewer", basic("alice", goodPassword)...)).To(beADenial(http.StatusForbidden, "role_missing"))
		Expect(g.asked.Load()).To(BeEquivalentTo(1), "the password is remembered all the same")
	})

	DescribeTable("forgets at once", func(ctx SpecContext, change func(context.Context, realm, *v1alpha1.User), secret string, then int) {
		r, g := aRealm(ctx, takesBasic), aService(nil)
		alice := r.user(ctx, "alice")
		Expect(g.check(r, basic("alice", goodPassword)...).Status).To(Equal(http.StatusOK))

		change(ctx, r, alice)

		Eventually(func() int { return g.check(r, basic("alice", goodPassword)...).Status }).WithContext(ctx).Should(Equal(http.StatusUnauthorized))
		reads := g.asked.Load()
		Eventually(func() int { return g.check(r, basic("alice", secret)...).Status }).WithContext(ctx).Should(Equal(then))
		Expect(g.asked.Load()).To(BeNumerically(">", reads), "it is verified anew")
	},
		Entry("a user who is disabled", func(ctx context.Context, _ realm, u *v1alpha1.User) {
			u.Spec.Disabled = true
			Expect(api.Update(ctx, u)).To(Succeed())
		}, goodPassword, http.StatusUnauthorized),
		Entry("a user who is deleted", func(ctx context.Context, _ realm, u *v1alpha1.User) {
			Expect(api.Delete(ctx, u)).To(Succeed())
		}, goodPassword, http.StatusUnauthorized),
		Entry("a password that is replaced in its Secret, by the revocation of that", func(ctx context.Context, r realm, _ *v1alpha1.User) {
			secret := &corev1.Secret{}
			Expect(api.Get(ctx, client.ObjectKey{Namespace: r.namespace, Name: "alice-password"}, secret)).To(Succeed())
			secret.Data[v1alpha1.PasswordHashDataKey] = []byte(cheapHash("another-good-password"))
			Expect(api.Update(ctx, secret)).To(Succeed())
		}, "another-good-password", http.StatusOK),
		Entry("a password in another Secret", func(ctx context.Context, r realm, u *v1alpha1.User) {
			r.secret(ctx, "another", cheapHash("another-good-password"))
			u.Spec.PasswordSecretRef.Name = "another"
			Expect(api.Update(ctx, u)).To(Succeed())
		}, "another-good-password", http.StatusOK),
		Entry("no password", func(ctx context.Context, _ realm, u *v1alpha1.User) {
			u.Spec.PasswordSecretRef = nil
			Expect(api.Update(ctx, u)).To(Succeed())
		}, goodPassword, http.StatusUnauthorized),
	)

	It("counts a revocation's whole second, and verifies anew after it", func(ctx SpecContext) {
		r, g := aRealm(ctx, takesBasic), aService(nil)
		r.user(ctx, "alice")
		Expect(g.check(r, basic("alice", goodPassword)...).Status).To(Equal(http.StatusOK))
		Expect(api.Create(ctx, &v1alpha1.RevokedToken{
			ObjectMeta: metav1.ObjectMeta{Namespace: r.namespace, Name: "incident"},
			Spec:       v1alpha1.RevokedTokenSpec{User: &v1alpha1.RevokedUser{Name: "alice"}},
		})).To(Succeed())
		var latest time.Time
		Eventually(func() (covered bool) {
			realm := known.Realm(r.namespace)
			latest, covered = realm.RevokedUserAt(realm.User("alice"))
			return covered
		}).WithContext(ctx).Should(BeTrue())

		g.ahead.Store(int64(time.Until(latest))) // a moment within that second, whatever time it is
		Expect(g.check(r, basic("alice", goodPassword)...)).To(beRefusedBasic(r, "credentials_unverified"))
		Expect(g.metrics()).To(ContainSubstring(`latchkey_basic_remembered 0`))
		g.ahead.Store(int64(time.Until(latest) + time.Second))
		reads := g.asked.Load()
		Expect(g.check(r, basic("alice", goodPassword)...).Status).To(Equal(http.StatusOK))
		Expect(g.check(r, basic("alice", goodPassword)...).Status).To(Equal(http.StatusOK))
		Expect(g.asked.Load()).To(Equal(reads + 1))
	})

	It("is off again as soon as the realm says so, whatever is remembered", func(ctx SpecContext) {
		r, g := aRealm(ctx, takesBasic), aService(nil)
		r.user(ctx, "alice")
		Expect(g.check(r, basic("alice", goodPassword)...).Status).To(Equal(http.StatusOK))
		object := &v1alpha1.Realm{}
		Expect(api.Get(ctx, client.ObjectKey{Namespace: r.namespace, Name: v1alpha1.RealmName}, object)).To(Succeed())
		object.Spec.BasicAuth = false
		Expect(api.Update(ctx, object)).To(Succeed())
		Eventually(func() answer { return g.check(r, basic("alice", goodPassword)...) }).WithContext(ctx).Should(beADenial(http.StatusUnauthorized, "no_credentials"))
	})

	It("answers wrong, unknown, disabled and locked with the same bytes and the same work (P8)", func(ctx SpecContext) {
		r, g := aRealm(ctx, takesBasic), aService(nil)
		for _, name := range []string{"alice", "bob"} {
			r.user(ctx, name)
		}
		carol := r.user(ctx, "carol")
		carol.Spec.Disabled = true
		Expect(api.Update(ctx, carol)).To(Succeed())
		Eventually(func() bool { return known.Realm(r.namespace).User("carol").Active() }).WithContext(ctx).Should(BeFalse())
		g.lock(r, "bob", home)
		want := g.check(r, basic("nobody", "wrong")...)
		Expect(want).To(beRefusedBasic(r, "credentials_wrong"))
		for sentence, sent := range map[string][]string{
			"wrong": basic("alice", "wrong"), "unknown": basic("nobody", goodPassword), "disabled": basic("carol", goodPassword),
			"locked": basic("bob", goodPassword), "no name that anybody could have": basic("No_Name!", goodPassword),
		} {
			before := g.asked.Load()
			Expect(g.check(r, sent...)).To(Equal(want), sentence)
			Expect(g.asked.Load()-before).To(BeEquivalentTo(1), sentence)
		}
		Expect(g.metrics()).To(ContainSubstring(`latchkey_basic_remembered 0`))
	})

	DescribeTable("refuses what isn't a user name and a password, without asking anybody (J63, J64)", func(ctx SpecContext, reason string, values ...string) {
		r, g := aRealm(ctx, takesBasic), aService(nil)
		r.user(ctx, "alice")
		var headers []string
		for _, value := range values {
			headers = append(headers, "Authorization", value)
		}
		a := g.check(r, headers...)
		Expect(a).To(WithTransform(func(a answer) answer { // a doubled one is what it is without Basic, too
			a.Header.Set("Www-Authenticate", strings.TrimSuffix(a.Header.Get("Www-Authenticate"), `, error="invalid_token", error_description="Invalid token"`))
			return a
		}, beRefusedBasic(r, reason)))
		Expect(g.asked.Load()).To(BeZero())
	},
		Entry("the scheme alone", "credentials_malformed", "Basic"),
		Entry("nothing behind it", "credentials_malformed", "Basic "),
		Entry("two spaces", "credentials_malformed", "Basic  "+encoded("alice:"+goodPassword)),
		Entry("a tab", "credentials_malformed", "Basic\t"+encoded("alice:"+goodPassword)),
		Entry("what isn't base64", "credentials_malformed", "Basic alice:"+goodPassword),
		Entry("base64 of URLs", "credentials_malformed", "Basic "+base64.URLEncoding.EncodeToString([]byte("alice:\xff\xff\xfe"))),
		Entry("base64 without its padding", "credentials_malformed", "Basic "+strings.TrimRight(encoded("alice:12345"), "=")),
		Entry("base64 with stray bits", "credentials_malformed", "Basic YTpi"+"YR=="),
		Entry("more behind it", "credentials_malformed", "Basic "+encoded("alice:"+goodPassword)+", Bearer x"),
		Entry("no colon", "credentials_malformed", "Basic "+encoded("alice")),
		Entry("no name", "credentials_malformed", "Basic "+encoded(":"+goodPassword)),
		Entry("no password", "credentials_malformed", "Basic "+encoded("alice:")),
		Entry("a NUL", "credentials_malformed", "Basic "+encoded("alice:"+goodPassword+"\x00")),
		Entry("a line break", "credentials_malformed", "Basic "+encoded("alice\n:"+goodPassword)),
		Entry("a DEL", "credentials_malformed", "Basic "+encoded("alice:"+goodPassword+"\x7f")),
		Entry("over 4 KiB", "credentials_malformed", "Basic "+encoded("alice:"+strings.Repeat("a", 3072))),
		Entry("two, both right", "credentials_malformed", "Basic "+encoded("alice:"+goodPassword), "Basic "+encoded("alice:"+goodPassword)),
		Entry("another one beside it", "credentials_malformed", "Basic "+encoded("alice:"+goodPassword), "Bearer junk"),
		Entry("the other way round", "credentials_malformed", "Bearer junk", "Basic "+encoded("alice:"+goodPassword)),
		Entry("behind another scheme on one line, as a proxy joins two", "credentials_malformed", "Digest x, Basic "+encoded("alice:"+goodPassword)),
		Entry("another scheme", "no_credentials", "Digest "+encoded("alice:"+goodPassword)),
		Entry("an empty header", "no_credentials", ""),
	)

	It("takes the scheme in any case and a password with colons and beyond ASCII", func(ctx SpecContext) {
		r, g := aRealm(ctx, takesBasic), aService(nil)
		r.secret(ctx, "odd", cheapHash("pässwörd:with:colons"))
		r.userOf(ctx, "alice", "odd")
		for _, scheme := range []string{"Basic", "basic", "BASIC"} {
			Expect(g.check(r, "Authorization", scheme+" "+encoded("alice:pässwörd:with:colons")).Status).To(Equal(http.StatusOK), scheme)
		}
	})

	It("doesn't fall through to a cookie, and a Bearer not to it (J65)", func(ctx SpecContext) {
		r, g := aRealm(ctx, takesBasic), aService(nil)
		r.user(ctx, "alice")
		bob := r.user(ctx, "bob")
		now := time.Now().Truncate(time.Second)
		raw, err := known.Realm(r.namespace).Keys().Sign(token.Session, token.Claims{
			Issuer: externalURL + "/realms/" + r.namespace, Subject: string(bob.UID), Username: bob.Name, ClientID: "latchkey",
			ID: "id", SessionID: "sid", IssuedAt: now, AuthTime: now, ExpiresAt: now.Add(time.Hour),
		})
		Expect(err).NotTo(HaveOccurred())
		cookie := []string{"Cookie", "__Host-latchkey-" + r.namespace + "=" + raw}
		Expect(g.check(r, cookie...).Header.Get("X-Auth-Request-User")).To(Equal("bob"))
		Expect(g.check(r, append(basic("alice", "wrong"), cookie...)...)).To(beRefusedBasic(r, "credentials_wrong"))
		Expect(g.check(r, append(basic("alice", goodPassword), cookie...)...).Header.Get("X-Auth-Request-User")).To(Equal("alice"))
		Expect(g.check(r, append(bearer("junk"), cookie...)...)).To(HaveField("Status", http.StatusUnauthorized))
	})

	It("counts nowhere but at /check (L28)", func(ctx SpecContext) {
		r, g := aRealm(ctx, takesBasic), aService(nil)
		r.user(ctx, "alice", "admin")
		for _, path := range []string{"/profile", "/userinfo", "/users", "/sessions"} {
			a := get(r.url(path), basic("alice", goodPassword)...)
			Expect(a.Status).To(Equal(http.StatusUnauthorized), path)
			Expect(a.Header["Www-Authenticate"]).To(Equal([]string{`Bearer realm="` + r.namespace + `"`}), path)
		}
		Expect(postForm(r.url("/token"), "grant_type=password", basic("alice", goodPassword)...).Status).To(Equal(http.StatusBadRequest))
		Expect(g.asked.Load()).To(BeZero())
	})

	It("shows public pages to whoever sends a wrong password, which is charged and audited all the same", func(ctx SpecContext) {
		r, g := aRealm(ctx, takesBasic), aService(nil)
		r.user(ctx, "alice")
		public := append(basic("alice", "wrong"), caddyAsks("GET", "app.example.com", "/public/a")...)
		for range 10 {
			a := g.checkAt(r, "caddy", append(public, "X-Forwarded-For", home)...)
			Expect(a.Status).To(Equal(http.StatusOK), a.Body)
			Expect(a.Header["X-Auth-Request-User"]).To(Equal([]string{""}))
		}
		Expect(g.try(r, "alice", goodPassword, home).Body).To(Equal(wrongBody), "the budget is used up")
		Expect(string(g.audit.Contents())).To(And(ContainSubstring(`"login_refused"`), ContainSubstring(`"login_locked"`)))
	})

	It("leads a browser to the login page where its proxy shows that, and a program to a 401", func(ctx SpecContext) {
		r, g := aRealm(ctx, takesBasic), aService(nil)
		asks := caddyAsks("GET", "app.example.com", "/reports/")
		Expect(g.checkAt(r, "caddy", append(asks, "Accept", "text/html")...).Status).To(Equal(http.StatusFound))
		Expect(g.checkAt(r, "caddy", append(asks, "Accept", "*/*")...)).To(beRefusedBasic(r, "no_credentials"))
	})
})

// knowing is g when its client has asked the API server for the names of kinds.
func (g *guarded) knowing(r realm) *guarded {
	g.check(r, basic("nobody", "wrong")...)
	g.asked.Store(0)
	return g
}

func encoded(credentials string) string {
	return base64.StdEncoding.EncodeToString([]byte(credentials))
}

var _ = Describe("Basic under load and guessing", func() {
	It("hashes at once or not at all: with every slot taken it is a 401, and what is remembered goes on", func(ctx SpecContext) {
		r, g := aRealm(ctx, takesBasic), aService(nil)
		r.user(ctx, "alice")
		r.user(ctx, "bob")
		Expect(g.check(r, basic("alice", goodPassword)...).Status).To(Equal(http.StatusOK))
		free := g.takeEverySlot(ctx)
		for name, secret := range map[string]string{"bob": goodPassword, "nobody": goodPassword, "alice": "wrong"} {
			Expect(g.check(r, basic(name, secret)...)).To(beRefusedBasic(r, "credentials_unverified"), name)
		}
		Expect(g.check(r, basic("alice", goodPassword)...).Status).To(Equal(http.StatusOK))
		free()
		Eventually(func() int { return g.check(r, basic("bob", goodPassword)...).Status }).WithContext(ctx).Should(Equal(http.StatusOK))
		Expect(g.metrics()).To(And(
			ContainSubstring(`latchkey_basic_credentials_total{result="unverified"} 3`),
			ContainSubstring(`latchkey_login_budgets 0`), // what isn't judged isn't charged
		))
	})

	DescribeTable("never answers 5xx while the hash can't be read, and charges nothing", func(ctx SpecContext, failure error, reason string) {
		r, g := aRealm(ctx, takesBasic), aService(nil)
		r.user(ctx, "alice")
		r.user(ctx, "bob")
		Expect(g.check(r, basic("alice", goodPassword)...).Status).To(Equal(http.StatusOK))
		g.failing.Store(&failure)
		for range 20 {
			Expect(g.check(r, basic("bob", "wrong")...)).To(beRefusedBasic(r, reason))
		}
		Expect(g.check(r, basic("bob", goodPassword)...)).To(beRefusedBasic(r, reason))
		Expect(g.check(r, basic("nobody", goodPassword)...)).To(beRefusedBasic(r, reason))
		Expect(g.check(r, basic("alice", goodPassword)...).Status).To(Equal(http.StatusOK), "it is remembered")
		g.failing.Store(nil)
		Expect(g.check(r, basic("bob", goodPassword)...).Status).To(Equal(http.StatusOK))
	},
		Entry("because the API server is away", errors.Join(webhook.ErrUnavailable, errors.New("no route")), "credentials_unverified"),
		Entry("because of what nobody thought of", errors.New("odd"), "credentials_unverified"),
		Entry("because there is none", webhook.ErrNotFound, "credentials_wrong"),
	)

	It("uses up the budgets that logins use, and obeys their locks", func(ctx SpecContext) {
		r, g := aRealm(ctx, takesBasic), aService(nil)
		r.user(ctx, "alice")
		for i := range 10 {
			Expect(g.check(r, basic("alice", fmt.Sprint("wrong", i))...)).To(beRefusedBasic(r, "credentials_wrong"))
		}
		Expect(g.try(r, "alice", goodPassword, home).Body).To(Equal(wrongBody))
		Expect(g.check(r, basic("alice", goodPassword)...)).To(beRefusedBasic(r, "credentials_wrong"))
		Expect(g.check(r, append(basic("alice", goodPassword), "X-Forwarded-For", abroad)...).Status).To(Equal(http.StatusOK))
		Expect(g.metrics()).To(And(
			ContainSubstring(`latchkey_basic_credentials_total{result="refused"} 10`),
			ContainSubstring(`latchkey_basic_credentials_total{result="locked"} 1`),
		))
	})

	It("doesn't tell who is locked that a guess is right, though it is remembered for others", func(ctx SpecContext) {
		r, g := aRealm(ctx, takesBasic), aService(nil)
		r.user(ctx, "alice")
		elsewhere := append(basic("alice", goodPassword), "X-Forwarded-For", abroad)
		Expect(g.check(r, elsewhere...).Status).To(Equal(http.StatusOK))
		g.lock(r, "alice", home)
		for _, secret := range []string{goodPassword, "wrong"} {
			before := g.asked.Load()
			Expect(g.check(r, basic("alice", secret)...)).To(beRefusedBasic(r, "credentials_wrong"))
			Expect(g.asked.Load()-before).To(BeEquivalentTo(1), "the same work")
		}
		before := g.asked.Load()
		Expect(g.check(r, elsewhere...).Status).To(Equal(http.StatusOK))
		Expect(g.asked.Load()).To(Equal(before))
	})

	It("verifies and charges once what many requests of a page ask at once", func(ctx SpecContext) {
		r := aRealm(ctx, takesBasic)
		g := aService(nil).knowing(r)
		r.user(ctx, "alice")
		atOnce := func(n int, headers []string) []int {
			answered := make(chan int, n)
			barrier := make(chan struct{})
			for range n {
				go func() {
					<-barrier
					answered <- g.check(r, headers...).Status
				}()
			}
			close(barrier)
			statuses := make([]int, n)
			for i := range statuses {
				statuses[i] = <-answered
			}
			return statuses
		}
		Expect(atOnce(100, basic("alice", goodPassword))).To(HaveEach(http.StatusOK))
		Expect(g.asked.Load()).To(BeEquivalentTo(1))
		Expect(atOnce(100, basic("alice", "wrong"))).To(HaveEach(http.StatusUnauthorized))
		Expect(g.written.Load()).To(BeZero())
	})

	It("audits one verification and each refusal, with the request and without a secret", func(ctx SpecContext) {
		r, g := aRealm(ctx, takesBasic), aService(nil)
		r.user(ctx, "alice")
		for range 3 {
			g.check(r, append(basic("alice", goodPassword), "X-Request-Id", "request-1")...)
		}
		g.check(r, append(basic("alice", "a-wrong-password"), "X-Request-Id", "request-2")...)
		lines := string(g.audit.Contents())
		Expect(lines).To(And(
			MatchRegexp(`"event":"basic_verified","request":"request-1","realm":"`+r.namespace+`","client":"`+home+`","user":"alice"}`),
			MatchRegexp(`"event":"login_refused","request":"request-2","realm":"`+r.namespace+`","client":"`+home+`","user":"alice","reason":"invalid_grant","basic":true}`),
			MatchRegexp(`"event":"check_denied","request":"request-2".*"reason":"credentials_wrong","status":401`),
		))
		Expect(strings.Count(lines, "basic_verified")).To(Equal(1))
		for _, secret := range []string{goodPassword, "a-wrong-password", encoded("alice:" + goodPassword), encoded("alice:a-wrong-password")} {
			Expect(lines).NotTo(ContainSubstring(secret))
		}
	})

	It("remembers nothing of a flood of wrong ones (L23)", func(ctx SpecContext) {
		r, g := aRealm(ctx, takesBasic), aService(slog.DiscardHandler)
		r.user(ctx, "alice")
		for i := range 2000 {
			a := g.check(r, append(basic(fmt.Sprintf("name-%d", i), "wrong"), "X-Forwarded-For", fmt.Sprintf("198.18.%d.%d", i>>8&255, i&255))...)
			Expect(a.Status).To(Equal(http.StatusUnauthorized))
		}
		Expect(g.metrics()).To(And(ContainSubstring("latchkey_basic_remembered 0"), ContainSubstring("latchkey_login_budgets 0")))
		Expect(g.written.Load()).To(BeZero())
	})
})

// takeEverySlot leaves no room to hash until it is told to.
func (g *guarded) takeEverySlot(ctx context.Context) (free func()) {
	GinkgoHelper()
	release := make(chan struct{})
	free = func() { close(release) }
	for {
		taken := make(chan bool, 1)
		go func() {
			if !g.hashing.Try(func() { taken <- true; <-release }) {
				taken <- false
			}
		}()
		select {
		case <-ctx.Done():
			Fail("no end of slots")
		case got := <-taken:
			if !got {
				return free
			}
		}
	}
}
