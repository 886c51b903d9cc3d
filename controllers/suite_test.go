package controllers_test

import (
	"context"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/latchkey-auth/latchkey/controllers"
	"github.com/latchkey-auth/latchkey/hack/testenv"
)

// leader is as whom the manager runs. It has the rights below, and no more.
const leader = "latchkey-controller"

// own is Latchkey's own namespace.
const own = "latchkey"

var (
	clusterRights = []rbacv1.PolicyRule{
		right("auth.latchkey.dev", []string{"realms", "roles", "users"}, "get", "list", "watch"),
		right("auth.latchkey.dev", []string{"realms/status", "revokedtokens/status", "roles/status", "users/status"}, "patch"),
		right("auth.latchkey.dev", []string{"revokedtokens"}, "get", "list", "watch", "create", "delete"),
		right("auth.latchkey.dev", []string{"sessions"}, "get", "list", "watch", "patch", "delete"),
		right("events.k8s.io", []string{"events"}, "create", "patch"),
	}
	ownRights = []rbacv1.PolicyRule{
		right("coordination.k8s.io", []string{"leases"}, "get", "list", "watch", "delete"),
		right("", []string{"pods"}, "get"),
	}
	realmRights = []rbacv1.PolicyRule{
		right("", []string{"secrets"}, "get", "list", "watch", "create", "update", "delete"),
	}
)

var environment *testenv.Environment

func TestControllers(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Controllers")
}

var _ = BeforeSuite(func(ctx SpecContext) {
	SetDefaultEventuallyTimeout(30 * time.Second)
	EnforceDefaultTimeoutsWhenUsingContexts() // else WithContext waits for ever
	log.SetLogger(GinkgoLogr)
	var err error
	environment, err = testenv.Start()
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(environment.Stop)
	create(ctx, &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: leader}, Rules: clusterRights})
	create(ctx, &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: leader},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: leader},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: leader}},
	})
	create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: own}})
	grant(ctx, own, ownRights)
	config, err := environment.ConfigFor(leader)
	Expect(err).NotTo(HaveOccurred())
	manager, err := ctrl.NewManager(config, controllers.ManagerOptions(ctrl.Options{
		Scheme: testenv.Scheme(), Logger: GinkgoLogr, Metrics: metricsserver.Options{BindAddress: "0"},
	}, own))
	Expect(err).NotTo(HaveOccurred())
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	Expect(controllers.Setup(running, manager, controllers.Config{
		ExternalURL: "https://auth.example.com", DefaultRealm: "somewhere-else", Namespace: own,
	})).To(Succeed())
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		defer GinkgoRecover()
		Expect(manager.Start(running)).To(Succeed())
	}()
	DeferCleanup(func() { stop(); <-stopped })
})

func right(group string, resources []string, verbs ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{group}, Resources: resources, Verbs: verbs}
}

func create(ctx context.Context, objects ...client.Object) {
	GinkgoHelper()
	for _, o := range objects {
		Expect(environment.Client.Create(ctx, o)).To(Succeed())
	}
}

func newNamespace(ctx context.Context) string {
	GinkgoHelper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "spec-"}}
	create(ctx, namespace)
	return namespace.Name
}

// admit lets the leader reach the Secrets of namespace, which is what makes it a realm.
func admit(ctx context.Context, namespace string) {
	GinkgoHelper()
	grant(ctx, namespace, realmRights)
}

func grant(ctx context.Context, namespace string, rights []rbacv1.PolicyRule) {
	GinkgoHelper()
	create(ctx,
		&rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: leader}, Rules: rights},
		&rbacv1.RoleBinding{
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: leader},
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: leader},
			Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: leader}},
		})
}
