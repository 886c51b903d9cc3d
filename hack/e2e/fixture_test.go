package e2e_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/hack/app"
	"github.com/latchkey-auth/latchkey/hack/e2e/conformance"
	"github.com/latchkey-auth/latchkey/hack/proxy"
	"github.com/latchkey-auth/latchkey/hack/stack"
)

// patience is how long a change may take on a machine that is busy with other things.
const patience = 30 * time.Second

// promptly is how stories wait: asking again without a pause to speak of.
func promptly(g AsyncAssertion) AsyncAssertion {
	return g.WithTimeout(patience).WithPolling(5 * time.Millisecond)
}

// logIn logs in as login and remembers the tokens as secrets.
func logIn(ctx context.Context, login stack.Login) stack.Tokens {
	GinkgoHelper()
	tokens, err := stack.NewClient(latchkey.URL()).Login(ctx, login)
	Expect(err).NotTo(HaveOccurred(), "log in as "+login.User)
	secrets.addToken("access token of "+login.User, tokens.Access)
	secrets.addToken("refresh token of "+login.User, tokens.Refresh)
	return tokens
}

// logInByPage logs in as login by the form of the login page, and returns the session cookie, as a
// browser sends it.
func logInByPage(ctx context.Context, login stack.Login) string {
	GinkgoHelper()
	form := url.Values{"username": {login.User}, "password": {login.Password}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, latchkey.URL()+"/login", strings.NewReader(form.Encode()))
	Expect(err).NotTo(HaveOccurred())
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Accept", "text/html")
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	response, err := http.DefaultTransport.RoundTrip(request)
	Expect(err).NotTo(HaveOccurred())
	defer response.Body.Close()
	Expect(response.StatusCode).To(Equal(http.StatusSeeOther))
	for _, cookie := range response.Cookies() {
		if cookie.Name == "__Host-latchkey" {
			secrets.addToken("session cookie of "+login.User, cookie.Value)
			return cookie.Name + "=" + cookie.Value
		}
	}
	Fail("the login page gave no session cookie")
	return ""
}

// refusal is the status of a login that must be refused.
func refusal(ctx context.Context, login stack.Login) (int, string) {
	GinkgoHelper()
	_, err := stack.NewClient(latchkey.URL()).Login(ctx, login)
	var refused *stack.RefusedError
	Expect(errors.As(err, &refused)).To(BeTrue(), "%v", err)
	return refused.Status, refused.Body
}

// status is the answer to a GET through p.
func status(ctx context.Context, p *proxy.Proxy, target, token string) func() (int, error) {
	return func() (int, error) { return stack.Ask(ctx, p.URL()+target, token) }
}

// ask sends one request of any method through p and returns the answer and what the app saw.
func ask(ctx context.Context, p *proxy.Proxy, method, target, token string, body io.Reader) (*http.Response, map[string][]string) {
	GinkgoHelper()
	request, err := http.NewRequestWithContext(ctx, method, p.URL()+target, body)
	Expect(err).NotTo(HaveOccurred())
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	Expect(err).NotTo(HaveOccurred())
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	Expect(err).NotTo(HaveOccurred())
	return response, app.Parse(string(text))
}

// call calls one of Latchkey's own endpoints and returns status and body.
func call(ctx context.Context, method, path, token string, body any) (int, string) {
	GinkgoHelper()
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		Expect(err).NotTo(HaveOccurred())
		content = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, latchkey.URL()+path, content)
	Expect(err).NotTo(HaveOccurred())
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	Expect(err).NotTo(HaveOccurred())
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	Expect(err).NotTo(HaveOccurred())
	return response.StatusCode, string(text)
}

// claims reads the claims of an access token, unverified.
func claims(token string) (c struct {
	ID        string `json:"jti"`
	SessionID string `json:"sid"`
	Subject   string `json:"sub"`
}) {
	GinkgoHelper()
	parts := strings.Split(token, ".")
	Expect(parts).To(HaveLen(3))
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	Expect(err).NotTo(HaveOccurred())
	Expect(json.Unmarshal(payload, &c)).To(Succeed())
	return c
}

// k runs kubectl in the realm's namespace; it gives up rather than wait for ever.
func k(ctx context.Context, arguments ...string) string {
	GinkgoHelper()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	out, err := kubectl.Run(ctx, append([]string{"-n", stack.Namespace}, arguments...)...)
	Expect(err).NotTo(HaveOccurred())
	return out
}

// apply is kubectl apply of manifests, the way people do it.
func apply(ctx context.Context, manifests string) {
	GinkgoHelper()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, err := kubectl.RunWith(ctx, strings.NewReader(manifests), "-n", stack.Namespace, "apply", "-f", "-")
	Expect(err).NotTo(HaveOccurred())
}

// aUser makes a User with a random password through the API server and waits until they can log in.
func aUser(ctx context.Context, name string, roles ...v1alpha1.GrantableRoleName) stack.Login {
	GinkgoHelper()
	login := stack.Login{User: name, Password: stack.RandomPassword()}
	secrets.add("password of "+name, login.Password)
	Expect(env.Client.Create(ctx, stack.PasswordSecret(name, login.Password))).To(Succeed())
	Expect(env.Client.Create(ctx, &v1alpha1.User{
		ObjectMeta: metav1.ObjectMeta{Namespace: stack.Namespace, Name: name},
		Spec:       v1alpha1.UserSpec{Roles: roles, PasswordSecretRef: &v1alpha1.PasswordSecretReference{Name: name}},
	})).To(Succeed())
	DeferCleanup(func(ctx context.Context) {
		Expect(client.IgnoreNotFound(env.Client.Delete(ctx, &v1alpha1.User{ObjectMeta: metav1.ObjectMeta{Namespace: stack.Namespace, Name: name}}))).To(Succeed())
		Expect(client.IgnoreNotFound(env.Client.Delete(ctx, stack.PasswordSecret(name, "")))).To(Succeed())
	})
	untilReady(ctx, "lkuser", name)
	return login
}

// dns makes a part of a name of a text of ASCII.
func dns(text string) string {
	return strings.ToLower(strings.ReplaceAll(text, " ", "-"))
}

// untilReady waits for an object's Ready.
func untilReady(ctx context.Context, kind, name string) {
	GinkgoHelper()
	k(ctx, "wait", "--for=condition=Ready", "--timeout=25s", kind, name)
}

// callers are the logins of the conformance table.
func callers(ctx context.Context) map[conformance.Caller]stack.Tokens {
	GinkgoHelper()
	all := map[conformance.Caller]stack.Tokens{
		conformance.Nobody: {},
		// Of the right form, and signed by nobody: {"alg":"ES256","typ":"at+jwt","kid":"x"} . {"sub":"x"}
		conformance.Forger: {Access: "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6IngifQ.eyJzdWIiOiJ4In0." + strings.Repeat("A", 86)},
		conformance.Tenant: logIn(ctx, tenant),
	}
	for _, caller := range []conformance.Caller{conformance.Viewer, conformance.Editor, conformance.Admin} {
		all[caller] = logIn(ctx, samples.Logins[string(caller)])
	}
	return all
}

// tenant is the conformance table's user beside the samples.
var tenant stack.Login

// addTenant gives the realm the Role and the user that the conformance table supposes: the Role by
// kubectl, the user over HTTP.
func addTenant(ctx context.Context) {
	GinkgoHelper()
	apply(ctx, `
apiVersion: auth.latchkey.dev/v1alpha1
kind: Role
metadata: {name: tenant}
spec:
  rules:
  - hosts: [open.example.com]
    paths: [/tenant/**]
    methods: [GET]
`)
	tenant = stack.Login{User: "theo", Password: stack.RandomPassword()}
	secrets.add("password of the tenant", tenant.Password)
	admin := logIn(ctx, samples.Logins["admin"])
	code, answer := call(ctx, http.MethodPost, "/users", admin.Access, map[string]any{
		"username": tenant.User, "password": tenant.Password, "roles": []string{"tenant"},
	})
	Expect(code).To(Equal(http.StatusCreated), answer)
}
