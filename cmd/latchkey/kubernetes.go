package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/cache"

	"github.com/latchkey-auth/latchkey/controllers/feed"
	"github.com/latchkey-auth/latchkey/controllers/servertime"
	"github.com/latchkey-auth/latchkey/webhook"
	"github.com/latchkey-auth/latchkey/webhook/directory"
	"github.com/latchkey-auth/latchkey/webhook/kubernetes"
)

// kubernetesConnections bounds the listener of what the API server asks: a few API servers with some
// connections each.
const kubernetesConnections = 1024

// known is what is known of the cluster, and whether it is all there.
type known struct {
	directory *directory.Directory
	feed      *feed.Feed
}

// asked is what the API server asks, with what keeps it up to date.
type asked struct {
	known
	own         bool        // whether nobody else runs the feed
	objects     cache.Cache // what admission judges by
	cacheFull   atomic.Bool
	certificate *certificate
	listener    *webhook.Listener
}

// newAsked opens the listener for the API server. A process that has a service, too, shares what that knows;
// else there is a feed of its own, without the means to verify a token: this process may not read them.
func newAsked(o *options, config *rest.Config, s *service, now *servertime.Clock, log *slog.Logger, registry prometheus.Registerer) (*asked, error) {
	a := &asked{certificate: &certificate{certFile: o.kubernetes.tlsCert, keyFile: o.kubernetes.tlsKey, log: log}}
	if s != nil {
		a.known = s.known
	} else {
		var err error
		if a.known, err = knowWithoutTokens(o, config, log, registry); err != nil {
			return nil, err
		}
		a.own = true
	}
	questions := kubernetes.Config{Ready: a.ready, Log: log, Registerer: registry, Now: now.Now}
	if err := a.answers(&questions, o, config, s); err != nil {
		return nil, err
	}
	handler, err := kubernetes.New(questions)
	if err != nil {
		return nil, err
	}
	server := webhook.NewServer(handler, log)
	if server.TLSConfig, err = a.tls(o.kubernetes.clientCA); err != nil {
		return nil, err
	}
	a.listener, err = webhook.Listen("kubernetes", o.kubernetes.listen, kubernetesConnections, server, log)
	return a, err
}

// knowWithoutTokens makes a directory of who exists and what each may do, and the feed that fills it.
func knowWithoutTokens(o *options, config *rest.Config, log *slog.Logger, registry prometheus.Registerer) (known, error) {
	config, connection, _, err := connect(config)
	if err != nil {
		return known{}, err
	}
	d := directory.New()
	f, err := feed.New(feed.Config{
		REST: config, HTTP: connection, Directory: d, WithoutTokens: true,
		ExternalURL: o.externalURL, DefaultRealm: o.defaultRealm, Logger: log, Registerer: registry,
	})
	return known{d, f}, err
}

// tls lets nobody in before there is something to answer with, so that a handshake says as much as
// readiness does.
func (a *asked) tls(clientCA string) (*tls.Config, error) {
	config := &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			if err := a.ready(); err != nil {
				return nil, err
			}
			return a.certificate.get(hello)
		},
	}
	if clientCA == "" {
		return config, nil
	}
	authorities, err := os.ReadFile(clientCA) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, fmt.Errorf("read --kubernetes-client-ca-file: %w", err)
	}
	config.ClientCAs, config.ClientAuth = x509.NewCertPool(), tls.RequireAndVerifyClientCert
	if !config.ClientCAs.AppendCertsFromPEM(authorities) {
		return nil, fmt.Errorf("read --kubernetes-client-ca-file: there is no certificate in %s", clientCA)
	}
	return config, nil
}

// ready says why nothing can be answered, or nil.
func (a *asked) ready() error {
	if !a.feed.Synced() {
		return fmt.Errorf("waiting for %v", a.feed.Waiting())
	}
	if !a.cacheFull.Load() {
		return errors.New("waiting for the Roles and Realms that admission judges by")
	}
	return a.certificate.ready()
}

// follow keeps what is known up to date until ctx ends.
func (a *asked) follow(ctx context.Context) error {
	all, ctx := errgroup.WithContext(ctx)
	all.Go(func() error { return a.certificate.follow(ctx) })
	all.Go(func() error { return a.cached(ctx) })
	if a.own {
		all.Go(func() error { return a.feed.Run(ctx) })
	}
	return all.Wait()
}

// serve answers until ctx ends, and then what was begun.
func (a *asked) serve(ctx context.Context) error { return a.listener.Serve(ctx, drainGrace) }
