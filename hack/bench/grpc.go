package main

import (
	"context"
	"log/slog"
	"net"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"

	"github.com/latchkey-auth/latchkey/hack/bench/figures"
	"github.com/latchkey-auth/latchkey/hack/stack"
	"github.com/latchkey-auth/latchkey/webhook/extauthz"
)

// grpc measures checks over gRPC beside a gRPC server that gives the same answer to everything.
// The load costs more than either server, so that calls per second would flatter: the ratio is of
// the time that the servers compute for a call.
func (b *benchmark) grpc(ctx context.Context, report *figures.Report) error {
	bare, err := b.startServer(roleGRPCBare)
	if err != nil {
		return err
	}
	defer bare.process.Stop()
	latchkey, err := b.startServer(roleGRPCServer)
	if err != nil {
		return err
	}
	defer latchkey.process.Stop()
	tokens, err := latchkey.mint(ctx, 1)
	if err != nil {
		return err
	}
	rounds, err := b.playRounds(ctx, job{Phases: []phase{
		{Name: "bare", Server: bare.addresses, Tokens: tokens},
		{Name: "latchkey", Server: latchkey.addresses, Tokens: tokens},
	}})
	if err != nil {
		return err
	}
	report.GRPC = &figures.Pair{Bare: answers(rounds, "bare"), Latchkey: beside(rounds, "latchkey")}
	a := report.GRPC.Latchkey
	a.RatioToBare, a.Range = figures.Measured(a.CPURatio.Median, 3), a.CPURatio
	return report.GRPC.Print(b.out, "gRPC, 1,000 rules")
}

// serveGRPC is the process of the real server, asked over gRPC.
func serveGRPC() error {
	service, realm, err := newService()
	if err != nil {
		return err
	}
	address, err := stack.FreeAddress()
	if err != nil {
		return err
	}
	listener, err := extauthz.Listen(extauthz.Config{
		Address: address, Connections: maxConnections, Asker: service, Ready: func() error { return nil }, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return err
	}
	return control(address, func() error { return listener.Serve(context.Background(), 0) }, service, realm)
}

// serveBareGRPC is the process of the bare gRPC server: grpc-go's, whose handler does nothing but
// return an allowing answer that was made before.
func serveBareGRPC() error {
	listener, err := net.Listen("tcp", loopback)
	if err != nil {
		return err
	}
	user := aUser(0)
	ok := &authv3.OkHttpResponse{}
	for _, header := range [][2]string{
		{"x-auth-request-user", user.Name}, {"x-auth-request-uid", user.UID}, {"x-auth-request-email", user.Value.Email},
		{"x-auth-request-groups", roleName(0) + "," + roleName(1) + "," + roleName(50)},
	} {
		ok.Headers = append(ok.Headers, &corev3.HeaderValueOption{
			Header:       &corev3.HeaderValue{Key: header[0], Value: header[1]},
			AppendAction: corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD,
		})
	}
	server := grpc.NewServer()
	authv3.RegisterAuthorizationServer(server, &bareAuthorization{answer: &authv3.CheckResponse{
		Status: &rpcstatus.Status{}, HttpResponse: &authv3.CheckResponse_OkResponse{OkResponse: ok},
	}})
	return control(listener.Addr().String(), func() error { return server.Serve(listener) }, nil, nil)
}

type bareAuthorization struct {
	authv3.UnimplementedAuthorizationServer

	answer *authv3.CheckResponse
}

func (b *bareAuthorization) Check(context.Context, *authv3.CheckRequest) (*authv3.CheckResponse, error) {
	return b.answer, nil
}
