package webhook_test

import (
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gbytes"

	"github.com/latchkey-auth/latchkey/webhook"
)

var _ = Describe("A listener", func() {
	quiet := slog.New(slog.DiscardHandler)

	// start serves h and returns its address, a way to end it, and its end.
	start := func(h http.HandlerFunc, tlsConfig *tls.Config, grace time.Duration) (string, context.CancelFunc, <-chan error) {
		GinkgoHelper()
		server := webhook.NewServer(h, quiet)
		server.TLSConfig = tlsConfig
		listening := gbytes.NewBuffer()
		l, err := webhook.Listen("test", "127.0.0.1:0", 16, server, slog.New(slog.NewTextHandler(listening, nil)))
		Expect(err).NotTo(HaveOccurred())
		_, address, _ := strings.Cut(strings.TrimSpace(string(listening.Contents())), "address=")
		ctx, stop := context.WithCancel(context.Background())
		DeferCleanup(stop)
		ended := make(chan error, 1)
		go func() { ended <- l.Serve(ctx, grace) }()
		return address, stop, ended
	}

	It("answers what was begun before it ends", func() {
		begun, finish := make(chan struct{}), make(chan struct{})
		address, stop, ended := start(func(w http.ResponseWriter, _ *http.Request) {
			close(begun)
			<-finish
			_, _ = io.WriteString(w, "whole")
		}, nil, 10*time.Second)
		answered := make(chan answer, 1)
		go func() {
			defer GinkgoRecover()
			answered <- get("http://" + address)
		}()
		Eventually(begun).Should(BeClosed())

		stop()
		Consistently(ended).WithTimeout(100 * time.Millisecond).ShouldNot(Receive())
		close(finish)

		Eventually(answered).Should(Receive(HaveField("Body", "whole")))
		Eventually(ended).Should(Receive(BeNil()))
	})

	It("ends after its grace, and says what it broke off", func() {
		begun := make(chan struct{})
		release := make(chan struct{})
		DeferCleanup(func() { close(release) })
		address, stop, ended := start(func(http.ResponseWriter, *http.Request) {
			close(begun)
			<-release
		}, nil, time.Millisecond)
		go func() {
			req, _ := http.NewRequest(http.MethodGet, "http://"+address, nil)
			if res, err := http.DefaultTransport.RoundTrip(req); err == nil {
				_ = res.Body.Close()
			}
		}()
		Eventually(begun).Should(BeClosed())

		stop()

		Eventually(ended).Should(Receive(MatchError(ContainSubstring("drain"))))
	})

	It("serves TLS where it has a certificate", func() {
		certified := httptest.NewUnstartedServer(nil)
		certified.StartTLS()
		DeferCleanup(certified.Close)
		address, _, _ := start(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "safe") },
			&tls.Config{Certificates: certified.TLS.Certificates, MinVersion: tls.VersionTLS12}, time.Second)

		res, err := certified.Client().Get("https://" + address)

		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(res.Body.Close)
		Expect(io.ReadAll(res.Body)).To(BeEquivalentTo("safe"))
	})
})
