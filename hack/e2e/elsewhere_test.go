package e2e_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/crypto/bcrypt"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/hack/app"
	"github.com/latchkey-auth/latchkey/hack/proxy"
	"github.com/latchkey-auth/latchkey/hack/stack"
	"github.com/latchkey-auth/latchkey/webhook/password"
)

// elsewhere are the parameters of Authelia's hashes.
var elsewhere = password.Params{MemoryKiB: 65536, Time: 3, Parallelism: 4}

// importing runs latchkey import on a file and applies what it prints, as people do.
func importing(ctx context.Context, file string, arguments ...string) (manifests string, remarks string) {
	GinkgoHelper()
	command := exec.CommandContext(ctx, binary, append([]string{"import"}, arguments...)...)
	command.Stdin = strings.NewReader(file)
	var out, said bytes.Buffer
	command.Stdout, command.Stderr = &out, &said
	Expect(command.Run()).To(Succeed(), said.String())
	reapply(ctx, out.String())
	return out.String(), said.String()
}

func reapply(ctx context.Context, manifests string) {
	GinkgoHelper()
	_, err := kubectl.RunWith(ctx, strings.NewReader(manifests), "-n", stack.Namespace, "apply", "--server-side", "-f", "-")
	Expect(err).NotTo(HaveOccurred())
}

// fromElsewhere is a login whose user another product has; the hash is how it keeps the password.
func fromElsewhere(name string, hash func(secret string) string) (stack.Login, string) {
	GinkgoHelper()
	login := stack.Login{User: name, Password: stack.RandomPassword()}
	secrets.add("password of "+name, login.Password)
	DeferCleanup(func(ctx context.Context) {
		Expect(client.IgnoreNotFound(env.Client.Delete(ctx, &v1alpha1.User{ObjectMeta: metav1.ObjectMeta{Namespace: stack.Namespace, Name: name}}))).To(Succeed())
		Expect(client.IgnoreNotFound(env.Client.Delete(ctx, stack.PasswordSecret(name+"-password", "")))).To(Succeed())
	})
	return login, hash(login.Password)
}

func asAuthelia(secret string) string {
	GinkgoHelper()
	hash, err := elsewhere.Make(secret)
	Expect(err).NotTo(HaveOccurred())
	return hash
}

// asApache writes bcrypt under the name that Apache has for it.
func asApache(secret string) string {
	GinkgoHelper()
	hash, err := bcrypt.GenerateFromPassword([]byte(secret), bcrypt.DefaultCost)
	Expect(err).NotTo(HaveOccurred())
	return "$2y$" + string(hash[4:])
}

var _ = Describe("Users who come from elsewhere", func() {
	It("log in with the password that they had", func(ctx SpecContext) {
		apache, bcrypted := fromElsewhere("from-apache", asApache)
		authelia, argoned := fromElsewhere("from-authelia", asAuthelia)
		_, said := importing(ctx, "# a file\n"+apache.User+":"+bcrypted+"\n", "htpasswd", "-", "--roles=viewer")
		Expect(said).To(ContainSubstring("1 of 1 users taken"))
		manifests, _ := importing(ctx, "users:\n  "+authelia.User+":\n    displayname: From Authelia\n    password: '"+argoned+"'\n    groups: [viewer]\n", "authelia", "-")
		for _, login := range []stack.Login{apache, authelia} {
			untilReady(ctx, "lkuser", login.User)
			tokens := logIn(ctx, login)
			Expect(status(ctx, anyProxy(), "/reports/1", tokens.Access)()).To(Equal(http.StatusOK))
		}

		By("choosing another password, which applying the manifests again doesn't undo")
		tokens := logIn(ctx, authelia)
		next := stack.Login{User: authelia.User, Password: stack.RandomPassword()}
		secrets.add("next password of "+next.User, next.Password)
		code, answer := call(ctx, http.MethodPost, "/password", tokens.Access, map[string]any{"oldPassword": authelia.Password, "newPassword": next.Password})
		Expect(code).To(Equal(http.StatusOK), "%d bytes", len(answer))
		_, err := kubectl.RunWith(ctx, strings.NewReader(manifests), "-n", stack.Namespace, "apply", "--server-side", "-f", "-")
		Expect(err).To(MatchError(ContainSubstring("conflict")))
		logIn(ctx, next)
	}, NodeTimeout(patience*4))

	It("send name and password on, where the realm takes them", func(ctx SpecContext) {
		login := aUser(ctx, "basil", "viewer")
		secrets.add("Basic of basil", base64.StdEncoding.EncodeToString([]byte(login.User+":"+login.Password)))
		takeBasic(ctx, true)
		DeferCleanup(takeBasic, false)
		for _, kind := range []proxy.Kind{proxy.Nginx, proxy.Caddy} {
			p := proxies[kind]
			if p == nil {
				continue
			}
			By("behind " + string(kind))
			promptly(Eventually(func() int { code, _, _ := withBasic(ctx, p, login); return code })).WithContext(ctx).Should(Equal(http.StatusOK))
			code, _, seen := withBasic(ctx, p, login)
			Expect(code).To(Equal(http.StatusOK))
			Expect(seen).To(HaveKeyWithValue("X-Auth-Request-User", []string{"basil"}))
			Expect(seen).To(HaveKeyWithValue(app.Authorization, []string{"stripped by the proxy"}), "the app has no use for the password")
			code, header, _ := withBasic(ctx, p, stack.Login{User: login.User, Password: "wrong-" + login.Password})
			Expect(code).To(Equal(http.StatusUnauthorized))
			Expect(header["Www-Authenticate"]).To(ConsistOf(HavePrefix(`Basic realm="` + stack.Namespace + `", charset="UTF-8", Bearer realm=`)))
		}
	}, NodeTimeout(patience*4))
})

// takeBasic says whether the realm takes Basic.
func takeBasic(ctx context.Context, takes bool) {
	GinkgoHelper()
	k(ctx, "patch", "lkrealm", "default", "--type=merge", "-p", fmt.Sprintf(`{"spec":{"basicAuth":%t}}`, takes))
}

// withBasic is the answer to a GET through p with a name and a password, and what the app saw of it.
func withBasic(ctx context.Context, p *proxy.Proxy, login stack.Login) (int, http.Header, map[string][]string) {
	GinkgoHelper()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.URL()+"/reports/1", nil)
	Expect(err).NotTo(HaveOccurred())
	request.SetBasicAuth(login.User, login.Password)
	response, err := http.DefaultClient.Do(request)
	Expect(err).NotTo(HaveOccurred())
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	Expect(err).NotTo(HaveOccurred())
	return response.StatusCode, response.Header, app.Parse(string(text))
}
