package replicas_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/hack/stack"
	"github.com/latchkey-auth/latchkey/hack/testenv"
)

func TestReplicas(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Three replicas")
}

// replicaCount is how many processes serve; users log in by turns, so that none exceeds what a realm
// allows one user.
const (
	replicaCount = 3
	userCount    = 5
)

// The stack under test, made once: starting it is what costs.
var (
	env     *testenv.Environment
	kubectl stack.Kubectl
	serving []*stack.Server
	users   []stack.Login
)

var _ = BeforeSuite(func(ctx context.Context) {
	dir := GinkgoT().TempDir()

	By("starting a control plane")
	var err error
	env, err = testenv.Start()
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(env.Stop)
	kubeconfig := filepath.Join(dir, "kubeconfig")
	Expect(os.WriteFile(kubeconfig, env.Kubeconfig(), 0o600)).To(Succeed())
	kubectl, err = stack.NewKubectl(kubeconfig)
	Expect(err).NotTo(HaveOccurred())

	By("installing Latchkey's rights, a realm and users")
	Expect(stack.Install(ctx, kubectl)).To(Succeed())
	prepareRealm(ctx)
	for i := range userCount {
		users = append(users, aUser(ctx, fmt.Sprintf("user-%d", i)))
	}

	By("starting a controller and three replicas")
	binary, err := stack.Build(ctx, dir)
	Expect(err).NotTo(HaveOccurred())
	launch := stack.Launch{Command: stack.Controller, Binary: binary, Env: env, Dir: dir, Log: GinkgoWriter}
	var addresses []string
	for range replicaCount {
		address, err := stack.FreeAddress()
		Expect(err).NotTo(HaveOccurred())
		addresses = append(addresses, address)
	}
	launch.ExternalURL = "http://" + addresses[0]
	start(ctx, launch)
	launch.Command = stack.Serve
	for i, address := range addresses {
		launch.Name = fmt.Sprintf("replica-%d", i+1)
		launch.ReplicaName, launch.Listen = launch.Name, address
		serving = append(serving, start(ctx, launch))
	}
	for _, user := range users {
		Eventually(isReady).WithArguments(ctx, user.User).WithTimeout(patience).Should(BeTrue())
	}
	for _, s := range serving {
		Eventually(stack.NewClient(s.URL()).Login).WithArguments(ctx, users[0]).WithTimeout(patience).
			Should(HaveField("Access", Not(BeEmpty())), s.Name())
	}
})

func start(ctx context.Context, launch stack.Launch) *stack.Server {
	GinkgoHelper()
	server, err := launch.Start(ctx)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(server.Stop)
	return server
}

// prepareRealm lifts the limits on logins, and makes a race's leeway the shortest.
func prepareRealm(ctx context.Context) {
	GinkgoHelper()
	Eventually(func() error { // the leader writes the status meanwhile
		realm := &v1alpha1.Realm{}
		if err := env.Client.Get(ctx, client.ObjectKey{Namespace: stack.Namespace, Name: "default"}, realm); err != nil {
			return err
		}
		realm.Spec.Sessions.MaxPerUser, realm.Spec.Sessions.MaxLoginsPerHour = 1000, 1000
		realm.Spec.Sessions.RefreshLeeway = metav1.Duration{Duration: 2 * time.Second}
		return env.Client.Update(ctx, realm)
	}).Should(Succeed())
}

// aUser makes a User with a random password.
func aUser(ctx context.Context, name string) stack.Login {
	GinkgoHelper()
	login := stack.Login{User: name, Password: stack.RandomPassword()}
	for _, o := range []client.Object{
		stack.PasswordSecret(name, login.Password),
		&v1alpha1.User{
			ObjectMeta: metav1.ObjectMeta{Namespace: stack.Namespace, Name: name},
			Spec:       v1alpha1.UserSpec{PasswordSecretRef: &v1alpha1.PasswordSecretReference{Name: name}},
		},
	} {
		Expect(env.Client.Create(ctx, o)).To(Succeed())
	}
	return login
}

// isReady says whether the leader has seen a user and hashed their password.
func isReady(ctx context.Context, name string) (bool, error) {
	user, secret := &v1alpha1.User{}, &corev1.Secret{}
	if err := env.Client.Get(ctx, client.ObjectKey{Namespace: stack.Namespace, Name: name}, user); err != nil {
		return false, err
	}
	err := env.Client.Get(ctx, client.ObjectKey{Namespace: stack.Namespace, Name: name}, secret)
	_, plain := secret.Data[v1alpha1.PasswordDataKey]
	return !plain && meta.IsStatusConditionTrue(user.Status.Conditions, "Ready"), err
}
