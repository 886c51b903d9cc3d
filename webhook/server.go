package webhook

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/net/netutil"
)

// How long a request may wait for the API server.
const (
	storeTimeout = 4 * time.Second
	loginTimeout = 8 * time.Second // admits a login 5 s after its password changed
)

// NewServer returns an HTTP server with the limits that every listener has.
func NewServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:                      h,
		ReadHeaderTimeout:            5 * time.Second,
		ReadTimeout:                  10 * time.Second,
		WriteTimeout:                 15 * time.Second,
		IdleTimeout:                  60 * time.Second,
		MaxHeaderBytes:               32 << 10,
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

// Listener is an address that is being served.
type Listener struct {
	Name   string
	Server *http.Server
	net    net.Listener
}

// Listen opens a listener that serves at most connections at a time; what comes beyond
// waits in the kernel's queue.
func Listen(name, address string, connections int, server *http.Server, log *slog.Logger) (*Listener, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen for the %s listener: %w", name, err)
	}
	log.Info("listening", "listener", name, "address", l.Addr().String())
	return &Listener{Name: name, Server: server, net: netutil.LimitListener(l, connections)}, nil
}

// Serve serves until ctx ends, then stops accepting, answers what was begun within
// grace, and returns. It serves TLS if the server has a TLSConfig.
func (l *Listener) Serve(ctx context.Context, grace time.Duration) error {
	failed := make(chan error, 1)
	go func() {
		if l.Server.TLSConfig != nil {
			failed <- l.Server.ServeTLS(l.net, "", "")
			return
		}
		failed <- l.Server.Serve(l.net)
	}()
	select {
	case err := <-failed:
		return fmt.Errorf("serve the %s listener: %w", l.Name, err)
	case <-ctx.Done():
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	if err := l.Server.Shutdown(last); err != nil {
		return errors.Join(fmt.Errorf("drain the %s listener: %w", l.Name, err), l.Server.Close())
	}
	return nil
}

// Operations returns the handler of the operations listener: health, metrics, profiles.
// ready says why not to send requests here, or nil.
func Operations(gatherer prometheus.Gatherer, ready func() error) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answerText(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if err := ready(); err != nil {
			answerText(w, http.StatusServiceUnavailable, err.Error())
			return
		}
		answerText(w, http.StatusOK, "ok")
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(gatherer, promhttp.HandlerOpts{}))
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return mux
}

func answerText(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = fmt.Fprintln(w, text)
}
