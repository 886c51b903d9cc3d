package e2e_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/types"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/hack/app"
	"github.com/latchkey-auth/latchkey/hack/e2e/conformance"
	"github.com/latchkey-auth/latchkey/hack/e2e/matrix"
	"github.com/latchkey-auth/latchkey/hack/stack"
)

// aBrowserGoes is a request as a browser makes it that goes to a page.
func aBrowserGoes(target string, more ...conformance.Header) conformance.Case {
	return conformance.Case{Target: target, Headers: append([]conformance.Header{{Name: "Accept", Value: "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}}, more...)}
}

var _ = func() bool {
	for _, w := range ways() {
		Describe(w.text, func() {
			shows := func(story matrix.Story) Labels { return w.label(w.column, story) }
			status := func(ctx context.Context, c conformance.Case, token string) func() int {
				return func() int {
					response, _, _ := w.send(ctx, c, token)
					return response.StatusCode
				}
			}
			report := conformance.Case{Target: "/reports/q3"}

			It("tells nobody to log in, and whom to ask", shows(matrix.Unauthorized), func(ctx SpecContext) {
				response, _, _ := w.send(ctx, report, "")

				Expect(response.StatusCode).To(Equal(http.StatusUnauthorized))
				Expect(response.Header.Values("WWW-Authenticate")).To(ConsistOf(HavePrefix("Bearer realm=")))
				Expect(response.Header.Get("WWW-Authenticate")).NotTo(ContainSubstring("error="), "no credentials were sent (RFC 6750 section 3.1)")
			})

			It("says why a token is refused", shows(matrix.Unauthorized), func(ctx SpecContext) {
				response, _, _ := w.send(ctx, report, "e30.e30.e30")

				Expect(response.StatusCode).To(Equal(http.StatusUnauthorized))
				Expect(response.Header.Get("WWW-Authenticate")).To(ContainSubstring(`error="invalid_token"`))
			})

			It("goes by the roles that a user has now", shows(matrix.RoleChange), func(ctx SpecContext) {
				login := aUser(ctx, "rolf-behind-"+dns(w.text))
				token := logIn(ctx, login).Access
				Expect(status(ctx, report, token)()).To(Equal(http.StatusForbidden))

				user := &v1alpha1.User{ObjectMeta: metav1.ObjectMeta{Namespace: stack.Namespace, Name: login.User}}
				give := func(roles string) {
					Expect(env.Client.Patch(ctx, user, client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"roles":`+roles+`}}`)))).To(Succeed())
				}
				give(`["viewer"]`)
				promptly(Eventually(status(ctx, report, token))).Should(Equal(http.StatusOK))
				give(`[]`)
				promptly(Eventually(status(ctx, report, token))).Should(Equal(http.StatusForbidden))
			})

			It("refuses a token with the answer to its logout", shows(matrix.Logout), func(ctx SpecContext) {
				token := logIn(ctx, samples.Logins["viewer"]).Access
				Expect(status(ctx, report, token)()).To(Equal(http.StatusOK))

				Expect(stack.NewClient(latchkey.URL()).Logout(ctx, token)).To(Succeed())

				Expect(status(ctx, report, token)()).To(Equal(http.StatusUnauthorized))
			})

			It("K45 sends a browser to log in, and back to where it was, query included", shows(matrix.Redirect), func(ctx SpecContext) {
				const target = "/reports/q3?x=1&y=%2F&z=a+b&rd=https://evil.example/"

				response, _, seen := w.send(ctx, aBrowserGoes(target, conformance.Header{Name: "X-Forwarded-Proto", Value: "javascript"}), "")

				Expect(response.StatusCode).To(Equal(http.StatusFound))
				Expect(seen).NotTo(HaveKey(app.Target))
				login, err := url.Parse(response.Header.Get("Location"))
				Expect(err).NotTo(HaveOccurred())
				Expect(login.Scheme + "://" + login.Host + login.Path).To(Equal(latchkey.URL() + "/login"))
				Expect(login.Query()).To(Equal(url.Values{"rd": {"https://" + conformance.DefaultHost + target}}))
			})

			It("sends nobody to log in who is no browser that goes somewhere", shows(matrix.Redirect), func(ctx SpecContext) {
				form := aBrowserGoes("/reports/q3")
				form.Method = http.MethodPost
				script := conformance.Case{Target: "/reports/q3", Headers: []conformance.Header{{Name: "Accept", Value: "application/json"}, {Name: "X-Latchkey-Login", Value: "https://evil.example/"}}}
				for _, c := range []conformance.Case{form, script} {
					response, _, _ := w.send(ctx, c, "")

					Expect(response.StatusCode).To(Equal(http.StatusUnauthorized))
					Expect(response.Header.Get("Location")).To(BeEmpty())
				}
			})

			It("takes the cookie of the login page for whom it was given to", shows(matrix.Login), func(ctx SpecContext) {
				login := samples.Logins["viewer"]
				session := logInByPage(ctx, login)
				cookies := conformance.Header{Name: "Cookie", Value: "a=1; " + session + "; b=2"}

				_, _, seen := w.send(ctx, conformance.Case{Target: "/reports/q3", Headers: []conformance.Header{cookies}}, "")

				Expect(seen["X-Auth-Request-User"]).To(Equal([]string{login.User}))
				if w.real && w.column != matrix.Traefik { // Traefik can't take one cookie of several away
					Expect(seen[app.Cookies]).To(Equal([]string{"a, b"}), "the app has no use for a cookie by which it could act as the user")
				}
				twice := aBrowserGoes("/reports/q3", cookies, conformance.Header{Name: "Cookie", Value: session})
				Expect(status(ctx, twice, "")()).To(Equal(http.StatusFound), "two cookies of that name are none")
			})

			if w.real && w.column != matrix.Traefik { // it is the proxy that takes them off, and Traefik can't take one of several
				It("leaves the app none of Latchkey's cookies, whatever it has planted to hide one", shows(matrix.Login), func(ctx SpecContext) {
					session := logInByPage(ctx, samples.Logins["viewer"])
					for planted, left := range map[string]types.GomegaMatcher{
						"__Secure-latchkey-team-a=x":               Equal("a, b"), // as another realm's on the same domain
						"__Host-latchkeyx=1; __Secure-latchkey_=2": Or(BeEmpty(), Equal("a, b")),
						"__Secure-latchkey; __Host-latchkeyx=1":    Not(ContainSubstring("__Host-")),
					} {
						cookies := conformance.Header{Name: "Cookie", Value: "a=1; " + planted + "; " + session + "; b=2"}

						_, _, seen := w.send(ctx, conformance.Case{Target: "/reports/q3", Headers: []conformance.Header{cookies}}, "")

						Expect(seen["X-Auth-Request-User"]).To(Equal([]string{samples.Logins["viewer"].User}), planted)
						Expect(strings.Join(seen[app.Cookies], ", ")).To(left, planted)
					}
				})
			}

			It("doesn't send a browser to log in that has", shows(matrix.ForbiddenPage), func(ctx SpecContext) {
				token := logIn(ctx, samples.Logins["viewer"]).Access

				response, body, seen := w.send(ctx, aBrowserGoes("/admin"), token)

				Expect(response.StatusCode).To(Equal(http.StatusForbidden))
				if w.column != matrix.Nginx { // which keeps our page to itself
					Expect(response.Header.Get("Content-Type")).To(HavePrefix("text/html"))
					Expect(response.Header.Get("Content-Security-Policy")).To(HavePrefix("default-src 'none'"))
					Expect(body).To(ContainSubstring(samples.Logins["viewer"].User))
				}
				Expect(response.Header.Get("Location")).To(BeEmpty())
				Expect(seen).NotTo(HaveKey(app.Target))
			})
		})
	}
	return true
}()
