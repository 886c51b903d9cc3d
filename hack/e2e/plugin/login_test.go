package plugin_test

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/latchkey-auth/latchkey/hack/stack"
	"github.com/latchkey-auth/latchkey/hack/testenv"
)

// kept is the file of the one login that a person has.
func (p person) kept() string {
	GinkgoHelper()
	files, err := filepath.Glob(filepath.Join(p.home, ".kube", "cache", "latchkey", "*.json"))
	Expect(err).NotTo(HaveOccurred())
	Expect(files).To(HaveLen(1))
	return files[0]
}

// expire makes the access token that is kept look old, so that the next command refreshes.
func (p person) expire() {
	GinkgoHelper()
	text, err := os.ReadFile(p.kept())
	Expect(err).NotTo(HaveOccurred())
	var kept map[string]any
	Expect(json.Unmarshal(text, &kept)).To(Succeed())
	kept["expires"] = time.Now().Add(-time.Minute)
	text, err = json.Marshal(kept)
	Expect(err).NotTo(HaveOccurred())
	Expect(os.WriteFile(p.kept(), text, 0o600)).To(Succeed())
}

// again asks for a token without a password.
func (p person) again(ctx context.Context, login stack.Login) outcome {
	GinkgoHelper()
	return p.latchkey(ctx, "", "login", "--server", service.URL(), "--username", login.User)
}

var _ = Describe("kubectl latchkey login", func() {
	It("asks for the password once for each login", func(ctx SpecContext) {
		ann, login := aPerson(), aUser(ctx)
		token := ann.logIn(ctx, login)
		Expect(check(ctx, token)).To(Equal(http.StatusOK))
		Expect(ann.again(ctx, login)).To(Equal(outcome{Out: token + "\n"}), "a token that is kept and accepted is used")

		ann.expire()
		next := ann.again(ctx, login)
		Expect(next.Code).To(BeZero(), next.Err)
		Expect(next.Out).NotTo(Equal(token + "\n"))
		Expect(check(ctx, strings.TrimSpace(next.Out))).To(Equal(http.StatusOK))

		only := ann.latchkey(ctx, "", "login", "--server", service.URL())
		Expect(only).To(Equal(next), "whose login it is follows from the only one that is kept")
	})

	It("keeps the login where nobody else can read it", func(ctx SpecContext) {
		ann := aPerson()
		ann.logIn(ctx, aUser(ctx))
		for path, mode := range map[string]os.FileMode{filepath.Dir(ann.kept()): 0o700 | os.ModeDir, ann.kept(): 0o600} {
			info, err := os.Stat(path)
			Expect(err).NotTo(HaveOccurred())
			Expect(info.Mode()).To(Equal(mode), path)
		}
	})

	It("says which command to run where nobody can type a password", func(ctx SpecContext) {
		ann, login := aPerson(), aUser(ctx)
		wanted := "error: nobody can be asked for a password here: run kubectl latchkey login --server " + service.URL() + " --username " + login.User + "\n"
		Expect(ann.again(ctx, login)).To(Equal(outcome{Err: wanted, Code: 2}))

		By("also when the login that was kept has ended")
		token := ann.logIn(ctx, login)
		Expect(stack.NewClient(service.URL()).Logout(ctx, token)).To(Succeed())
		Expect(ann.again(ctx, login)).To(Equal(outcome{Err: wanted, Code: 2}))
	})

	It("quotes neither password nor token in an error", func(ctx SpecContext) {
		ann, login := aPerson(), aUser(ctx)
		wrong := ann.latchkey(ctx, "a-wrong-password-of-hers", "login", "--server", service.URL(), "--username", login.User, "--password-stdin")
		Expect(wrong).To(Equal(outcome{
			Err: fmt.Sprintf("error: log in %s at %s: the service answers 401: Invalid credentials\n", login.User, service.URL()), Code: 2,
		}))
	})

	It("loses no login when twenty commands refresh it at a time", func(ctx SpecContext) {
		ann, login := aPerson(), aUser(ctx)
		ann.logIn(ctx, login)
		for range 3 {
			ann.expire()
			tokens := make([]outcome, 20)
			var all sync.WaitGroup
			for i := range tokens {
				all.Go(func() {
					defer GinkgoRecover()
					tokens[i] = ann.again(ctx, login)
				})
			}
			all.Wait()
			for _, one := range tokens {
				Expect(one).To(HaveField("Code", 0), one.Err)
				Expect(one.Out).To(Equal(tokens[0].Out), "who comes second uses what the first got")
			}
			Expect(check(ctx, strings.TrimSpace(tokens[0].Out))).To(Equal(http.StatusOK))
		}
	})
})

// documented are the lines of docs/kubectl.md in one language.
func documented(language string) []string {
	GinkgoHelper()
	page, err := os.ReadFile(filepath.Join(testenv.Root(), "docs", "kubectl.md"))
	Expect(err).NotTo(HaveOccurred())
	var found []string
	for _, block := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```$").FindAllStringSubmatch(string(page), -1) {
		found = append(found, block[1])
	}
	return found
}

var _ = Describe("The plugin as kubectl's credential plugin", func() {
	// apiServer records with which credentials it was asked.
	apiServer := func() (*httptest.Server, func() []string) {
		var mu sync.Mutex
		var seen []string
		server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			if r.URL.Path == "/api" { // a kubectl that is packed with others asks for the version first, as nobody
				seen = append(seen, r.Header.Get("Authorization"))
			}
			fmt.Fprintln(w, "{}")
		}))
		DeferCleanup(server.Close)
		return server, func() []string {
			mu.Lock()
			defer mu.Unlock()
			return seen
		}
	}
	// configured has a kubeconfig that names that server, and the user that docs/kubectl.md has kubectl add.
	configured := func(ctx context.Context, server *httptest.Server, login stack.Login) person {
		GinkgoHelper()
		home := GinkgoT().TempDir()
		p := person{kubeconfig: filepath.Join(home, "config"), home: home}
		content := clientcmdapi.NewConfig()
		content.Clusters["c"] = &clientcmdapi.Cluster{Server: server.URL,
			CertificateAuthorityData: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})}
		content.Contexts["x"] = &clientcmdapi.Context{Cluster: "c"}
		content.CurrentContext = "x"
		Expect(clientcmd.WriteToFile(*content, p.kubeconfig)).To(Succeed())
		var command string
		for _, block := range documented("sh") {
			if strings.HasPrefix(block, "kubectl config set-credentials latchkey ") {
				command = block
			}
		}
		command = strings.NewReplacer("https://auth.example.com", service.URL(), "username=ann", "username="+login.User).Replace(command)
		Expect(p.types(ctx, "", strings.Fields(command)[1:]...)).To(HaveField("Code", 0))
		return p
	}

	It("is asked by kubectl, which sends the token", func(ctx SpecContext) {
		server, seen := apiServer()
		login := aUser(ctx)
		ann := configured(ctx, server, login)
		token := ann.logIn(ctx, login)

		done := ann.types(ctx, "", "--user", "latchkey", "get", "--raw", "/api", "-v=9")
		Expect(done).To(HaveField("Code", 0), done.Err)
		Expect(seen()).To(ConsistOf("Bearer " + token))
		Expect(done.Err).NotTo(ContainSubstring(token), "kubectl's most talkative log has no token")

		By("refreshing silently")
		ann.expire()
		Expect(ann.types(ctx, "", "--user", "latchkey", "get", "--raw", "/api")).To(HaveField("Code", 0))
		Expect(seen()).To(HaveLen(2))
		Expect(seen()[1]).NotTo(Equal(seen()[0]))
		Expect(check(ctx, strings.TrimPrefix(seen()[1], "Bearer "))).To(Equal(http.StatusOK))
	})

	It("has kubectl say which command logs in, where nobody can be asked", func(ctx SpecContext) {
		server, seen := apiServer()
		login := aUser(ctx)
		done := configured(ctx, server, login).types(ctx, "", "--user", "latchkey", "get", "--raw", "/api")
		Expect(done.Code).NotTo(BeZero())
		Expect(done.Err).To(ContainSubstring("run kubectl latchkey login --server " + service.URL() + " --username " + login.User))
		Expect(seen()).To(BeEmpty())
	})

	It("is what the documented kubeconfig says", func(ctx SpecContext) {
		var snippet string
		for _, block := range documented("yaml") {
			if strings.HasPrefix(block, "users:") {
				snippet = block
			}
		}
		read, err := clientcmd.Load([]byte("apiVersion: v1\nkind: Config\n" + snippet))
		Expect(err).NotTo(HaveOccurred())
		Expect(clientcmd.Validate(*read)).To(Succeed())
		server, _ := apiServer()
		ann := configured(ctx, server, stack.Login{User: "ann"})
		written, err := clientcmd.LoadFromFile(ann.kubeconfig)
		Expect(err).NotTo(HaveOccurred())
		made, shown := written.AuthInfos["latchkey"].Exec, read.AuthInfos["latchkey"].Exec
		Expect(made.Args).To(HaveLen(3))
		made.Args[1] = strings.Replace(made.Args[1], service.URL(), "https://auth.example.com", 1)
		Expect(made).To(Equal(shown))
	})
})
