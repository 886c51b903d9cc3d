package plugin_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/hack/stack"
	"github.com/latchkey-auth/latchkey/hack/testenv"
)

func TestPlugin(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "kubectl latchkey")
}

// patience is how long a change may take on a machine that is busy with other things.
const patience = 60 * time.Second

// The stack under test, made once: starting it is what costs.
var (
	env     *testenv.Environment
	service *stack.Server
	kubectl stack.Kubectl
	bin     string // holds the plugin
	admin   string // a kubeconfig file
)

var _ = BeforeSuite(func(ctx context.Context) {
	bin = GinkgoT().TempDir()
	var err error
	env, err = testenv.Start()
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(env.Stop)
	admin = filepath.Join(bin, "admin.kubeconfig")
	Expect(os.WriteFile(admin, env.Kubeconfig(), 0o600)).To(Succeed())
	kubectl, err = stack.NewKubectl(admin)
	Expect(err).NotTo(HaveOccurred())
	Expect(stack.Install(ctx, kubectl)).To(Succeed())

	binary, err := stack.Build(ctx, bin)
	Expect(err).NotTo(HaveOccurred())
	_, err = stack.BuildPlugin(ctx, bin)
	Expect(err).NotTo(HaveOccurred())
	completion, err := os.ReadFile(filepath.Join(testenv.Root(), "cmd", "kubectl-latchkey", "kubectl_complete-latchkey"))
	Expect(err).NotTo(HaveOccurred())
	Expect(os.WriteFile(filepath.Join(bin, "kubectl_complete-latchkey"), completion, 0o700)).To(Succeed())

	address, err := stack.FreeAddress()
	Expect(err).NotTo(HaveOccurred())
	service, err = stack.Launch{
		Command: stack.Run, Binary: binary, Env: env, Dir: bin, Listen: address, ExternalURL: "http://" + address, Log: GinkgoWriter,
	}.Start(ctx)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(service.Stop)
})

// aUser makes a User who can log in.
func aUser(ctx context.Context) stack.Login {
	GinkgoHelper()
	login := stack.Login{Password: stack.RandomPassword()}
	user := &v1alpha1.User{ObjectMeta: metav1.ObjectMeta{Namespace: stack.Namespace, GenerateName: "ann-"}}
	Expect(env.Client.Create(ctx, user)).To(Succeed())
	login.User = user.Name
	Expect(env.Client.Create(ctx, stack.PasswordSecret(user.Name, login.Password))).To(Succeed())
	_, err := kubectl.Run(ctx, "-n", stack.Namespace, "patch", "lkuser", user.Name, "--type=merge", "-p",
		fmt.Sprintf(`{"spec":{"passwordSecretRef":{"name":%q}}}`, user.Name))
	Expect(err).NotTo(HaveOccurred())
	Eventually(stack.NewClient(service.URL()).Login).WithArguments(ctx, login).WithTimeout(patience).Should(HaveField("Access", Not(BeEmpty())))
	return login
}

// person is somebody with a kubeconfig and a cache of their own.
type person struct{ kubeconfig, home string }

// aPerson has an administrator's rights.
func aPerson() person { return person{kubeconfig: admin, home: GinkgoT().TempDir()} }

// aPersonWith is authenticated as name, with the rights that RBAC gives.
func aPersonWith(name string) person {
	GinkgoHelper()
	config, err := env.ConfigFor(name)
	Expect(err).NotTo(HaveOccurred())
	home := GinkgoT().TempDir()
	return person{kubeconfig: kubeconfigOf(home, config), home: home}
}

func kubeconfigOf(dir string, config *rest.Config) string {
	GinkgoHelper()
	content := clientcmdapi.NewConfig()
	content.Clusters["c"] = &clientcmdapi.Cluster{Server: config.Host, CertificateAuthorityData: config.CAData}
	content.AuthInfos["u"] = &clientcmdapi.AuthInfo{ClientCertificateData: config.CertData, ClientKeyData: config.KeyData}
	content.Contexts["x"] = &clientcmdapi.Context{Cluster: "c", AuthInfo: "u", Namespace: stack.Namespace}
	content.CurrentContext = "x"
	file := filepath.Join(dir, "kubeconfig")
	Expect(clientcmd.WriteToFile(*content, file)).To(Succeed())
	return file
}

// outcome is what a command did.
type outcome struct {
	Out, Err string
	Code     int
}

// types runs kubectl with arguments and text on its standard input.
func (p person) types(ctx context.Context, stdin string, arguments ...string) outcome {
	GinkgoHelper()
	cmd := exec.CommandContext(ctx, kubectl.Binary(), arguments...)
	cmd.Env = append(os.Environ(), "HOME="+p.home, "KUBECONFIG="+p.kubeconfig, "PATH="+bin+":"+os.Getenv("PATH"))
	cmd.Stdin = bytes.NewBufferString(stdin)
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		Fail(fmt.Sprintf("run kubectl: %v", err))
	}
	return outcome{out.String(), problems.String(), cmd.ProcessState.ExitCode()}
}

// latchkey is kubectl latchkey in the realm.
func (p person) latchkey(ctx context.Context, stdin string, arguments ...string) outcome {
	GinkgoHelper()
	return p.types(ctx, stdin, append(append([]string{"latchkey"}, arguments...), "--namespace", stack.Namespace)...)
}

// logIn gets a token by the plugin and their password.
func (p person) logIn(ctx context.Context, login stack.Login) string {
	GinkgoHelper()
	done := p.latchkey(ctx, login.Password, "login", "--server", service.URL(), "--username", login.User, "--password-stdin")
	Expect(done).To(HaveField("Code", 0), done.Err)
	return done.Out[:len(done.Out)-1]
}

// check is what the service says of a token.
func check(ctx context.Context, token string) int {
	GinkgoHelper()
	code, err := stack.NewClient(service.URL()).Check(ctx, token)
	Expect(err).NotTo(HaveOccurred())
	return code
}
