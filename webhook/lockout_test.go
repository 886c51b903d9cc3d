package webhook_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gbytes"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/hack/testenv"
	"github.com/latchkey-auth/latchkey/webhook"
	"github.com/latchkey-auth/latchkey/webhook/cluster"
	"github.com/latchkey-auth/latchkey/webhook/password"
	"github.com/latchkey-auth/latchkey/webhook/token"
)

// guarded is a service of the spec's own, on the suite's directory and API server: with a
// clock that the spec moves, with cheap hashes, and without a history.
type guarded struct {
	handler  http.Handler
	registry *prometheus.Registry
	audit    *gbytes.Buffer
	ahead    *atomic.Int64 // of the real time
	asked    *atomic.Int64 // requests to the API server
	written  *atomic.Int64 // those that could change something
	failing  *atomic.Pointer[error]
	hashing  *password.Slots
}

var cheap = password.Params{MemoryKiB: 8, Time: 1, Parallelism: 1}

func aService(log slog.Handler) *guarded {
	GinkgoHelper()
	g := &guarded{registry: prometheus.NewRegistry(), audit: gbytes.NewBuffer(), ahead: &atomic.Int64{}, asked: &atomic.Int64{}, written: &atomic.Int64{}, failing: &atomic.Pointer[error]{}, hashing: password.NewSlots(password.SlotsConfig{})}
	if log == nil {
		log = slog.NewJSONHandler(g.audit, nil)
	}
	counted := rest.CopyConfig(config)
	counted.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(r *http.Request) (*http.Response, error) {
			g.asked.Add(1)
			if r.Method != http.MethodGet {
				g.written.Add(1)
			}
			return next.RoundTrip(r)
		})
	})
	c, err := client.New(counted, client.Options{Scheme: testenv.Scheme()})
	Expect(err).NotTo(HaveOccurred())
	g.asked.Store(0) // what the client asked to know the kinds
	now := func() time.Time { return time.Now().Add(time.Duration(g.ahead.Load())) }
	store := cluster.New(c, local, now)
	g.handler, err = webhook.New(webhook.Config{
		Directory: known, Synced: local.Synced, Stale: local.Stale, Sessions: store, Passwords: faulty{store, g.failing},
		Logins: password.NewSlots(password.SlotsConfig{Concurrent: 8}), Hashing: g.hashing, Tokens: token.NewCache(1),
		PasswordCost: cheap, TrustedProxies: []netip.Prefix{netip.MustParsePrefix("192.0.2.1/32")}, // httptest's peer
		DefaultRealm: defaultRealm, ExternalURL: externalURL, Log: slog.New(log), Registerer: g.registry, Now: now,
	})
	Expect(err).NotTo(HaveOccurred())
	return g
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// faulty fails to read hashes as long as it is told to.
type faulty struct {
	*cluster.Store
	failing *atomic.Pointer[error]
}

func (f faulty) Hash(ctx context.Context, realm, name string) (string, error) {
	if err := f.failing.Load(); err != nil {
		return "", *err
	}
	return f.Store.Hash(ctx, realm, name)
}

// try tries a password from an address, with more headers.
func (g *guarded) try(r realm, name, secret, from string, headers ...string) answer {
	form := url.Values{"grant_type": {"password"}, "username": {name}, "password": {secret}}.Encode()
	ask := httptest.NewRequest(http.MethodPost, "/realms/"+r.namespace+"/token", strings.NewReader(form))
	ask.Header.Set("Content-Type", formType)
	ask.Header.Set("X-Forwarded-For", from)
	for i := 0; i+1 < len(headers); i += 2 {
		ask.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	g.handler.ServeHTTP(w, ask)
	return answer{w.Code, w.Header(), w.Body.String()}
}

// lock tries wrong passwords until the budget must be locked.
func (g *guarded) lock(r realm, name, from string, headers ...string) {
	GinkgoHelper()
	for range 10 {
		Expect(g.try(r, name, "wrong", from, headers...).Body).To(Equal(wrongBody))
	}
}

func (g *guarded) metrics() string {
	w := httptest.NewRecorder()
	promhttp.HandlerFor(g.registry, promhttp.HandlerOpts{}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return w.Body.String()
}

const (
	home   = "203.0.113.9"
	abroad = "198.51.100.9"
)

var _ = Describe("Lockout", func() {
	It("locks one user in one network, and nobody else (L21)", func(ctx SpecContext) {
		r, g := aRealm(ctx), aService(nil)
		r.user(ctx, "alice")
		r.user(ctx, "bob")
		live := g.try(r, "alice", goodPassword, home)
		Expect(live.Status).To(Equal(http.StatusOK), live.Body)

		for range 200 {
			Expect(g.try(r, "alice", "wrong", home).Body).To(Equal(wrongBody))
		}

		Expect(g.try(r, "alice", goodPassword, home).Body).To(Equal(wrongBody))
		Expect(g.try(r, "alice", goodPassword, "203.0.113.200").Body).To(Equal(wrongBody), "the same network")
		Expect(g.try(r, "alice", goodPassword, abroad).Status).To(Equal(http.StatusOK))
		Expect(g.try(r, "bob", goodPassword, home).Status).To(Equal(http.StatusOK))
		Expect(get(r.url("/profile"), bearer(live.text("access_token"))...).Status).To(Equal(http.StatusOK), "the live login goes on")
	})

	It("lets the user in again when the lock is over, however much was tried meanwhile", func(ctx SpecContext) {
		r, g := aRealm(ctx), aService(nil)
		r.user(ctx, "alice")
		g.lock(r, "alice", home)
		for range 3 {
			g.ahead.Add(int64(5*time.Minute - time.Second))
			Expect(g.try(r, "alice", goodPassword, home).Body).To(Equal(wrongBody))
		}
		g.ahead.Add(int64(5 * time.Second))
		Expect(g.try(r, "alice", goodPassword, home).Status).To(Equal(http.StatusOK))
	})

	It("locks everybody but known devices when many networks guess", func(ctx SpecContext) {
		r, g := aRealm(ctx, func(s *v1alpha1.RealmSpec) { s.Lockout.Failures = 2 }), aService(nil)
		alice := r.user(ctx, "alice")
		for i := range 20 {
			Expect(g.try(r, "alice", "wrong", netip.AddrFrom4([4]byte{198, 18, byte(i), 1}).String()).Body).To(Equal(wrongBody))
		}

		Expect(g.try(r, "alice", goodPassword, home).Body).To(Equal(wrongBody))
		Expect(g.try(r, "alice", goodPassword, home, "Cookie", r.deviceOf(alice)).Status).To(Equal(http.StatusOK))
	})

	It("follows the realm's settings at run time", func(ctx SpecContext) {
		r, g := aRealm(ctx), aService(nil)
		r.user(ctx, "alice")
		object := &v1alpha1.Realm{}
		Expect(api.Get(ctx, client.ObjectKey{Namespace: r.namespace, Name: v1alpha1.RealmName}, object)).To(Succeed())
		object.Spec.Lockout.Failures = 1
		Expect(api.Update(ctx, object)).To(Succeed())
		Eventually(func() int { return known.Realm(r.namespace).Settings().LockoutFailures }).WithContext(ctx).Should(Equal(1))

		Expect(g.try(r, "alice", "wrong", home).Body).To(Equal(wrongBody))

		Expect(g.try(r, "alice", goodPassword, home).Body).To(Equal(wrongBody))
	})

	It("answers a locked user as it answers an unknown one, to the byte (L22, P8)", func(ctx SpecContext) {
		r, g := aRealm(ctx), aService(nil)
		r.user(ctx, "alice")
		answers := map[string]answer{}
		for range 200 {
			for _, name := range []string{"alice", "nobody"} {
				answers[name] = g.try(r, name, "wrong", home)
				answers[name].Header.Del("X-Request-Id")
			}
			Expect(answers["alice"]).To(Equal(answers["nobody"]))
		}
		right := g.try(r, "alice", goodPassword, home)
		right.Header.Del("X-Request-Id")
		Expect(right).To(Equal(answers["nobody"]))
	})

	It("does the same work for a locked user as for an unknown one (P8)", func(ctx SpecContext) {
		r, g := aRealm(ctx), aService(nil)
		r.user(ctx, "alice")
		g.lock(r, "alice", home)
		for _, name := range []string{"alice", "nobody"} {
			before := g.asked.Load()
			g.try(r, name, goodPassword, home)
			Expect(g.asked.Load()-before).To(BeEquivalentTo(1), name)
		}
	})

	It("audits and counts locks and what they refuse, with the reason that the client doesn't get", func(ctx SpecContext) {
		r, g := aRealm(ctx), aService(nil)
		r.user(ctx, "alice")
		g.lock(r, "alice", home, "X-Request-Id", "request-1")
		g.try(r, "alice", goodPassword, home, "X-Request-Id", "request-2")

		Expect(string(g.audit.Contents())).To(And(
			MatchRegexp(`"event":"login_locked","request":"request-1","realm":"`+r.namespace+`","client":"`+home+`","user":"alice","budget":"network","until":"[0-9-]+T[0-9:]+Z"`),
			MatchRegexp(`"event":"login_refused","request":"request-1","realm":"`+r.namespace+`","client":"`+home+`","user":"alice","reason":"invalid_grant"`),
			MatchRegexp(`"event":"login_refused","request":"request-2","realm":"`+r.namespace+`","client":"`+home+`","user":"alice","reason":"locked"`),
		))
		Expect(strings.Count(string(g.audit.Contents()), "login_locked")).To(Equal(1))
		Expect(string(g.audit.Contents())).NotTo(ContainSubstring("request failed"))
		Expect(g.metrics()).To(And(
			ContainSubstring(`latchkey_logins_total{result="locked"} 1`),
			ContainSubstring(`latchkey_logins_total{result="refused"} 10`),
			ContainSubstring(`latchkey_login_budgets 2`),
		))
	})

	DescribeTable("doesn't charge a try that couldn't be judged",
		func(ctx SpecContext, failure error, status int) {
			r, g := aRealm(ctx), aService(nil)
			r.user(ctx, "alice")
			g.failing.Store(&failure)
			for range 20 {
				Expect(g.try(r, "alice", "wrong", home).Status).To(Equal(status))
			}
			g.failing.Store(nil)
			Expect(g.try(r, "alice", goodPassword, home).Status).To(Equal(http.StatusOK))
		},
		Entry("because the API server is away", errors.Join(webhook.ErrUnavailable, errors.New("no route")), http.StatusServiceUnavailable),
		Entry("because the password isn't hashed yet", webhook.ErrNotFound, http.StatusUnauthorized),
	)

	It("lets parallel right passwords in, and of 200 parallel wrong ones judges ten", func(ctx SpecContext) {
		r, g := aRealm(ctx), aService(nil)
		r.user(ctx, "alice")
		together := func(n int, secret string) []int {
			answered := make(chan int, n)
			for range n {
				go func() { answered <- g.try(r, "alice", secret, home).Status }()
			}
			statuses := make([]int, n)
			for i := range statuses {
				statuses[i] = <-answered
			}
			return statuses
		}
		Expect(together(18, goodPassword)).To(HaveEach(BeElementOf(http.StatusOK, http.StatusTooManyRequests)))
		Expect(together(200, "wrong")).To(HaveEach(BeElementOf(http.StatusUnauthorized, http.StatusTooManyRequests)))
		Expect(g.metrics()).To(ContainSubstring(`latchkey_logins_total{result="refused"} 10`))
		Expect(g.try(r, "alice", goodPassword, home).Body).To(Equal(wrongBody))
	})
})

// deviceOf is the cookie of a device on which a user once logged in.
func (r realm) deviceOf(user *v1alpha1.User, change ...func(*token.Claims)) string {
	GinkgoHelper()
	now := time.Now().Truncate(time.Second)
	c := token.Claims{
		Issuer: externalURL + "/realms/" + r.namespace, Subject: string(user.UID), Username: user.Name,
		ID: "laptop", IssuedAt: now, AuthTime: now, ExpiresAt: now.Add(time.Hour),
	}
	for _, edit := range change {
		edit(&c)
	}
	raw, err := known.Realm(r.namespace).Keys().Sign(token.Device, c)
	Expect(err).NotTo(HaveOccurred())
	return "__Host-latchkey-" + r.namespace + "_device=" + raw
}

var _ = Describe("The device cookie", func() {
	It("gives the user a budget of its own on that device", func(ctx SpecContext) {
		r, g := aRealm(ctx), aService(nil)
		laptop := r.deviceOf(r.user(ctx, "alice"))
		g.lock(r, "alice", home)
		Expect(g.try(r, "alice", goodPassword, home).Body).To(Equal(wrongBody))
		Expect(g.try(r, "alice", goodPassword, home, "Cookie", laptop).Status).To(Equal(http.StatusOK))

		g.lock(r, "alice", abroad, "Cookie", laptop)

		Expect(g.try(r, "alice", goodPassword, home, "Cookie", laptop).Body).To(Equal(wrongBody), "the device is locked, wherever it goes")
		Expect(g.try(r, "alice", goodPassword, abroad).Status).To(Equal(http.StatusOK), "its network is not")
		Expect(string(g.audit.Contents())).To(ContainSubstring(`"budget":"device"`))
	})

	It("is __Host-latchkey_device at the root", func(ctx SpecContext) {
		r, g := realm{defaultRealm}, aService(nil)
		user := r.user(ctx, "device-owner")
		_, raw, _ := strings.Cut(r.deviceOf(user, func(c *token.Claims) { c.Issuer = externalURL }), "=")
		g.lock(r, "device-owner", home)
		Expect(g.try(r, "device-owner", goodPassword, home, "Cookie", "__Host-latchkey-"+defaultRealm+"_device="+raw).Body).To(Equal(wrongBody))
		Expect(g.try(r, "device-owner", goodPassword, home, "Cookie", "__Host-latchkey_device="+raw).Status).To(Equal(http.StatusOK))
	})

	DescribeTable("counts for nothing", func(ctx SpecContext, cookies func(r, other realm, alice, bob *v1alpha1.User) []string) {
		r, other, g := aRealm(ctx), realm{defaultRealm}, aService(nil)
		alice, bob := r.user(ctx, "alice"), r.user(ctx, "bob")
		g.lock(r, "alice", home)
		var headers []string
		for _, c := range cookies(r, other, alice, bob) {
			headers = append(headers, "Cookie", c)
		}
		Expect(g.try(r, "alice", goodPassword, home, headers...).Body).To(Equal(wrongBody))
	},
		Entry("when it is another user's", func(r, _ realm, _, bob *v1alpha1.User) []string { return []string{r.deviceOf(bob)} }),
		Entry("when it is there twice", func(r, _ realm, alice, _ *v1alpha1.User) []string {
			return []string{r.deviceOf(alice), r.deviceOf(alice)}
		}),
		Entry("when it is there twice in one line", func(r, _ realm, alice, _ *v1alpha1.User) []string {
			return []string{r.deviceOf(alice) + "; " + r.deviceOf(alice)}
		}),
		Entry("when it has expired", func(r, _ realm, alice, _ *v1alpha1.User) []string {
			return []string{r.deviceOf(alice, func(c *token.Claims) {
				c.IssuedAt, c.ExpiresAt = c.IssuedAt.Add(-time.Hour), c.IssuedAt.Add(-time.Minute)
			})}
		}),
		Entry("when its signature is another", func(r, _ realm, alice, _ *v1alpha1.User) []string {
			cookie := r.deviceOf(alice)
			return []string{cookie[:strings.LastIndex(cookie, ".")+1] + strings.Repeat("A", 43)}
		}),
		Entry("when another realm signed it", func(r, other realm, alice, _ *v1alpha1.User) []string {
			_, raw, _ := strings.Cut(other.deviceOf(alice, func(c *token.Claims) { c.Issuer = externalURL + "/realms/" + r.namespace }), "=")
			return []string{"__Host-latchkey-" + r.namespace + "_device=" + raw}
		}),
		Entry("when it has another realm's issuer", func(r, _ realm, alice, _ *v1alpha1.User) []string {
			return []string{r.deviceOf(alice, func(c *token.Claims) { c.Issuer = externalURL })}
		}),
		Entry("when it has another name", func(r, _ realm, alice, _ *v1alpha1.User) []string {
			return []string{strings.Replace(r.deviceOf(alice), "_device", "-device", 1)}
		}),
		Entry("when it is a token of another type", func(r, _ realm, alice, _ *v1alpha1.User) []string {
			now := time.Now().Truncate(time.Second)
			raw, err := known.Realm(r.namespace).Keys().Sign(token.Session, token.Claims{
				Issuer: externalURL + "/realms/" + r.namespace, Subject: string(alice.UID), Username: "alice",
				ID: "laptop", SessionID: "s", IssuedAt: now, AuthTime: now, ExpiresAt: now.Add(time.Hour),
			})
			Expect(err).NotTo(HaveOccurred())
			return []string{"__Host-latchkey-" + r.namespace + "_device=" + raw}
		}),
		Entry("when it isn't a token", func(r, _ realm, _, _ *v1alpha1.User) []string {
			return []string{"__Host-latchkey-" + r.namespace + "_device=laptop"}
		}),
	)
})
