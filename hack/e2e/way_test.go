package e2e_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/latchkey-auth/latchkey/hack/app"
	"github.com/latchkey-auth/latchkey/hack/e2e/conformance"
	"github.com/latchkey-auth/latchkey/hack/e2e/matrix"
	"github.com/latchkey-auth/latchkey/hack/proxy"
)

// way is how a request reaches the app: through a real proxy or, where few machines have one, in a
// check as that proxy would ask it.
type way struct {
	text   string // of the specs that go it
	column matrix.Column
	label  func(matrix.Column, matrix.Story) Labels
	real   bool
	// send sends c with the caller's token, and returns the answer and what the app sees, nothing of
	// a request that didn't pass.
	send func(ctx context.Context, c conformance.Case, token string) (*http.Response, string, map[string][]string)
}

// ways are all ways, real ones first.
func ways() []way {
	var all []way
	for _, kind := range proxy.Kinds() {
		all = append(all, way{
			text: "A request through a real " + string(kind), column: matrix.Column(kind), label: matrix.Shows, real: true,
			send: func(ctx context.Context, c conformance.Case, token string) (*http.Response, string, map[string][]string) {
				GinkgoHelper()
				response, body, err := conformance.Send(ctx, behind(kind).Address, c.Bytes(token))
				Expect(err).NotTo(HaveOccurred())
				for _, header := range identityHeaders() {
					Expect(response.Header).NotTo(HaveKey(header), "identity is for the app, not for the client")
				}
				return response, body, app.Parse(body)
			},
		})
	}
	return append(all,
		asks("A request as Traefik asks about it", matrix.Traefik, conformance.Case.AskedByTraefik),
		asks("A request as Envoy asks about it over HTTP", matrix.EnvoyHTTP, conformance.Case.AskedByEnvoy),
		asksByGRPC(),
	)
}

// asks is the way of a proxy that asks as asked says.
func asks(text string, column matrix.Column, asked func(c conformance.Case, token string) (request []byte, status int)) way {
	send := func(ctx context.Context, c conformance.Case, token string) (*http.Response, string, map[string][]string) {
		GinkgoHelper()
		request, refused := asked(c, token)
		if refused != 0 {
			return &http.Response{StatusCode: refused}, "", nil
		}
		response, body, err := conformance.Send(ctx, latchkey.Public, request)
		Expect(err).NotTo(HaveOccurred())
		if response.StatusCode != http.StatusOK {
			return response, body, nil
		}
		// Such a proxy takes the client's headers of these names away and sets those of the answer.
		seen := map[string][]string{app.Target: {c.Target}, app.Authorization: {"stripped by the proxy"}}
		for _, header := range identityHeaders() {
			seen[header] = response.Header.Values(header)
		}
		return response, body, seen
	}
	return way{text: text, column: column, label: matrix.StandsIn, send: send}
}

// standIns are the tests that stand in where a story can't be told by asking Latchkey.
func standIns() matrix.StandIns {
	const configured = "TestTraefikIsConfiguredToLeaveRequestsAlone"
	return matrix.StandIns{
		matrix.Traefik: {matrix.LargeBody: configured, matrix.SetCookie: configured},
	}
}

var _ = ReportAfterSuite("The matrix of stories behind proxies", func(report Report) {
	if !report.SuiteHasProgrammaticFocus && len(report.SuiteConfig.FocusStrings) == 0 && report.SuiteConfig.LabelFilter == "" {
		cells := matrix.Cells(report.SpecReports, standIns())
		table := matrix.Markdown(cells)
		GinkgoWriter.Print(table)
		folder := filepath.Join("..", "..", "bin")
		Expect(os.MkdirAll(folder, 0o755)).To(Succeed())
		Expect(os.WriteFile(filepath.Join(folder, "e2e.md"), []byte(table), 0o600)).To(Succeed())
		missing, err := standIns().Missing(filepath.Join("..", ".."))
		Expect(err).NotTo(HaveOccurred())
		Expect(missing).To(BeEmpty(), "stand-ins that no test is called")
		if os.Getenv("REQUIRE_PROXIES") == "1" {
			Expect(strings.Join(matrix.Problems(cells), "\n")).To(BeEmpty())
		}
	}
})
