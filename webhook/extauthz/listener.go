package extauthz

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"golang.org/x/net/netutil"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
)

// listenerName is what log lines call this listener.
const listenerName = "grpc"

// The limits of the listener.
const (
	// maxMessage, in bytes, is more than Envoy makes of the 60 KiB of headers that it takes by
	// default: the path stands in a message twice. Beyond it there is a gRPC error, which
	// failure_mode_allow would let through, so it mustn't be within a client's reach.
	maxMessage = 256 << 10
	// maxStreams is how many checks a connection may have under way.
	maxStreams = 1000
	// handshake is how long a connection may take until it can ask.
	handshake = 5 * time.Second
	// idle is when a connection that asks nothing is closed.
	idle = 15 * time.Minute
	// leastPing is how often a client may ask whether the connection lives.
	leastPing = 10 * time.Second
)

// Config is what a Listener is made of. Every field is required unless it says otherwise.
type Config struct {
	Address     string       // host:port to listen on
	Connections int          // served at a time; what comes beyond waits in the kernel's queue
	TLS         *tls.Config  // nil: plain text
	Asker       asker        // answers
	Ready       func() error // why not to send checks here, or nil: what the health service tells
	Log         *slog.Logger
}

// Listener is the address at which Envoy's checks over gRPC are answered.
type Listener struct {
	server *grpc.Server
	net    net.Listener
	health *health
	drain  context.CancelFunc
}

// Listen opens the listener.
func Listen(c Config) (*Listener, error) {
	l, err := net.Listen("tcp", c.Address)
	if err != nil {
		return nil, fmt.Errorf("listen for the %s listener: %w", listenerName, err)
	}
	c.Log.Info("listening", "listener", listenerName, "address", l.Addr().String())
	draining, drain := context.WithCancel(context.Background())
	h := &health{ready: c.Ready, draining: draining}
	return &Listener{server: newServer(c, h), net: netutil.LimitListener(l, c.Connections), health: h, drain: drain}, nil
}

// newServer makes the gRPC server. It has no reflection.
func newServer(c Config, h *health) *grpc.Server {
	options := []grpc.ServerOption{
		grpc.ForceServerCodecV2(newCodec()),
		grpc.MaxRecvMsgSize(maxMessage), grpc.MaxHeaderListSize(16 << 10), grpc.MaxConcurrentStreams(maxStreams),
		grpc.ConnectionTimeout(handshake),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: leastPing, PermitWithoutStream: true}),
		grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionIdle: idle, Time: time.Minute, Timeout: 10 * time.Second}),
		grpc.WaitForHandlers(true),
	}
	if c.TLS != nil {
		options = append(options, grpc.Creds(credentials.NewTLS(c.TLS)))
	}
	server := grpc.NewServer(options...)
	server.RegisterService(description(), &checker{asker: c.Asker, log: c.Log})
	healthv1.RegisterHealthServer(server, h)
	return server
}

// Serve serves until ctx ends, then stops accepting, answers what was begun within grace, and
// returns.
func (l *Listener) Serve(ctx context.Context, grace time.Duration) error {
	defer l.drain()
	failed := make(chan error, 1)
	go func() { failed <- l.server.Serve(l.net) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve the %s listener: %w", listenerName, err)
	case <-ctx.Done():
	}
	l.drain()
	drained := make(chan struct{})
	go func() {
		l.server.GracefulStop()
		close(drained)
	}()
	last := time.NewTimer(grace)
	defer last.Stop()
	select {
	case <-drained:
		return nil
	case <-last.C:
		l.server.Stop()
		return errors.New("drain the " + listenerName + " listener: checks were still under way")
	}
}
