package main

import (
	"context"
	"crypto/tls"
	"log/slog"

	"github.com/latchkey-auth/latchkey/webhook/extauthz"
)

// serveUntil serves a listener until its context ends, and then for drainGrace at most.
type serveUntil func(context.Context) error

// listenGRPC opens the listener for Envoy's checks, unless it is turned off. It has the public
// listener's certificate and tells the readiness that /readyz tells.
func listenGRPC(o *options, s *service, certificate *tls.Config, ready func() error, log *slog.Logger) (serveUntil, error) {
	if o.grpcListen == "" {
		return func(context.Context) error { return nil }, nil
	}
	l, err := extauthz.Listen(extauthz.Config{
		Address: o.grpcListen, Connections: o.maxConnections, TLS: certificate, Asker: s.Service, Ready: ready, Log: log,
	})
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) error { return l.Serve(ctx, drainGrace) }, nil
}
