package main

import (
	"context"
	"log/slog"
	"net"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/net/netutil"

	"github.com/latchkey-auth/latchkey/webhook"
	"github.com/latchkey-auth/latchkey/webhook/directory"
	"github.com/latchkey-auth/latchkey/webhook/password"
	"github.com/latchkey-auth/latchkey/webhook/refresh"
	"github.com/latchkey-auth/latchkey/webhook/token"
)

// What a serving process has by default.
const (
	rememberedTokens = 65536
	maxConnections   = 16384
)

// serveLatchkey is the process of the real server: the service as cmd/latchkey makes it, on
// a directory that no watch fills. A check touches memory only, so it makes no difference.
func serveLatchkey() error {
	service, realm, err := newService()
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", loopback)
	if err != nil {
		return err
	}
	return serve(webhook.NewServer(service, slog.New(slog.DiscardHandler)), netutil.LimitListener(listener, maxConnections), realm)
}

func newService() (*webhook.Service, *directory.Realm, error) {
	d := directory.New()
	if err := fill(d, time.Now()); err != nil {
		return nil, nil, err
	}
	service, err := webhook.New(webhook.Config{
		Directory: d, Synced: func() bool { return true }, Stale: func() bool { return false }, Sessions: noCluster{}, Passwords: noCluster{},
		Logins: password.NewSlots(password.SlotsConfig{}), Hashing: password.NewSlots(password.SlotsConfig{}), Tokens: token.NewCache(rememberedTokens),
		DefaultRealm: realmName, ExternalURL: issuer,
		Log: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry(), Now: time.Now,
	})
	return service, d.Realm(realmName), err
}

// noCluster is an API server that is away, which a check never notices.
type noCluster struct{}

func (noCluster) Begin(context.Context, string, webhook.Login) (time.Time, error) {
	return time.Time{}, webhook.ErrUnavailable
}

func (noCluster) Advance(context.Context, string, *webhook.StoredLogin, refresh.State) error {
	return webhook.ErrUnavailable
}

func (noCluster) End(context.Context, string, string, string) error { return webhook.ErrUnavailable }

func (noCluster) EndAll(context.Context, string, *directory.User, string, string) error {
	return webhook.ErrUnavailable
}

func (noCluster) Get(context.Context, string, string) (*webhook.StoredLogin, error) {
	return nil, webhook.ErrUnavailable
}

func (noCluster) List(context.Context, string, string) ([]webhook.StoredLogin, error) {
	return nil, webhook.ErrUnavailable
}

func (noCluster) Hash(context.Context, string, string) (string, error) {
	return "", webhook.ErrUnavailable
}

func (noCluster) Admit(context.Context, string, *directory.User, string) error {
	return webhook.ErrUnavailable
}
