package kubernetes_test

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/latchkey-auth/latchkey/controllers/feed"
	"github.com/latchkey-auth/latchkey/hack/stack"
	"github.com/latchkey-auth/latchkey/webhook"
	"github.com/latchkey-auth/latchkey/webhook/directory"
	"github.com/latchkey-auth/latchkey/webhook/kubernetes/authorize"
	"github.com/latchkey-auth/latchkey/webhook/kubernetes/tokenreview"
)

// reviews is the listener that the API server asks. It opens before the API server starts,
// which has to know its address, and knows something once it follows that.
type reviews struct {
	address string
	handler atomic.Pointer[http.ServeMux]
}

// ServeHTTP answers with an error until there is something that answers.
func (r *reviews) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	if handler := r.handler.Load(); handler != nil {
		handler.ServeHTTP(w, request)
		return
	}
	w.WriteHeader(http.StatusServiceUnavailable)
}

func listen(id identity) *reviews {
	GinkgoHelper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	Expect(err).NotTo(HaveOccurred())
	r := &reviews{address: l.Addr().String()}
	server := webhook.NewServer(r, slog.New(slog.DiscardHandler))
	server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{id.certificate}, MinVersion: tls.VersionTLS12}
	go func() { _ = server.ServeTLS(l, "", "") }()
	DeferCleanup(server.Close)
	return r
}

// follow has it follow the API server of w and ask the Latchkey of w.
func (r *reviews) follow(w *world) {
	GinkgoHelper()
	log := slog.New(slog.NewJSONHandler(GinkgoWriter, nil))
	known := directory.New()
	f, err := feed.New(feed.Config{REST: w.env.Config, Directory: known, Logger: log, ExternalURL: w.url, DefaultRealm: stack.Namespace})
	Expect(err).NotTo(HaveOccurred())
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { _ = f.Run(ctx); close(ended) }()
	DeferCleanup(func() { cancel(); <-ended })
	Eventually(f.Synced).WithTimeout(patience).Should(BeTrue())

	transport, err := tokenreview.NewTransport(w.tls.authority)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(transport.CloseIdleConnections)
	service, err := tokenreview.NewProfile(w.url, transport)
	Expect(err).NotTo(HaveOccurred())
	registry := prometheus.NewRegistry()
	tokens, err := tokenreview.New(tokenreview.Config{Directory: known, Synced: f.Synced, Identifier: service, Log: log, Registerer: registry})
	Expect(err).NotTo(HaveOccurred())
	access, err := authorize.New(authorize.Config{
		Directory: known, Synced: f.Synced, Stale: f.Stale, Realms: []string{stack.Namespace, "team-a"}, DefaultRealm: stack.Namespace, Log: log, Registerer: registry,
	})
	Expect(err).NotTo(HaveOccurred())
	mux := http.NewServeMux()
	mux.Handle("/kubernetes/tokenreview", tokens)
	mux.Handle("/kubernetes/authorize", access)
	r.handler.Store(mux)
}
