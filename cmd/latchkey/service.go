package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	goruntime "runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	coordinationv1 "k8s.io/api/coordination/v1"
	"k8s.io/apimachinery/pkg/types"
	coordinationclient "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/connrotation"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/controllers/feed"
	"github.com/latchkey-auth/latchkey/controllers/replica"
	"github.com/latchkey-auth/latchkey/controllers/servertime"
	"github.com/latchkey-auth/latchkey/webhook"
	"github.com/latchkey-auth/latchkey/webhook/cluster"
	"github.com/latchkey-auth/latchkey/webhook/directory"
	"github.com/latchkey-auth/latchkey/webhook/password"
	"github.com/latchkey-auth/latchkey/webhook/token"
)

// service is the HTTP service with what keeps it up to date.
type service struct {
	*webhook.Service
	known
	keeper *replica.Keeper
}

// newService makes the HTTP service, the feed that fills its directory, and the keeper of this replica's
// Lease. All three share one connection, so that what comes back on it says that the others' would.
func newService(o *options, config *rest.Config, now *servertime.Clock, log *slog.Logger, registry prometheus.Registerer) (*service, error) {
	config, connection, reconnect, err := connect(config)
	if err != nil {
		return nil, err
	}
	leases, err := coordinationclient.NewForConfigAndClient(config, connection)
	if err != nil {
		return nil, fmt.Errorf("make client of Leases: %w", err)
	}
	d := directory.New()
	// The feed and the keeper know each other: one tells how far it has come, the other when it said so.
	var f *feed.Feed
	var k *replica.Keeper
	f, err = feed.New(feed.Config{
		REST: config, HTTP: connection, Directory: d, ExternalURL: o.externalURL, DefaultRealm: o.defaultRealm, Logger: log, Registerer: registry,
		MaxStaleness: o.maxStaleness,
		Lease: feed.Lease{
			Namespace: o.namespace, Name: replica.LeasePrefix + o.replicaName,
			Sent: func(l *coordinationv1.Lease) (time.Time, bool) { return k.Sent(l) },
		},
	})
	if err != nil {
		return nil, err
	}
	k = replica.NewKeeper(replica.KeeperConfig{
		Leases: leases.Leases(o.namespace), Name: o.replicaName, MaxStaleness: o.maxStaleness, Pod: thisPod(),
		Followed: f.Followed, Awaited: f.Awaited(), Now: now.Now, Clock: clock.RealClock{}, Reconnect: reconnect, Logger: log,
	})
	c, err := client.New(config, client.Options{Scheme: scheme(), Mapper: kinds(), HTTPClient: connection})
	if err != nil {
		return nil, fmt.Errorf("make client: %w", err)
	}
	store := cluster.New(c, f, now.Now)
	settings := webhook.Config{
		Directory: d, Synced: f.Synced, Stale: f.Stale, Sessions: store, Passwords: store,
		Logins:  password.NewSlots(password.SlotsConfig{Concurrent: 4 * goruntime.GOMAXPROCS(0)}),
		Hashing: password.NewSlots(password.SlotsConfig{}), Tokens: token.NewCache(o.tokenCache),
		TrustedProxies: o.proxies,
		DefaultRealm:   o.defaultRealm, ExternalURL: o.externalURL,
		Log: log, Registerer: registry, Now: now.Now,
	}
	if o.userManagement {
		settings.Accounts = cluster.Accounts{Store: store}
	}
	s, err := webhook.New(settings)
	if err != nil {
		return nil, err
	}
	return &service{s, known{d, f}, k}, nil
}

// follow keeps the service up to date until behind ends. The Lease is kept for as long as somebody may be
// answered, which ends with answering.
func (s *service) follow(behind, answering context.Context) error {
	if s.keeper.Claim(behind) != nil {
		return nil // behind has ended
	}
	followed := make(chan error, 1)
	go func() { followed <- s.feed.Run(behind) }()
	err := s.keeper.Run(answering)
	if err != nil {
		return err
	}
	return <-followed
}

// ready says why nothing can be decided by what is known; nil if it can.
func (s *service) ready() error {
	switch {
	case !s.feed.Synced():
		return fmt.Errorf("waiting for %v", s.feed.Waiting())
	case s.feed.Stale():
		return fmt.Errorf("out of touch with the API server for longer than --max-staleness")
	}
	return nil
}

// connect makes the one way to the API server, and what ends it where it seems dead.
func connect(config *rest.Config) (*rest.Config, *http.Client, func(), error) {
	const dialling = 5 * time.Second
	dialer := connrotation.NewDialer((&net.Dialer{Timeout: dialling, KeepAlive: 30 * time.Second}).DialContext)
	config = rest.CopyConfig(config)
	config.Dial = dialer.DialContext
	connection, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("connect to the API server: %w", err)
	}
	return config, connection, dialer.CloseAll, nil
}

// thisPod is the Pod that this process runs in, by the downward API; zero outside of one.
func thisPod() replica.Pod {
	name := os.Getenv("POD_NAME")
	if name == "" {
		return replica.Pod{}
	}
	return replica.Pod{Name: name, UID: types.UID(os.Getenv("POD_UID"))}
}
