package feed_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/controllers/feed"
	"github.com/latchkey-auth/latchkey/hack/testenv"
	"github.com/latchkey-auth/latchkey/webhook/directory"
	"github.com/latchkey-auth/latchkey/webhook/token"
)

func TestFeed(t *testing.T) {
	RegisterFailHandler(Fail)
	SetDefaultEventuallyTimeout(30 * time.Second)
	SetDefaultEventuallyPollingInterval(2 * time.Millisecond)
	RunSpecs(t, "Feed")
}

var (
	api           client.Client // an administrator's
	replicaConfig *rest.Config  // of a replica, which has the rights in doc.go and no others
	admin         *testenv.Environment
)

const replica = "latchkey-serve" // the user that replicas are

var _ = BeforeSuite(func(ctx SpecContext) {
	var err error
	admin, err = testenv.Start()
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(admin.Stop)
	api = admin.Client
	replicaConfig, err = admin.ConfigFor(replica)
	Expect(err).NotTo(HaveOccurred())
	allowKinds(ctx, replica, "realms", "users", "roles", "revokedtokens")
})

// allowKinds gives a user the rights of doc.go on kinds.
func allowKinds(ctx context.Context, user string, resources ...string) {
	GinkgoHelper()
	create(ctx, &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: user}, Rules: []rbacv1.PolicyRule{
		{APIGroups: []string{v1alpha1.GroupName}, Resources: resources, Verbs: []string{"get", "list", "watch"}}}})
	create(ctx, &rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: user},
		RoleRef:  rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: user},
		Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "User", Name: user}}})
}

// allowLeases lets the replica follow Leases in a namespace.
func allowLeases(ctx context.Context, namespace string) {
	GinkgoHelper()
	create(ctx, &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "leases"}, Rules: []rbacv1.PolicyRule{
		{APIGroups: []string{"coordination.k8s.io"}, Resources: []string{"leases"}, Verbs: []string{"get", "list", "watch"}}}})
	create(ctx, &rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "leases"},
		RoleRef:  rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: "leases"},
		Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "User", Name: replica}}})
}

// allowKeys lets the replica read the key Secret of a namespace.
func allowKeys(ctx context.Context, namespace string) {
	GinkgoHelper()
	create(ctx, &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: replica}, Rules: []rbacv1.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"secrets"}, ResourceNames: []string{"latchkey-signing-keys"}, Verbs: []string{"get", "list", "watch"}}}})
	create(ctx, &rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: replica},
		RoleRef:  rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: replica},
		Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "User", Name: replica}}})
}

// forbidKeys takes back what allowKeys gave, until allowKeysAgain.
func forbidKeys(ctx context.Context, namespace string) {
	GinkgoHelper()
	Expect(api.Delete(ctx, &rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: replica}})).To(Succeed())
}

func allowKeysAgain(ctx context.Context, namespace string) {
	GinkgoHelper()
	Expect(api.Delete(ctx, &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: replica}})).To(Succeed())
	allowKeys(ctx, namespace)
}

// running is a replica's feed.
type running struct {
	*feed.Feed
	directory *directory.Directory
	log       *lockedBuffer
}

// aFeed is a replica's feed that runs until the spec ends.
func aFeed(options ...func(*feed.Config)) running {
	GinkgoHelper()
	r := running{directory: directory.New(), log: &lockedBuffer{}}
	c := feed.Config{REST: replicaConfig, Directory: r.directory, ExternalURL: "https://auth.example.com", DefaultRealm: "latchkey",
		Logger: slog.New(slog.NewJSONHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	for _, option := range options {
		option(&c)
	}
	var err error
	r.Feed, err = feed.New(c)
	Expect(err).NotTo(HaveOccurred())
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	DeferCleanup(func() {
		cancel()
		Eventually(ended).Should(Receive(BeNil()))
	})
	return r
}

// aSyncedFeed is a feed that knows everything that was there before.
func aSyncedFeed(options ...func(*feed.Config)) running {
	GinkgoHelper()
	r := aFeed(options...)
	Eventually(r.Synced).Should(BeTrue(), r.log.String)
	return r
}

// realm returns what a feed knows of a realm, which is nothing if it isn't one.
func (r running) realm(namespace string) func() *directory.Realm {
	return func() *directory.Realm { return r.directory.Realm(namespace) }
}

// user returns what a feed knows of a user.
func (r running) user(namespace, name string) func() *directory.User {
	return func() *directory.User {
		if realm := r.directory.Realm(namespace); realm != nil {
			return realm.User(name)
		}
		return nil
	}
}

// keyID returns which key signs in a realm, "" if none.
func (r running) keyID(namespace string) func() string {
	return func() string {
		if realm := r.directory.Realm(namespace); realm != nil {
			return realm.Keys().ActiveKeyID()
		}
		return ""
	}
}

func create[O client.Object](ctx context.Context, o O) O {
	GinkgoHelper()
	Expect(api.Create(ctx, o)).To(Succeed())
	return o
}

// aNamespace is a namespace of the spec's own.
func aNamespace(ctx context.Context) string {
	GinkgoHelper()
	return create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "team-"}}).Name
}

// aRealm is a Realm in a namespace of its own, whose keys the replica may read.
func aRealm(ctx context.Context) *v1alpha1.Realm {
	GinkgoHelper()
	namespace := aNamespace(ctx)
	allowKeys(ctx, namespace)
	realm := create(ctx, &v1alpha1.Realm{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "default"}})
	DeferCleanup(func(ctx SpecContext) { // so that feeds of later specs don't follow it
		Expect(client.IgnoreNotFound(api.Delete(ctx, realm))).To(Succeed())
	})
	return realm
}

func aUser(namespace, name string, roles ...v1alpha1.GrantableRoleName) *v1alpha1.User {
	return &v1alpha1.User{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}, Spec: v1alpha1.UserSpec{Roles: roles}}
}

func aRole(namespace, name string) *v1alpha1.Role {
	return &v1alpha1.Role{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
}

func aRevokedToken(namespace, name string, spec v1alpha1.RevokedTokenSpec) *v1alpha1.RevokedToken {
	return &v1alpha1.RevokedToken{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}, Spec: spec}
}

// theKeysOf is a key Secret of a realm, and the id of its key.
func theKeysOf(realm *v1alpha1.Realm) (*corev1.Secret, string) {
	GinkgoHelper()
	data := aDocument(GinkgoTB())
	document, err := token.ParseDocument(data)
	Expect(err).NotTo(HaveOccurred())
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: realm.Namespace, Name: v1alpha1.SigningKeysSecretName, OwnerReferences: []metav1.OwnerReference{
			*metav1.NewControllerRef(realm, v1alpha1.GroupVersion.WithKind("Realm"))}},
		Type: v1alpha1.SigningKeysSecretType,
		Data: map[string][]byte{v1alpha1.SigningKeysDataKey: data},
	}, document.Generations[0].ID
}

// lockedBuffer takes a log from several goroutines.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// lines returns the log lines that hold each of these texts.
func (l *lockedBuffer) lines(texts ...string) func() []string {
	return func() (found []string) {
		for line := range strings.Lines(l.String()) {
			holds := true
			for _, text := range texts {
				holds = holds && strings.Contains(line, text)
			}
			if holds {
				found = append(found, line)
			}
		}
		return found
	}
}
