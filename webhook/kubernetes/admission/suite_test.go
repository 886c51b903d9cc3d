package admission_test

import (
	"context"
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/yaml"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/hack/testenv"
	"github.com/latchkey-auth/latchkey/webhook/kubernetes/admission"
)

func TestAdmission(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Admission")
}

// The suite's API server, which asks the handler as config/webhook says, and its administrator's client.
var (
	environment *testenv.Environment
	api         client.Client
	server      *httptest.Server
)

// The account that the handler runs with, whose rights are those of doc.go's markers and no others (Q23).
const account = "system:serviceaccount:latchkey:latchkey-kubernetes"

var _ = BeforeSuite(func(ctx SpecContext) {
	log.SetLogger(GinkgoLogr)
	SetDefaultEventuallyTimeout(time.Minute)
	SetDefaultEventuallyPollingInterval(20 * time.Millisecond)
	EnforceDefaultTimeoutsWhenUsingContexts()
	var err error
	environment, err = testenv.Start()
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(environment.Stop)
	api = environment.Client
	giveRights(ctx, "latchkey-kubernetes", account, "",
		rbacv1.PolicyRule{APIGroups: []string{v1alpha1.GroupName}, Resources: []string{"realms", "roles"}, Verbs: []string{"get", "list", "watch"}},
		rbacv1.PolicyRule{APIGroups: []string{"authorization.k8s.io"}, Resources: []string{"subjectaccessreviews"}, Verbs: []string{"create"}})
	Expect(api.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "latchkey"}})).To(Succeed())
	realm := &v1alpha1.Realm{ObjectMeta: metav1.ObjectMeta{Namespace: "latchkey", Name: v1alpha1.RealmName}}
	Expect(api.Create(ctx, realm)).To(Succeed())
	serve()
	install(ctx)
})

// serve runs the handler behind TLS, with a cache and a client of its account.
func serve() {
	GinkgoHelper()
	config := as(account, nil)
	config.QPS = -1
	objects, err := cache.New(config, cache.Options{Scheme: testenv.Scheme()})
	Expect(err).NotTo(HaveOccurred())
	live, err := client.New(config, client.Options{Scheme: testenv.Scheme()})
	Expect(err).NotTo(HaveOccurred())
	running, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer GinkgoRecover()
		Expect(objects.Start(running)).To(Succeed())
	}()
	DeferCleanup(func() { stop(); <-done })
	c := configOf(nil, GinkgoWriter)
	c.Objects, c.Live, c.Reviews = objects, live, live
	handler, err := admission.New(c)
	Expect(err).NotTo(HaveOccurred())
	server = httptest.NewTLSServer(handler)
	DeferCleanup(server.Close)
}

// install configures the API server as config/webhook does, but for where the handler is.
func install(ctx context.Context) {
	GinkgoHelper()
	hooks := webhooks()
	Expect(api.Create(ctx, hooks)).To(Succeed())
	Eventually(func() error { // an API server takes a moment to know a configuration
		return api.Create(ctx, aCycle("latchkey"), client.DryRunAll)
	}).Should(MatchError(ContainSubstring("leads back to where it began")))
}

func webhooks() *admissionregistrationv1.ValidatingWebhookConfiguration {
	GinkgoHelper()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "config", "webhook", "manifests.yaml"))
	Expect(err).NotTo(HaveOccurred())
	hooks := &admissionregistrationv1.ValidatingWebhookConfiguration{}
	Expect(yaml.UnmarshalStrict(text, hooks)).To(Succeed())
	for i := range hooks.Webhooks {
		to := &hooks.Webhooks[i].ClientConfig
		url := server.URL + *to.Service.Path
		to.CABundle = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
		to.URL, to.Service = &url, nil
		hooks.Webhooks[i].TimeoutSeconds = new(int32(30)) // a busy machine is nothing to learn of here
	}
	return hooks
}

func aCycle(namespace string) *v1alpha1.Role {
	role := aRole("a", "a")
	role.Namespace = namespace
	return &role
}

// aRealm makes a namespace with a Realm for the running spec.
func aRealm(ctx context.Context) string {
	GinkgoHelper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "spec-"}}
	Expect(api.Create(ctx, namespace)).To(Succeed())
	realm := &v1alpha1.Realm{ObjectMeta: metav1.ObjectMeta{Namespace: namespace.Name, Name: v1alpha1.RealmName}}
	Expect(api.Create(ctx, realm)).To(Succeed())
	return namespace.Name
}

// giveRights lets a user do what rules say in a namespace, or everywhere.
func giveRights(ctx context.Context, name, user, namespace string, rules ...rbacv1.PolicyRule) {
	GinkgoHelper()
	subjects := []rbacv1.Subject{{Kind: "User", APIGroup: rbacv1.GroupName, Name: user}}
	meta := metav1.ObjectMeta{Name: name, Namespace: namespace}
	if namespace == "" {
		Expect(api.Create(ctx, &rbacv1.ClusterRole{ObjectMeta: meta, Rules: rules})).To(Succeed())
		Expect(api.Create(ctx, &rbacv1.ClusterRoleBinding{ObjectMeta: meta, Subjects: subjects,
			RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: name}})).To(Succeed())
		return
	}
	Expect(api.Create(ctx, &rbacv1.Role{ObjectMeta: meta, Rules: rules})).To(Succeed())
	Expect(api.Create(ctx, &rbacv1.RoleBinding{ObjectMeta: meta, Subjects: subjects,
		RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: name}})).To(Succeed())
}

// as is a configuration with which the administrator acts as somebody else.
func as(user string, warnings rest.WarningHandler) *rest.Config {
	config := rest.CopyConfig(environment.Config)
	config.Impersonate = rest.ImpersonationConfig{UserName: user, Groups: []string{"system:authenticated"}}
	config.WarningHandler = warnings
	return config
}

// person is somebody who writes objects with the rights that RBAC gives them, and hears warnings.
type person struct {
	client.Client

	name string
	mu   sync.Mutex
	told []string
}

// aTenant may write every object of Latchkey in a namespace, and grant what grants say, as RBAC has it.
func aTenant(ctx context.Context, namespace string, rights ...rbacv1.PolicyRule) *person {
	GinkgoHelper()
	everything := rbacv1.PolicyRule{APIGroups: []string{v1alpha1.GroupName}, Resources: []string{"realms", "roles", "users"}, Verbs: []string{"create", "update", "patch", "get", "list", "delete"}}
	user := "tess-" + namespace
	giveRights(ctx, "tenant", user, namespace, append(rights, everything)...)
	return newPerson(user)
}

func newPerson(user string) *person {
	GinkgoHelper()
	p := &person{name: user}
	var err error
	p.Client, err = client.New(as(user, p), client.Options{Scheme: testenv.Scheme()})
	Expect(err).NotTo(HaveOccurred())
	return p
}

// HandleWarningHeader implements rest.WarningHandler.
func (p *person) HandleWarningHeader(code int, _, text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.told = append(p.told, text)
}

// warnings are those since it was last asked.
func (p *person) warnings() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	told := p.told
	p.told = nil
	return slices.Clone(told)
}

// grant is a right to grant Roles, all of a namespace where none is named.
func grant(roles ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{v1alpha1.GroupName}, Resources: []string{"roles"}, Verbs: []string{"grant"}, ResourceNames: roles}
}
