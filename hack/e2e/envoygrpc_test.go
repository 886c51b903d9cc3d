package e2e_test

import (
	"context"
	"maps"
	"net/http"
	"slices"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/latchkey-auth/latchkey/hack/app"
	"github.com/latchkey-auth/latchkey/hack/e2e/conformance"
	"github.com/latchkey-auth/latchkey/hack/e2e/matrix"
)

// asksByGRPC is the way of an Envoy that asks over gRPC.
func asksByGRPC() way {
	return way{
		text: "A request as Envoy asks about it over gRPC", column: matrix.EnvoyGRPC, label: matrix.StandsIn,
		send: func(ctx context.Context, c conformance.Case, token string) (*http.Response, string, map[string][]string) {
			GinkgoHelper()
			message, refused := c.AskedByEnvoyGRPC(token)
			if refused != 0 {
				return &http.Response{StatusCode: refused}, "", nil
			}
			conn, err := grpc.NewClient(latchkey.GRPC, grpc.WithTransportCredentials(insecure.NewCredentials()))
			Expect(err).NotTo(HaveOccurred())
			defer conn.Close()
			answer, err := authv3.NewAuthorizationClient(conn).Check(ctx, message)
			Expect(err).NotTo(HaveOccurred())
			if answer.GetStatus().GetCode() == 0 {
				ok := answer.GetOkResponse()
				return &http.Response{StatusCode: http.StatusOK, Header: headersOf(ok.GetResponseHeadersToAdd())}, "", seenBehindEnvoy(c, ok)
			}
			denied := answer.GetDeniedResponse()
			return &http.Response{StatusCode: int(denied.GetStatus().GetCode()), Header: headersOf(denied.GetHeaders())}, denied.GetBody(), nil
		},
	}
}

// seenBehindEnvoy is what the app sees by an OkHttpResponse: each identity header is set or taken away,
// or the client's own would be seen.
func seenBehindEnvoy(c conformance.Case, ok *authv3.OkHttpResponse) map[string][]string {
	seen := map[string][]string{app.Target: {c.Target}, app.Authorization: {"stripped by the proxy"}}
	for _, header := range identityHeaders() {
		if slices.ContainsFunc(ok.GetHeadersToRemove(), func(name string) bool { return http.CanonicalHeaderKey(name) == header }) {
			seen[header] = []string{""}
		}
	}
	maps.Copy(seen, headersOf(ok.GetHeaders()))
	return seen
}

func headersOf(options []*corev3.HeaderValueOption) http.Header {
	header := http.Header{}
	for _, option := range options {
		header.Add(option.GetHeader().GetKey(), option.GetHeader().GetValue()+string(option.GetHeader().GetRawValue()))
	}
	return header
}

// Envoy sends a check without the request's body, as long as nobody sets with_request_body, and
// passes the app's answer on with what an allow adds to it.
var _ = Describe("An allow to Envoy", func() {
	for _, w := range ways() {
		if w.real || w.column != matrix.EnvoyHTTP && w.column != matrix.EnvoyGRPC {
			continue
		}
		It("needs no body, and adds nothing to the app's answer: "+string(w.column), w.label(w.column, matrix.LargeBody), w.label(w.column, matrix.SetCookie), func(ctx SpecContext) {
			editor := logIn(ctx, samples.Logins["editor"]).Access

			response, body, seen := w.send(ctx, conformance.Case{Method: http.MethodPost, Target: "/reports/up"}, editor)

			Expect(response.StatusCode).To(Equal(http.StatusOK))
			Expect(body).To(BeEmpty())
			Expect(seen["X-Auth-Request-User"]).To(Equal([]string{samples.Logins["editor"].User}))
			for name := range response.Header {
				Expect(name).To(BeElementOf(append(identityHeaders(), "Cache-Control", "Content-Length", "Date", "Connection")))
			}
		})
	}
})
