package webhook_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gbytes"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

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

	It("runs no more of a client's requests at a time than HTTP/2 lets it open, however fast it resets them (H08)", func() {
		certified := httptest.NewUnstartedServer(nil)
		certified.StartTLS()
		DeferCleanup(certified.Close)
		var running atomic.Int64 // until release, all that ever ran
		release := make(chan struct{})
		address, _, _ := start(func(http.ResponseWriter, *http.Request) {
			running.Add(1)
			<-release
			running.Add(-1)
		}, &tls.Config{Certificates: certified.TLS.Certificates, MinVersion: tls.VersionTLS12}, time.Second)
		roots := certified.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
		conn, err := tls.Dial("tcp", address, &tls.Config{RootCAs: roots, ServerName: "example.com", NextProtos: []string{"h2"}, MinVersion: tls.VersionTLS12})
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(conn.Close)
		Expect(conn.ConnectionState().NegotiatedProtocol).To(Equal("h2"))

		_, err = io.WriteString(conn, http2.ClientPreface)
		Expect(err).NotTo(HaveOccurred())
		framer := http2.NewFramer(conn, conn)
		Expect(framer.WriteSettings()).To(Succeed())
		var block bytes.Buffer
		encoder := hpack.NewEncoder(&block)
		encoder.SetMaxDynamicTableSize(0)
		for _, field := range [][2]string{{":method", "GET"}, {":scheme", "https"}, {":authority", "x"}, {":path", "/"}} {
			Expect(encoder.WriteField(hpack.HeaderField{Name: field[0], Value: field[1]})).To(Succeed())
		}
		go func() {
			for frames := http2.NewFramer(io.Discard, conn); ; { // what the server says, so that it never waits for us
				if _, err := frames.ReadFrame(); err != nil {
					return
				}
			}
		}()
		for stream := uint32(1); stream < 20_000 && err == nil; stream += 2 {
			err = framer.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: block.Bytes(), EndStream: true, EndHeaders: true})
			if err == nil {
				err = framer.WriteRSTStream(stream, http2.ErrCodeCancel)
			}
		}
		// Whether or not the server has hung up by now, it never does more than it allows.
		Eventually(running.Load).Should(BeNumerically(">", 0))
		Expect(running.Load()).To(BeNumerically("<=", 250))
		close(release)
		Eventually(running.Load).Should(BeZero())
	})
})
