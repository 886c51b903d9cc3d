package webhook_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/latchkey-auth/latchkey/controllers/feed"
	"github.com/latchkey-auth/latchkey/hack/testenv"
	"github.com/latchkey-auth/latchkey/webhook"
	"github.com/latchkey-auth/latchkey/webhook/cluster"
	"github.com/latchkey-auth/latchkey/webhook/directory"
	"github.com/latchkey-auth/latchkey/webhook/password"
	"github.com/latchkey-auth/latchkey/webhook/token"
)

// way is a call to the API server on its way: do makes it. What a way returns is what the service hears.
type way func(ctx context.Context, verb string, object client.Object, do func() error) error

// replica is one more service in front of the suite's API server, with a directory, a feed, a clock
// and a way to the API server of its own. It is asked without a listener.
type replica struct {
	service  *webhook.Service
	registry *prometheus.Registry
	ahead    atomic.Int64 // of the true time, in nanoseconds
	way      atomic.Pointer[way]
	deafen   context.CancelFunc // ends its feed: it hears of nothing any more
}

func newReplica(ctx context.Context) *replica {
	GinkgoHelper()
	r := &replica{registry: prometheus.NewRegistry()}
	log := slog.New(slog.NewJSONHandler(logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
	direct, err := client.NewWithWatch(config, client.Options{Scheme: testenv.Scheme()})
	Expect(err).NotTo(HaveOccurred())
	d := directory.New()
	f, err := feed.New(feed.Config{REST: config, Directory: d, ExternalURL: externalURL, DefaultRealm: defaultRealm, Logger: log})
	Expect(err).NotTo(HaveOccurred())
	running, stop := context.WithCancel(context.Background())
	r.deafen = stop
	background(running, f.Run)
	DeferCleanup(stop)
	store := cluster.New(r.intercept(direct), f, r.now)
	r.service, err = webhook.New(webhook.Config{
		Directory: d, Synced: f.Synced, Stale: f.Stale, Sessions: store, Passwords: store, Accounts: cluster.Accounts{Store: store},
		Logins: password.NewSlots(password.SlotsConfig{}), Hashing: password.NewSlots(password.SlotsConfig{}), Tokens: token.NewCache(1 << 12),
		DefaultRealm: defaultRealm, ExternalURL: externalURL, Log: log, Registerer: r.registry, Now: r.now,
	})
	Expect(err).NotTo(HaveOccurred())
	Eventually(f.Synced).WithContext(ctx).WithTimeout(20 * time.Second).Should(BeTrue())
	return r
}

// knows waits until the replica can serve a realm's user.
func (r *replica) knows(ctx context.Context, in realm, name string) {
	GinkgoHelper()
	Eventually(func() int { return r.get(in, "/profile", in.in(name).access).Status }).WithContext(ctx).WithTimeout(20 * time.Second).Should(Equal(http.StatusOK))
}

func (r *replica) now() time.Time { return time.Now().Add(time.Duration(r.ahead.Load())) }

// wait lets time pass on the replica's clock alone.
func (r *replica) wait(d time.Duration) { r.ahead.Add(int64(d)) }

// goThrough sends all calls to the API server through w, until the spec ends; nil is the straight way.
func (r *replica) goThrough(w way) {
	if w == nil {
		r.way.Store(nil)
		return
	}
	r.way.Store(&w)
	DeferCleanup(func() { r.way.Store(nil) })
}

func (r *replica) intercept(c client.WithWatch) client.Client {
	call := func(ctx context.Context, verb string, object client.Object, do func() error) error {
		if w := r.way.Load(); w != nil {
			return (*w)(ctx, verb, object, do)
		}
		return do()
	}
	return interceptor.NewClient(c, interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, object client.Object, options ...client.GetOption) error {
			return call(ctx, "get", object, func() error { return c.Get(ctx, key, object, options...) })
		},
		Create: func(ctx context.Context, c client.WithWatch, object client.Object, options ...client.CreateOption) error {
			return call(ctx, "create", object, func() error { return c.Create(ctx, object, options...) })
		},
		Patch: func(ctx context.Context, c client.WithWatch, object client.Object, patch client.Patch, options ...client.PatchOption) error {
			return call(ctx, "patch", object, func() error { return c.Patch(ctx, object, patch, options...) })
		},
	})
}

func (r *replica) ask(request *http.Request) answer {
	recorder := httptest.NewRecorder()
	r.service.ServeHTTP(recorder, request)
	return answer{recorder.Code, recorder.Header(), recorder.Body.String()}
}

func (r *replica) get(in realm, path, access string) answer {
	request := httptest.NewRequest(http.MethodGet, "/realms/"+in.namespace+path, nil)
	request.Header.Set("Authorization", "Bearer "+access)
	return r.ask(request)
}

func (r *replica) post(in realm, path string, form url.Values, headers ...string) answer {
	request := httptest.NewRequest(http.MethodPost, "/realms/"+in.namespace+path, strings.NewReader(form.Encode()))
	request.Header.Set("Content-Type", formType)
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	return r.ask(request)
}

// refresh presents a refresh token.
func (r *replica) refresh(in realm, raw string) answer {
	return r.post(in, "/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {raw}})
}

// renewed presents a refresh token that is good.
func (r *replica) renewed(in realm, raw string) tokens {
	GinkgoHelper()
	a := r.refresh(in, raw)
	Expect(a.Status).To(Equal(http.StatusOK), a.Body)
	return tokens{a.text("access_token"), a.text("refresh_token")}
}

// counted is how often a replica counted a refresh as result.
func (r *replica) counted(result string) (n float64) {
	GinkgoHelper()
	families, err := r.registry.Gather()
	Expect(err).NotTo(HaveOccurred())
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			if family.GetName() == "latchkey_refreshes_total" && metric.GetLabel()[0].GetValue() == result {
				n += metric.GetCounter().GetValue()
			}
		}
	}
	return n
}
