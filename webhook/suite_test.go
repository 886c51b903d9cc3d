package webhook_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gbytes"
	"github.com/prometheus/client_golang/prometheus"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/retry"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/latchkey-auth/latchkey/controllers"
	"github.com/latchkey-auth/latchkey/controllers/controllertest"
	"github.com/latchkey-auth/latchkey/controllers/feed"
	"github.com/latchkey-auth/latchkey/hack/testenv"
	"github.com/latchkey-auth/latchkey/webhook"
	"github.com/latchkey-auth/latchkey/webhook/cluster"
	"github.com/latchkey-auth/latchkey/webhook/directory"
	"github.com/latchkey-auth/latchkey/webhook/password"
	"github.com/latchkey-auth/latchkey/webhook/token"
)

func TestWebhook(t *testing.T) {
	RegisterFailHandler(Fail)
	SetDefaultEventuallyTimeout(10 * time.Second)
	EnforceDefaultTimeoutsWhenUsingContexts()
	RunSpecs(t, "The HTTP service on a real API server")
}

// The service under test: the real feed, controllers and API server, one listener.
var (
	api     client.Client
	baseURL string
	opsURL  string
	config  *rest.Config
	local   *feed.Feed                   // fills known
	known   *directory.Directory         // what the service under test knows
	logged  *gbytes.Buffer               // every log line of the service, at debug
	faults  = controllertest.NewFaults() // sees, and can fail, every write of the service
)

const (
	externalURL  = "https://auth.example.com"
	defaultRealm = "default-realm"
)

var _ = BeforeSuite(func(ctx SpecContext) {
	environment, err := testenv.Start()
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(environment.Stop)
	api = insistent{environment.Client}

	logged = gbytes.NewBuffer()
	log := slog.New(slog.NewJSONHandler(logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
	ctrl.SetLogger(logr.FromSlogHandler(log.Handler()))

	running, stop := context.WithCancel(context.Background())
	defer func() { DeferCleanup(stop) }() // the last to be registered is the first to run

	d := directory.New()
	f, err := feed.New(feed.Config{REST: environment.Config, Directory: d, ExternalURL: externalURL, DefaultRealm: defaultRealm, Logger: log})
	Expect(err).NotTo(HaveOccurred())
	background(running, f.Run)

	manager, err := ctrl.NewManager(environment.Config, controllers.ManagerOptions(ctrl.Options{
		Scheme: testenv.Scheme(), Metrics: metricsserver.Options{BindAddress: "0"},
	}, defaultRealm))
	Expect(err).NotTo(HaveOccurred())
	Expect(controllers.Setup(running, manager, controllers.Config{ExternalURL: externalURL, DefaultRealm: defaultRealm, Namespace: defaultRealm})).To(Succeed())
	background(running, manager.Start)

	writer, err := client.NewWithWatch(environment.Config, client.Options{Scheme: testenv.Scheme()})
	Expect(err).NotTo(HaveOccurred())
	config, local, known = environment.Config, f, d
	store := cluster.New(faults.Wrap(writer), f, time.Now)
	registry := prometheus.NewRegistry()
	service, err := webhook.New(webhook.Config{
		Directory: d, Synced: f.Synced, Stale: f.Stale, Sessions: store, Passwords: store, Accounts: cluster.Accounts{Store: store},
		Logins:  password.NewSlots(password.SlotsConfig{Concurrent: 4, Queue: 8, Wait: 2 * time.Second}),
		Hashing: password.NewSlots(password.SlotsConfig{}), Tokens: token.NewCache(1 << 12),
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, // so that a spec can come from anywhere
		DefaultRealm:   defaultRealm, ExternalURL: externalURL,
		Log: log, Registerer: registry, Now: time.Now,
	})
	Expect(err).NotTo(HaveOccurred())
	baseURL = listen(running, "public", webhook.NewServer(service, log), log)
	opsURL = listen(running, "operations", webhook.NewServer(webhook.Operations(registry, func() error { return nil }), log), log)

	Eventually(f.Synced).WithContext(ctx).Should(BeTrue())
	newRealm(ctx, defaultRealm)
}, NodeTimeout(10*time.Minute))

// background runs part until the suite ends, and waits for it then.
func background(ctx context.Context, part func(context.Context) error) {
	ended := make(chan error, 1)
	go func() { ended <- part(ctx) }()
	DeferCleanup(func(cleanup SpecContext) {
		Eventually(ended).WithContext(cleanup).WithTimeout(30 * time.Second).Should(Receive())
	})
}

func listen(ctx context.Context, name string, server *http.Server, log *slog.Logger) string {
	listening := gbytes.NewBuffer()
	l, err := webhook.Listen(name, "127.0.0.1:0", 1024, server, slog.New(slog.NewTextHandler(listening, nil)))
	Expect(err).NotTo(HaveOccurred())
	background(ctx, func(ctx context.Context) error { return l.Serve(ctx, 5*time.Second) })
	_, address, _ := strings.Cut(strings.TrimSpace(string(listening.Contents())), "address=")
	return "http://" + address
}

// insistent updates an object although a controller wrote its status since it was read: a spec
// changes what nobody else does.
type insistent struct{ client.Client }

func (i insistent) Update(ctx context.Context, o client.Object, options ...client.UpdateOption) error {
	return retry.OnError(retry.DefaultBackoff, apierrors.IsConflict, func() error {
		err := i.Client.Update(ctx, o, options...)
		if !apierrors.IsConflict(err) {
			return err
		}
		current := o.DeepCopyObject().(client.Object) //nolint:forcetypeassert // a copy is of its kind
		if readErr := i.Get(ctx, client.ObjectKeyFromObject(o), current); readErr != nil {
			return readErr
		}
		o.SetResourceVersion(current.GetResourceVersion())
		return err
	})
}
