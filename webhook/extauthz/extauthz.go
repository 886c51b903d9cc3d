// Package extauthz answers Envoy's checks over gRPC: envoy.service.auth.v3.Authorization,
// which Istio, Envoy Gateway and the Gateway API's ExternalAuth speak, too. It reads a
// message as strictly as package proxy reads headers, asks what a check over HTTP asks
// (webhook.Service.Ask), and says the answer in Envoy's words. It decides nothing itself.
//
//	extauthz.go  a check, from message to message
//	codec.go     a message, whatever its bytes
//	read.go      the question in a CheckRequest
//	answer.go    the answer as a CheckResponse
//	listener.go  the gRPC server: limits, TLS, drain
//	health.go    the standard health service
//
// Whatever can be answered is answered with a message, never with a gRPC error: Envoy's
// failure_mode_allow lets through what was not answered, and a client chooses much of what
// a message holds.
package extauthz

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/peer"

	"github.com/latchkey-auth/latchkey/webhook"
)

// asker answers the question of a check as it would over HTTP; *webhook.Service is one.
type asker interface {
	Ask(w http.ResponseWriter, r *http.Request, q webhook.Question)
}

// checker is the Authorization service.
type checker struct {
	asker asker
	log   *slog.Logger
}

// description is the Authorization service with a handler of its own: see codec.
func description() *grpc.ServiceDesc {
	return &grpc.ServiceDesc{
		ServiceName: authv3.Authorization_ServiceDesc.ServiceName,
		HandlerType: (*any)(nil),
		Methods:     []grpc.MethodDesc{{MethodName: "Check", Handler: handle}},
	}
}

// handle reads a message and answers it. Its error is that of a connection which is gone.
func handle(service any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (out any, err error) {
	c := service.(*checker) // RegisterService was given one
	defer func() {
		if panicked := recover(); panicked != nil {
			c.log.Info("request failed", "listener", listenerName, "error", fmt.Errorf("panic: %v", panicked))
			out, err = failed(), nil
		}
	}()
	m := &message{}
	if err := decode(m); err != nil {
		return nil, err
	}
	return c.answer(ctx, m), nil
}

// answer asks what a message asks.
func (c *checker) answer(ctx context.Context, m *message) *authv3.CheckResponse {
	header := make(http.Header, 5)
	q := webhook.Question{Endpoint: "grpc", Problem: m.problem}
	if m.problem == nil {
		q = read(&m.request, header)
	}
	w := recorder{header: make(http.Header, 8)}
	c.asker.Ask(&w, request(ctx, header), q)
	return w.response()
}

// request is what Ask reads of a request.
func request(ctx context.Context, header http.Header) *http.Request {
	r := &http.Request{Header: header}
	if p, found := peer.FromContext(ctx); found && p.Addr != nil {
		r.RemoteAddr = p.Addr.String()
	}
	return r.WithContext(ctx)
}
