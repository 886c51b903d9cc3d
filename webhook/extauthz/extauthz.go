// Package extauthz answers Envoy's checks over gRPC: envoy.service.auth.v3.Authorization,
// which Istio, Envoy Gateway and the Gateway API's ExternalAuth speak, too. It reads a
// message as strictly as package proxy reads headers, asks what a check over HTTP asks
// (webhook.Service.Ask), and says the answer in Envoy's words. It decides nothing itself.
//
//	extauthz.go  a check, from message to message
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
	"github.com/latchkey-auth/latchkey/webhook/proxy"
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

// Check answers one check. The error is always nil.
func (c *checker) Check(ctx context.Context, in *authv3.CheckRequest) (*authv3.CheckResponse, error) {
	return c.answer(ctx, in, nil), nil
}

// answer answers a message, or the lack of one: unread is why there is none.
func (c *checker) answer(ctx context.Context, in *authv3.CheckRequest, unread error) (out *authv3.CheckResponse) {
	defer func() {
		if panicked := recover(); panicked != nil {
			c.log.Info("request failed", "listener", listenerName, "error", fmt.Errorf("panic: %v", panicked))
			out = failed()
		}
	}()
	header := make(http.Header, 5)
	q := webhook.Question{Endpoint: "grpc", Problem: errUnparsed}
	if unread == nil {
		q = read(in, header)
	}
	w := recorder{header: make(http.Header, 8)}
	c.asker.Ask(&w, request(ctx, header), q)
	return w.response()
}

// errUnparsed is the Problem of a message that Protobuf can't parse. A client can bring one
// about by bytes in a path that are no UTF-8.
var errUnparsed = &proxy.Unreadable{
	Reason: proxy.ReasonMessageMalformed,
	Hint:   "the message is not a CheckRequest: a client sent bytes that are no UTF-8 (set encode_raw_headers and normalize_path), or this isn't Envoy",
}

// request is what Ask reads of a request.
func request(ctx context.Context, header http.Header) *http.Request {
	r := &http.Request{Header: header}
	if p, found := peer.FromContext(ctx); found && p.Addr != nil {
		r.RemoteAddr = p.Addr.String()
	}
	return r.WithContext(ctx)
}

// description is the Authorization service as generated code has it, but for its handler: a
// message that can't be parsed is answered, too.
func description() *grpc.ServiceDesc {
	d := authv3.Authorization_ServiceDesc
	d.Methods = []grpc.MethodDesc{{MethodName: "Check", Handler: func(service any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
		c := service.(*checker) //nolint:forcetypeassert // RegisterService has checked it
		in := &authv3.CheckRequest{}
		return c.answer(ctx, in, decode(in)), nil
	}}}
	return &d
}
