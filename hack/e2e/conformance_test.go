package e2e_test

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/latchkey-auth/latchkey/hack/app"
	"github.com/latchkey-auth/latchkey/hack/e2e/conformance"
	"github.com/latchkey-auth/latchkey/hack/proxy"
	"github.com/latchkey-auth/latchkey/hack/stack"
)

// identityHeaders are those that tell apps who calls.
func identityHeaders() []string {
	return []string{"X-Auth-Request-User", "X-Auth-Request-Uid", "X-Auth-Request-Email", "X-Auth-Request-Groups"}
}

var _ = func() bool {
	cases := conformance.Cases()
	for _, w := range ways() {
		Describe(w.text, Ordered, ContinueOnFailure, func() {
			var tokens map[conformance.Caller]stack.Tokens
			BeforeAll(func(ctx context.Context) { tokens = callers(ctx) })
			for _, name := range slices.Sorted(maps.Keys(cases)) {
				c := cases[name]
				labels := Label()
				if c.Story != "" {
					labels = w.label(w.column, c.Story)
				}
				It(name, labels, func(ctx SpecContext) {
					response, body, seen := w.send(ctx, c, tokens[c.As].Access)

					want := Equal(c.Status(string(w.column)))
					if w.real && proxy.Kind(w.column).Envoy() && c.Status(string(w.column)) >= http.StatusBadRequest {
						// What Envoy refuses by itself differs by release; that it is refused is what counts.
						want = Or(want, Equal(http.StatusBadRequest))
					}
					Expect(response.StatusCode).To(want, "%s\n%s", response.Header, body)
					if response.StatusCode != http.StatusOK {
						Expect(seen).NotTo(HaveKey(app.Target), "the app answered a request that was refused")
						return
					}
					if c.Method == http.MethodHead {
						return // the app's answer has no body to look into
					}
					Expect(seen).NotTo(HaveKey(app.Upgrade), "no case here upgrades to a WebSocket")
					expectIdentity(seen, c, tokens)
				})
			}
		})
	}
	return true
}()

// expectIdentity checks that the app saw the caller's identity, or none.
func expectIdentity(seen map[string][]string, c conformance.Case, tokens map[conformance.Caller]stack.Tokens) {
	GinkgoHelper()
	Expect(seen[app.Authorization]).To(Equal([]string{"stripped by the proxy"}))
	if !c.Identity {
		for _, header := range identityHeaders() {
			Expect(seen[header]).To(Equal([]string{""}), header+" of nobody")
		}
		return
	}
	Expect(seen["X-Auth-Request-User"]).To(Equal([]string{userOf(c.As)}))
	Expect(seen["X-Auth-Request-Uid"]).To(Equal([]string{claims(tokens[c.As].Access).Subject}))
	Expect(seen["X-Auth-Request-Groups"]).To(HaveLen(1))
	Expect(strings.Split(seen["X-Auth-Request-Groups"][0], ",")).To(ContainElement(string(c.As)))
}

func userOf(caller conformance.Caller) string {
	if caller == conformance.Tenant {
		return tenant.User
	}
	return samples.Logins[string(caller)].User
}
