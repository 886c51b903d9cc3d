package e2e_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"net/http"
	"strings"

	"github.com/coder/websocket"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/latchkey-auth/latchkey/hack/app"
	"github.com/latchkey-auth/latchkey/hack/e2e/matrix"
	"github.com/latchkey-auth/latchkey/hack/proxy"
)

var _ = Describe("Behind a real proxy", func() {
	for _, kind := range proxy.Kinds() {
		Describe(string(kind), func() {
			var p *proxy.Proxy
			BeforeEach(func() { p = behind(kind) })

			It("leaves a large body, the query and the app's cookies alone", matrix.Shows(matrix.Column(kind), matrix.LargeBody), matrix.Shows(matrix.Column(kind), matrix.SetCookie), func(ctx SpecContext) {
				body := bytes.Repeat([]byte("0123456789abcdef"), 8<<20/16)
				editor := logIn(ctx, samples.Logins["editor"])

				response, seen := ask(ctx, p, http.MethodPost, "/reports/up?x=1&x=%2F..%2F&y", editor.Access, bytes.NewReader(body))

				Expect(response.StatusCode).To(Equal(http.StatusOK))
				Expect(seen[app.Body]).To(Equal([]string{fmt.Sprintf("%d bytes, SHA-256 %x", len(body), sha256.Sum256(body))}))
				Expect(seen[app.Target]).To(Equal([]string{"/reports/up?x=1&x=%2F..%2F&y"}))
				Expect(seen[app.Method]).To(Equal([]string{http.MethodPost}))
				Expect(response.Header.Values("Set-Cookie")).To(ConsistOf(HavePrefix(app.VisitCookie + "=")))
			})

			It("passes a WebSocket to whom its GET would pass", matrix.Shows(matrix.Column(kind), matrix.WebSocket), func(ctx SpecContext) {
				viewer := logIn(ctx, samples.Logins["viewer"])
				dial := func(target, token string) (*websocket.Conn, *http.Response, error) {
					return websocket.Dial(ctx, "ws://"+p.Address+target, &websocket.DialOptions{HTTPHeader: http.Header{"Authorization": {"Bearer " + token}}})
				}
				for target, want := range map[string]int{"/admin/live": http.StatusForbidden, "/reports//live": http.StatusForbidden} {
					_, response, err := dial(target, viewer.Access)
					Expect(err).To(HaveOccurred())
					Expect(response.StatusCode).To(Equal(want))
				}
				_, response, err := dial("/reports/live", "e30.e30.e30")
				Expect(err).To(HaveOccurred())
				Expect(response.StatusCode).To(Equal(http.StatusUnauthorized))

				socket, _, err := dial("/reports/live?x=1", viewer.Access)
				Expect(err).NotTo(HaveOccurred())
				defer socket.CloseNow()
				_, first, err := socket.Read(ctx)
				Expect(err).NotTo(HaveOccurred())
				seen := app.Parse(string(first))
				Expect(seen["X-Auth-Request-User"]).To(Equal([]string{samples.Logins["viewer"].User}))
				Expect(seen[app.Target]).To(Equal([]string{"/reports/live?x=1"}))
				Expect(seen[app.Authorization]).To(Equal([]string{"stripped by the proxy"}))
				Expect(socket.Write(ctx, websocket.MessageText, []byte("ping"))).To(Succeed())
				_, back, err := socket.Read(ctx)
				Expect(err).NotTo(HaveOccurred())
				Expect(string(back)).To(Equal("ping"))
			})

			It("keeps the body of a refused request from the app", func(ctx SpecContext) {
				viewer := logIn(ctx, samples.Logins["viewer"])

				response, seen := ask(ctx, p, http.MethodPost, "/reports/up", viewer.Access, strings.NewReader("x"))

				Expect(response.StatusCode).To(Equal(http.StatusForbidden))
				Expect(seen).NotTo(HaveKey(app.Body))
			})

			It("asks for a role where the check names one", func(ctx SpecContext) {
				if kind == proxy.EnvoyHTTP {
					Skip("Envoy has no URL for a role over HTTP")
				}
				forAdmins, err := startProxy(ctx, kind, "/check/role/admin")
				Expect(err).NotTo(HaveOccurred())
				forBoth, err := startProxy(ctx, kind, "/check/role/editor,viewer")
				Expect(err).NotTo(HaveOccurred())
				viewer, admin := logIn(ctx, samples.Logins["viewer"]), logIn(ctx, samples.Logins["admin"])
				const target = "/anything/..%2fat//all?role=admin&Role=x"

				for token, want := range map[string]int{"": 401, viewer.Access: 403, admin.Access: 200} {
					Expect(status(ctx, forAdmins, target, token)()).To(Equal(want))
				}
				for token, want := range map[string]int{"": 401, viewer.Access: 200} {
					Expect(status(ctx, forBoth, target, token)()).To(Equal(want))
				}
				_, seen := ask(ctx, forAdmins, http.MethodDelete, target, admin.Access, nil)
				Expect(seen["X-Auth-Request-User"]).To(Equal([]string{samples.Logins["admin"].User}))
			})

			It("J19 refuses 500 unknown keys without forgetting the right one", func(ctx SpecContext) {
				viewer := logIn(ctx, samples.Logins["viewer"])
				for i := range 500 {
					header := base64url(fmt.Sprintf(`{"alg":"ES256","kid":"k%d","typ":"at+jwt"}`, i))
					Expect(status(ctx, p, "/reports/q3", header+"."+base64url(`{"sub":"x"}`)+"."+strings.Repeat("A", 86))()).To(Equal(401))
				}
				Expect(status(ctx, p, "/reports/q3", viewer.Access)()).To(Equal(200))
			})
		})
	}
})
