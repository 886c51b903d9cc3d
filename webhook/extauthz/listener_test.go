package extauthz_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/latchkey-auth/latchkey/webhook/extauthz"
)

func TestWhatEnvoyTakesByDefaultIsAnsweredHoweverLarge(t *testing.T) {
	client := newWorld(t).client(t)
	if a := check(t, client, asks("GET", app, "/public/"+strings.Repeat("a", 60<<10))); a.status != 403 { // 60 KiB of headers, the path twice
		t.Errorf("got %d, want 403", a.status)
	}
	if _, err := client.Check(context.Background(), asks("GET", app, "/public/"+strings.Repeat("a", 200<<10))); status.Code(err) != codes.ResourceExhausted {
		t.Errorf("got %v, want a bound somewhere", err)
	}
}

func TestHealthIsReadiness(t *testing.T) {
	var broken atomic.Bool
	conn := dial(t, serve(t, extauthz.Config{Asker: &asker{answer: refuse}, Ready: func() error {
		if broken.Load() {
			return errors.New("not now")
		}
		return nil
	}}))
	client := healthv1.NewHealthClient(conn)
	state := func(service string) healthv1.HealthCheckResponse_ServingStatus {
		t.Helper()
		out, err := client.Check(context.Background(), &healthv1.HealthCheckRequest{Service: service})
		if err != nil {
			t.Fatal(err)
		}
		return out.GetStatus()
	}
	watch, err := client.Watch(t.Context(), &healthv1.HealthCheckRequest{})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []healthv1.HealthCheckResponse_ServingStatus{healthv1.HealthCheckResponse_SERVING, healthv1.HealthCheckResponse_NOT_SERVING} {
		for _, service := range []string{"", "envoy.service.auth.v3.Authorization"} {
			if got := state(service); got != want {
				t.Errorf("%q is %s, want %s", service, got, want)
			}
		}
		if got, err := watch.Recv(); err != nil || got.GetStatus() != want {
			t.Errorf("watched %v, %v; want %s", got, err, want)
		}
		broken.Store(true)
	}
	if _, err := client.Check(context.Background(), &healthv1.HealthCheckRequest{Service: "x"}); status.Code(err) != codes.NotFound {
		t.Errorf("an unknown service: %v", err)
	}
}

func TestNothingElseIsServed(t *testing.T) {
	conn := dial(t, serve(t, extauthz.Config{Asker: &asker{answer: refuse}}))
	for _, method := range []string{"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", "/envoy.service.auth.v2.Authorization/Check", "/envoy.service.auth.v3.Authorization/Other"} {
		err := conn.Invoke(context.Background(), method, &authv3.CheckRequest{}, &authv3.CheckResponse{})
		if status.Code(err) != codes.Unimplemented {
			t.Errorf("%s: %v", method, err)
		}
	}
}

func TestTLS(t *testing.T) {
	certificate := httptest.NewUnstartedServer(nil)
	certificate.StartTLS()
	defer certificate.Close()
	address := serve(t, extauthz.Config{Asker: &asker{answer: refuse}, TLS: &tls.Config{Certificates: certificate.TLS.Certificates, MinVersion: tls.VersionTLS12}})
	roots := x509.NewCertPool()
	roots.AddCert(certificate.Certificate())

	secure := dial(t, address, grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{RootCAs: roots, ServerName: "example.com", MinVersion: tls.VersionTLS12})))
	if a := check(t, authv3.NewAuthorizationClient(secure), asks("GET", app, "/")); a.status != 403 {
		t.Errorf("got %d, want 403", a.status)
	}
	plain := dial(t, address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if _, err := authv3.NewAuthorizationClient(plain).Check(context.Background(), asks("GET", app, "/")); err == nil {
		t.Error("plain text is answered")
	}
}

func TestAListenerAnswersWhatWasBegunAndThenEnds(t *testing.T) {
	asked, answer := make(chan struct{}), make(chan struct{})
	a := &asker{answer: func(w http.ResponseWriter, _ *http.Request) {
		close(asked)
		<-answer
		w.WriteHeader(http.StatusOK)
	}}
	addresses := make(chan string, 1)
	l, err := extauthz.Listen(extauthz.Config{Address: "127.0.0.1:0", Connections: 4, Asker: a, Ready: func() error { return nil }, Log: slog.New(addressOf{slog.DiscardHandler, addresses})})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- l.Serve(ctx, time.Minute) }()
	conn := dial(t, <-addresses)
	watch, err := healthv1.NewHealthClient(conn).Watch(t.Context(), &healthv1.HealthCheckRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := watch.Recv(); err != nil || got.GetStatus() != healthv1.HealthCheckResponse_SERVING {
		t.Fatalf("watched %v, %v", got, err)
	}
	answered := make(chan error, 1)
	go func() {
		out, err := authv3.NewAuthorizationClient(conn).Check(context.Background(), asks("GET", app, "/"))
		if err == nil && out.GetStatus().GetCode() != 0 {
			err = errors.New("refused")
		}
		answered <- err
	}()
	<-asked

	stop()

	if got, err := watch.Recv(); err != nil || got.GetStatus() != healthv1.HealthCheckResponse_NOT_SERVING {
		t.Errorf("watched %v, %v while draining", got, err)
	}
	close(answer)
	if err := <-answered; err != nil {
		t.Errorf("what was begun: %v", err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
