package plugin_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/hack/stack"
)

// logInDirectly is a login that the plugin knows nothing of.
func logInDirectly(ctx context.Context, login stack.Login) stack.Tokens {
	GinkgoHelper()
	tokens, err := stack.NewClient(service.URL()).Login(ctx, login)
	Expect(err).NotTo(HaveOccurred())
	return tokens
}

// claims reads what a token says, unverified.
func claims(token string) map[string]any {
	GinkgoHelper()
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	Expect(err).NotTo(HaveOccurred())
	var said map[string]any
	Expect(json.Unmarshal(payload, &said)).To(Succeed())
	return said
}

// forged is a token with another claim, and the old signature.
func forged(token, claim, value string) string {
	GinkgoHelper()
	said := claims(token)
	said[claim] = value
	payload, err := json.Marshal(said)
	Expect(err).NotTo(HaveOccurred())
	parts := strings.Split(token, ".")
	return parts[0] + "." + base64.RawURLEncoding.EncodeToString(payload) + "." + parts[2]
}

// revocations are how many RevokedTokens name a login.
func revocations(ctx context.Context, sid any) int {
	GinkgoHelper()
	list := &v1alpha1.RevokedTokenList{}
	Expect(env.Client.List(ctx, list, client.InNamespace(stack.Namespace))).To(Succeed())
	n := 0
	for i := range list.Items {
		if list.Items[i].Spec.SessionID == sid {
			n++
		}
	}
	return n
}

var _ = Describe("kubectl latchkey logout", func() {
	It("ends one's own login and forgets it", func(ctx SpecContext) {
		ann, login := aPerson(), aUser(ctx)
		token := ann.logIn(ctx, login)
		Expect(ann.latchkey(ctx, "", "logout")).To(Equal(outcome{Out: "logged out " + login.User + " at " + service.URL() + "\n"}))
		Expect(check(ctx, token)).To(Equal(http.StatusUnauthorized))
		Expect(ann.again(ctx, login)).To(HaveField("Code", 2))
		Expect(ann.latchkey(ctx, "", "logout")).To(HaveField("Code", 1), "there is none any more")
	})

	It("ends one's own login although the access token is over", func(ctx SpecContext) {
		ann, login := aPerson(), aUser(ctx)
		token := ann.logIn(ctx, login)
		Expect(ann.latchkey(ctx, "", "revoke", "--jti", claims(token)["jti"].(string))).To(HaveField("Code", 0))
		Expect(check(ctx, token)).To(Equal(http.StatusUnauthorized))
		Expect(ann.latchkey(ctx, "", "logout")).To(HaveField("Code", 0))
		Expect(revocations(ctx, claims(token)["sid"])).To(Equal(1))
	})

	It("asks which of several logins is meant", func(ctx SpecContext) {
		ann, one, other := aPerson(), aUser(ctx), aUser(ctx)
		ann.logIn(ctx, one)
		ann.logIn(ctx, other)
		several := ann.latchkey(ctx, "", "logout")
		Expect(several.Code).To(Equal(2))
		Expect(several.Err).To(And(HavePrefix("error: there are several logins, so say which one with:"),
			ContainSubstring("--server "+service.URL()+" --username "+one.User), ContainSubstring("--username "+other.User)))
		Expect(ann.latchkey(ctx, "", "logout", "--username", one.User)).To(HaveField("Code", 0))
	})

	It("ends every login of a user, by the rights of the kubeconfig", func(ctx SpecContext) {
		login := aUser(ctx)
		one, other := logInDirectly(ctx, login), logInDirectly(ctx, login)
		done := aPerson().latchkey(ctx, "", "logout", login.User)
		Expect(done).To(HaveField("Code", 0), done.Err)
		Expect(done.Out).To(MatchRegexp(`^revokedtoken/%s-logout-\w+ stored\nrevokedtoken/\S+ enforced: refused by 1/1 replicas`, login.User))
		for _, tokens := range []stack.Tokens{one, other} {
			Expect(check(ctx, tokens.Access)).To(Equal(http.StatusUnauthorized))
		}
	})

	It("doesn't mix the service with the API server", func(ctx SpecContext) {
		done := aPerson().latchkey(ctx, "", "logout", "ann", "--server", service.URL())
		Expect(done.Code).To(Equal(2))
		Expect(done.Err).To(HavePrefix("error: --server is for your own login"))
	})
})

var _ = Describe("kubectl latchkey passwd", func() {
	It("gives another password and ends the logins made with the one before", func(ctx SpecContext) {
		login := aUser(ctx)
		before := logInDirectly(ctx, login)
		done := aPerson().latchkey(ctx, "another long password\n", "passwd", login.User, "--password-stdin")
		Expect(done).To(Equal(outcome{Err: login.User + " has another password; logins made with the one before end\n"}))
		logInDirectly(ctx, stack.Login{User: login.User, Password: "another long password"})
		_, err := stack.NewClient(service.URL()).Login(ctx, login)
		Expect(err).To(HaveOccurred())
		Eventually(check).WithArguments(ctx, before.Access).WithTimeout(patience).Should(Equal(http.StatusUnauthorized))
	})

	It("does so for a user who reaches into Kubernetes, whom only HTTP keeps away from", func(ctx SpecContext) {
		login := aUser(ctx)
		role := &v1alpha1.Role{
			ObjectMeta: metav1.ObjectMeta{Namespace: stack.Namespace, GenerateName: "ops-"},
			Spec:       v1alpha1.RoleSpec{KubernetesRules: []v1alpha1.KubernetesRule{{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"get"}}}},
		}
		Expect(env.Client.Create(ctx, role)).To(Succeed())
		Expect(aPerson().types(ctx, "", "-n", stack.Namespace, "patch", "lkuser", login.User, "--type=merge", "-p",
			fmt.Sprintf(`{"spec":{"roles":[%q]}}`, role.Name))).To(HaveField("Code", 0))
		Expect(aPerson().latchkey(ctx, "another long password\n", "passwd", login.User, "--password-stdin")).To(HaveField("Code", 0))
		logInDirectly(ctx, stack.Login{User: login.User, Password: "another long password"})
	})

	It("makes one and prints it once", func(ctx SpecContext) {
		login := aUser(ctx)
		done := aPerson().latchkey(ctx, "", "passwd", login.User, "--generate")
		Expect(done).To(HaveField("Code", 0), done.Err)
		Expect(done.Err).NotTo(ContainSubstring(strings.TrimSpace(done.Out)))
		logInDirectly(ctx, stack.Login{User: login.User, Password: strings.TrimSpace(done.Out)})
	})

	It("keeps to the realm's least length, and changes nothing else", func(ctx SpecContext) {
		login := aUser(ctx)
		done := aPerson().latchkey(ctx, "short\n", "passwd", login.User, "--password-stdin")
		Expect(done).To(Equal(outcome{Err: "error: this password can't be used: choose a password of at least 12 characters\n", Code: 2}))
		logInDirectly(ctx, login)
	})

	It("asks nobody who isn't there", func(ctx SpecContext) {
		Expect(aPerson().latchkey(ctx, "", "passwd", aUser(ctx).User).Err).To(
			Equal("error: nobody is there to type a password: write --password-stdin or --generate\n"))
	})

	It("says at once that there is no such user", func(ctx SpecContext) {
		Expect(aPerson().latchkey(ctx, "", "passwd", "nobody").Err).To(Equal("error: users.auth.latchkey.dev \"nobody\" not found\n"))
	})
})

var _ = Describe("kubectl latchkey sessions", func() {
	It("lists the logins that go on", func(ctx SpecContext) {
		login := aUser(ctx)
		tokens, other := logInDirectly(ctx, login), logInDirectly(ctx, login)
		Expect(stack.NewClient(service.URL()).Logout(ctx, other.Access)).To(Succeed())

		var said struct{ Sessions []map[string]any }
		Eventually(func(g Gomega) {
			done := aPerson().latchkey(ctx, "", "sessions", login.User, "-o", "json")
			g.Expect(done).To(HaveField("Code", 0), done.Err)
			g.Expect(json.Unmarshal([]byte(done.Out), &said)).To(Succeed())
			g.Expect(said.Sessions).To(ContainElement(HaveKeyWithValue("id", claims(tokens.Access)["sid"])))
			g.Expect(said.Sessions).NotTo(ContainElement(HaveKeyWithValue("id", claims(other.Access)["sid"])))
		}).WithTimeout(patience).Should(Succeed())
		Expect(said.Sessions[0]).To(And(HaveKeyWithValue("userAgent", "Go-http-client/1.1"), HaveKeyWithValue("address", "127.0.0.1"),
			HaveKey("startedAt"), HaveKey("expiresAt"), HaveKey("lastUsedAt")))

		table := aPerson().latchkey(ctx, "", "sessions", login.User).Out
		Expect(table).To(HavePrefix("SID "))
		Expect(table).To(MatchRegexp(`(?m)^%s +20\S+Z +20\S+Z +20\S+Z +127.0.0.1 +Go-http-client/1.1$`, claims(tokens.Access)["sid"]))
	})

	It("takes a mistyped name for no user without logins", func(ctx SpecContext) {
		Expect(aPerson().latchkey(ctx, "", "sessions", "nobody")).To(Equal(outcome{Err: "error: users.auth.latchkey.dev \"nobody\" not found\n", Code: 2}))
	})
})

var _ = Describe("kubectl latchkey revoke", func() {
	It("ends the login of a token on standard input, once", func(ctx SpecContext) {
		tokens := logInDirectly(ctx, aUser(ctx))
		for _, token := range []string{tokens.Refresh, tokens.Access} { // of one login
			done := aPerson().latchkey(ctx, token+"\n", "revoke", "-")
			Expect(done).To(HaveField("Code", 0), done.Err)
			Expect(done.Out).To(ContainSubstring(" enforced: refused by 1/1 replicas"))
			Expect(done.Out + done.Err).NotTo(ContainSubstring(token))
			Expect(check(ctx, tokens.Access)).To(Equal(http.StatusUnauthorized))
		}
		Expect(revocations(ctx, claims(tokens.Access)["sid"])).To(Equal(1))
	})

	It("refuses one token alone by its jti", func(ctx SpecContext) {
		tokens := logInDirectly(ctx, aUser(ctx))
		Expect(aPerson().latchkey(ctx, "", "revoke", "--jti", claims(tokens.Access)["jti"].(string))).To(HaveField("Code", 0))
		Expect(check(ctx, tokens.Access)).To(Equal(http.StatusUnauthorized))
		next, err := stack.NewClient(service.URL()).Refresh(ctx, tokens.Refresh)
		Expect(err).NotTo(HaveOccurred())
		Expect(check(ctx, next.Access)).To(Equal(http.StatusOK))
	})

	It("ends nobody's login for a token that somebody made up", func(ctx SpecContext) {
		victim, mallory := logInDirectly(ctx, aUser(ctx)), logInDirectly(ctx, aUser(ctx))
		sid := claims(victim.Access)["sid"].(string)
		for token, wanted := range map[string]string{
			forged(mallory.Access, "sid", sid):                             "error: the token is forged: login",
			forged(mallory.Access, "iss", "https://elsewhere.example.com"): fmt.Sprintf("error: the token is of issuer %q", "https://elsewhere.example.com"),
			"no.token.atall": "error: this isn't a token of Latchkey's: it names no login (sid)",
			"nonsense":       "error: this isn't a token of Latchkey's: it has three parts",
		} {
			done := aPerson().latchkey(ctx, token, "revoke", "-")
			Expect(done.Code).To(Equal(2))
			Expect(done.Err).To(HavePrefix(wanted))
			Expect(done.Err).NotTo(ContainSubstring(token))
		}
		Expect(check(ctx, victim.Access)).To(Equal(http.StatusOK))
		Expect(revocations(ctx, sid)).To(BeZero())
	})
})
