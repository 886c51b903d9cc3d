package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/latchkey-auth/latchkey/hack/proxy"
	"github.com/latchkey-auth/latchkey/hack/stack"
)

// The story of somebody who tries Latchkey with plain kubectl and HTTP.
var _ = Describe("A whole life with kubectl and HTTP", Ordered, func() {
	var (
		p                     *proxy.Proxy
		admin, editor, viewer stack.Login
		viewerToken           string
	)
	refused := func(ctx context.Context, token string) {
		GinkgoHelper()
		promptly(Eventually(status(ctx, p, "/reports/q3", token))).Should(Equal(http.StatusUnauthorized))
	}
	accepted := func(ctx context.Context, token string) {
		GinkgoHelper()
		promptly(Eventually(status(ctx, p, "/reports/q3", token))).Should(Equal(http.StatusOK))
	}

	BeforeAll(func() {
		p = anyProxy()
		admin, editor, viewer = samples.Logins["admin"], samples.Logins["editor"], samples.Logins["viewer"]
	})

	It("lets the viewer see what a Role rule allows, and nothing else", func(ctx SpecContext) {
		viewerToken = logIn(ctx, viewer).Access
		Expect(status(ctx, p, "/reports/q3", viewerToken)()).To(Equal(http.StatusOK))
		Expect(status(ctx, p, "/admin", viewerToken)()).To(Equal(http.StatusForbidden))
		Expect(status(ctx, p, "/reports/q3", "")()).To(Equal(http.StatusUnauthorized))
	})

	It("refuses a wrong password with the sentence that everybody gets", func(ctx SpecContext) {
		code, wrong := refusal(ctx, stack.Login{User: viewer.User, Password: "wrong"})
		Expect(code).To(Equal(http.StatusUnauthorized))
		Expect(wrong).To(ContainSubstring("Invalid credentials"))
		_, unknown := refusal(ctx, stack.Login{User: "nosuchuser", Password: "wrong"})
		Expect(unknown).To(Equal(wrong))
	})

	It("follows an edited Role", func(ctx SpecContext) {
		apply(ctx, role("auditor", "/reports/**"))
		auditor := aUser(ctx, "audrey", "auditor")
		token := logIn(ctx, auditor).Access
		accepted(ctx, token)
		apply(ctx, role("auditor", "/elsewhere/**"))
		promptly(Eventually(status(ctx, p, "/reports/q3", token))).Should(Equal(http.StatusForbidden))
		promptly(Eventually(status(ctx, p, "/elsewhere/x", token))).Should(Equal(http.StatusOK))
	})

	It("L14 refuses a disabled user, and revives no login", func(ctx SpecContext) {
		dora := aUser(ctx, "dora", "viewer")
		token := logIn(ctx, dora).Access
		accepted(ctx, token)
		k(ctx, "patch", "lkuser", "dora", "--type=merge", "-p", `{"spec":{"disabled":true}}`)
		refused(ctx, token)
		code, body := refusal(ctx, dora)
		Expect(code).To(Equal(http.StatusUnauthorized))
		Expect(body).To(ContainSubstring("Invalid credentials"))

		Eventually(kubectl.Run).WithArguments(ctx, "-n", stack.Namespace, "get", "lkrevoked", "-o", "jsonpath={.items[*].spec.user.name}").
			WithTimeout(patience).Should(ContainSubstring("dora"), "its logins are revoked before it is enabled again")
		k(ctx, "patch", "lkuser", "dora", "--type=merge", "-p", `{"spec":{"disabled":false}}`)
		var again string
		Eventually(func() error { // the replica learns of the change by its watch
			tokens, err := stack.NewClient(latchkey.URL()).Login(ctx, dora)
			again = tokens.Access
			return err
		}).WithTimeout(patience).Should(Succeed())
		accepted(ctx, again)
		Expect(status(ctx, p, "/reports/q3", token)()).To(Equal(http.StatusUnauthorized))
	})

	It("follows a RevokedToken for a jti, and leaves the user's other login alone", func(ctx SpecContext) {
		other := logIn(ctx, viewer).Access
		apply(ctx, fmt.Sprintf(`
apiVersion: auth.latchkey.dev/v1alpha1
kind: RevokedToken
metadata: {name: lost-laptop}
spec: {tokenID: %q, reason: "a lost laptop"}
`, claims(viewerToken).ID))
		refused(ctx, viewerToken)
		Expect(status(ctx, p, "/reports/q3", other)()).To(Equal(http.StatusOK))
	})

	It("ends a login that its user ends, and no other", func(ctx SpecContext) {
		first, second := logIn(ctx, viewer), logIn(ctx, viewer)
		code, answer := call(ctx, http.MethodPost, "/logout", first.Access, nil)
		Expect(code).To(Equal(http.StatusOK))
		Expect(answer).To(MatchJSON(`{"message": "Successfully logged out"}`))

		Expect(status(ctx, p, "/reports/q3", first.Access)()).To(Equal(http.StatusUnauthorized), "dead on return")
		Expect(status(ctx, p, "/reports/q3", second.Access)()).To(Equal(http.StatusOK))
		code, _ = call(ctx, http.MethodGet, "/profile", first.Access, nil)
		Expect(code).To(Equal(http.StatusUnauthorized))
	})

	It("V01 ends a login whose token an app revokes, and V07 not by a link", func(ctx SpecContext) {
		token := logIn(ctx, viewer).Access
		code, _ := call(ctx, http.MethodGet, "/logout", token, nil)
		Expect(code).To(Equal(http.StatusMethodNotAllowed))
		Expect(status(ctx, p, "/reports/q3", token)()).To(Equal(http.StatusOK))

		response, err := http.PostForm(latchkey.URL()+"/revoke", url.Values{"token": {token}})
		Expect(err).NotTo(HaveOccurred())
		defer response.Body.Close()
		Expect(response.StatusCode).To(Equal(http.StatusOK))
		Expect(status(ctx, p, "/reports/q3", token)()).To(Equal(http.StatusUnauthorized), "dead on return")
	})

	It("ends a login whose Session is deleted", func(ctx SpecContext) {
		token := logIn(ctx, editor).Access
		accepted(ctx, token)
		k(ctx, "delete", "lksession", claims(token).SessionID)
		refused(ctx, token)
	})

	It("R07 gives a user who was deleted and made again nothing of the old one", func(ctx SpecContext) {
		rose := aUser(ctx, "rose", "viewer")
		old := logIn(ctx, rose).Access
		accepted(ctx, old)
		manifest := k(ctx, "get", "lkuser", "rose", "-o", `jsonpath={"{"}"apiVersion":"auth.latchkey.dev/v1alpha1","kind":"User","metadata":{"{"}"name":"rose"{"}"},"spec":{.spec}{"}"}`)
		k(ctx, "delete", "lkuser", "rose")
		refused(ctx, old)
		apply(ctx, manifest)
		untilReady(ctx, "lkuser", "rose")

		fresh := logIn(ctx, rose).Access
		accepted(ctx, fresh)
		Expect(claims(fresh).Subject).NotTo(Equal(claims(old).Subject))
		Expect(status(ctx, p, "/reports/q3", old)()).To(Equal(http.StatusUnauthorized))
	})

	It("shows kubectl the user that the admin made over HTTP", func(ctx SpecContext) {
		harriet := stack.Login{User: "harriet", Password: stack.RandomPassword()}
		secrets.add("password of harriet", harriet.Password)
		code, answer := call(ctx, http.MethodPost, "/users", logIn(ctx, admin).Access, map[string]any{
			"username": harriet.User, "password": harriet.Password, "roles": []string{"viewer"}, "displayName": "Harriet", "email": "harriet@example.com",
		})
		Expect(code).To(Equal(http.StatusCreated), answer)
		Expect(answer).NotTo(ContainSubstring(harriet.Password))
		Expect(k(ctx, "get", "lkuser", "harriet", "-o", "jsonpath={.spec.roles} {.spec.email}")).To(Equal(`["viewer"] harriet@example.com`))

		token := logIn(ctx, harriet).Access
		_, seen := ask(ctx, p, http.MethodGet, "/reports/q3", token, nil)
		Expect(seen["X-Auth-Request-User"]).To(Equal([]string{"harriet"}))
		Expect(seen["X-Auth-Request-Email"]).To(Equal([]string{"harriet@example.com"}))
		code, _ = call(ctx, http.MethodPost, "/users", token, map[string]any{"username": "mallory", "password": stack.RandomPassword(), "roles": []string{"admin"}})
		Expect(code).To(Equal(http.StatusForbidden))

		code, _ = call(ctx, http.MethodDelete, "/users/harriet", logIn(ctx, admin).Access, nil)
		Expect(code).To(Equal(http.StatusNoContent))
		Expect(status(ctx, p, "/reports/q3", token)()).To(Equal(http.StatusUnauthorized), "dead on return")
		_, err := kubectl.Run(ctx, "-n", stack.Namespace, "get", "lkuser", "harriet")
		Expect(err).To(MatchError(ContainSubstring("NotFound")))
	})

	It("R06 ends a user's logins with a new password by kubectl, and hides it at once", func(ctx SpecContext) {
		paula := aUser(ctx, "paula", "viewer")
		token := logIn(ctx, paula).Access
		accepted(ctx, token)
		changed := stack.Login{User: "paula", Password: stack.RandomPassword()}
		secrets.add("second password of paula", changed.Password)
		apply(ctx, fmt.Sprintf(`
apiVersion: v1
kind: Secret
metadata: {name: paula}
type: auth.latchkey.dev/password
stringData: {password: %q}
`, changed.Password))
		refused(ctx, token)
		var tokens stack.Tokens
		Eventually(func() (err error) {
			tokens, err = stack.NewClient(latchkey.URL()).Login(ctx, changed)
			return err
		}).WithTimeout(patience).Should(Succeed())
		secrets.addToken("access token of paula", tokens.Access)
		accepted(ctx, tokens.Access)
		Expect(status(ctx, p, "/reports/q3", token)()).To(Equal(http.StatusUnauthorized))
		code, _ := refusal(ctx, paula)
		Expect(code).To(Equal(http.StatusUnauthorized))

		secret := k(ctx, "get", "secret", "paula", "-o", "json")
		var stored struct {
			Metadata struct{ Annotations map[string]string }
			Data     map[string][]byte
		}
		Expect(json.Unmarshal([]byte(secret), &stored)).To(Succeed())
		Expect(stored.Data).To(HaveLen(1))
		Expect(string(stored.Data["passwordHash"])).To(HavePrefix("$argon2id$"))
		Expect(stored.Metadata.Annotations).NotTo(HaveKey("kubectl.kubernetes.io/last-applied-configuration"))
	})

	It("kills every token with the Secret of keys, and lets everybody log in again at once", func(ctx SpecContext) {
		tokens := []string{logIn(ctx, viewer).Access, logIn(ctx, editor).Access, logIn(ctx, admin).Access}
		for _, token := range tokens {
			accepted(ctx, token)
		}
		secrets.addStored(ctx)
		k(ctx, "delete", "secret", "latchkey-signing-keys")
		for _, token := range tokens {
			refused(ctx, token)
		}
		var fresh stack.Tokens
		Eventually(func() (err error) {
			fresh, err = stack.NewClient(latchkey.URL()).Login(ctx, viewer)
			return err
		}).WithTimeout(patience).Should(Succeed())
		secrets.addToken("access token after the emergency", fresh.Access)
		accepted(ctx, fresh.Access)
		for _, token := range tokens {
			Expect(status(ctx, p, "/reports/q3", token)()).To(Equal(http.StatusUnauthorized))
		}
		untilReady(ctx, "lkrealm", "default")
	})

	It("lists everything with one word", func(ctx SpecContext) {
		out := k(ctx, "get", "latchkey")
		for _, kind := range []string{"realm", "user", "role", "revokedtoken", "session"} {
			Expect(strings.ToLower(out)).To(ContainSubstring(kind + ".auth.latchkey.dev/"))
		}
	})
})

// role is a manifest of a Role that may GET path everywhere.
func role(name, path string) string {
	return fmt.Sprintf(`
apiVersion: auth.latchkey.dev/v1alpha1
kind: Role
metadata: {name: %s}
spec:
  rules:
  - {hosts: ["*"], paths: [%q], methods: [GET]}
`, name, path)
}
