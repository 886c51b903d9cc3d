package user_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/types"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	k8stypes "k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/controllers/controllertest"
	"github.com/latchkey-auth/latchkey/webhook/password"
)

// cheap is within the bounds, and quick.
var cheap = password.Params{MemoryKiB: 8, Time: 1, Parallelism: 1}

func hashOf(plaintext string) string {
	GinkgoHelper()
	hash, err := cheap.Make(plaintext)
	Expect(err).NotTo(HaveOccurred())
	return hash
}

type userOption func(*v1alpha1.User)

func aUser(options ...userOption) *v1alpha1.User {
	u := &v1alpha1.User{ObjectMeta: metav1.ObjectMeta{Name: "ann"}}
	u.Spec.PasswordSecretRef = &v1alpha1.PasswordSecretReference{Name: "ann-password"}
	for _, option := range options {
		option(u)
	}
	return u
}

func withRole(names ...v1alpha1.GrantableRoleName) userOption {
	return func(u *v1alpha1.User) { u.Spec.Roles = append(u.Spec.Roles, names...) }
}

func withoutPassword() userOption {
	return func(u *v1alpha1.User) { u.Spec.PasswordSecretRef = nil }
}

func disabled() userOption { return func(u *v1alpha1.User) { u.Spec.Disabled = true } }

func enabled() userOption { return func(u *v1alpha1.User) { u.Spec.Disabled = false } }

type secretOption func(*corev1.Secret)

func aSecret(options ...secretOption) *corev1.Secret {
	s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "ann-password"}, Type: v1alpha1.PasswordSecretType}
	for _, option := range options {
		option(s)
	}
	return s
}

func withHash(text string) secretOption { return with(v1alpha1.PasswordHashDataKey, text) }

func withPlaintext(text string) secretOption { return with(v1alpha1.PasswordDataKey, text) }

func with(key, text string) secretOption {
	return func(s *corev1.Secret) {
		if s.StringData == nil {
			s.StringData = map[string]string{}
		}
		s.StringData[key] = text
	}
}

func ofType(kind corev1.SecretType) secretOption { return func(s *corev1.Secret) { s.Type = kind } }

func immutable() secretOption { return func(s *corev1.Secret) { s.Immutable = new(true) } }

func aRole(name string) *v1alpha1.Role {
	return &v1alpha1.Role{ObjectMeta: metav1.ObjectMeta{Name: name}}
}

func aRealm() *v1alpha1.Realm {
	return &v1alpha1.Realm{ObjectMeta: metav1.ObjectMeta{Name: v1alpha1.RealmName}}
}

func aSession(name string, user *v1alpha1.User) *v1alpha1.Session {
	return &v1alpha1.Session{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{
			v1alpha1.SessionUserLabel: user.Name, v1alpha1.SessionUserUIDLabel: string(user.UID),
		}},
		Spec: v1alpha1.SessionSpec{
			User:      v1alpha1.SessionUser{Name: user.Name, UID: user.UID},
			ExpiresAt: metav1.Unix(1<<32, 0),
		},
	}
}

// world is the namespace of one spec.
type world struct{ namespace string }

func newWorld(ctx context.Context, objects ...client.Object) world {
	GinkgoHelper()
	w := world{namespace: suite.Namespace(ctx)}
	w.create(ctx, objects...)
	return w
}

func (w world) create(ctx context.Context, objects ...client.Object) {
	GinkgoHelper()
	for _, o := range objects {
		o.SetNamespace(w.namespace)
		Expect(suite.Client.Create(ctx, o)).To(Succeed())
	}
}

func (w world) user(ctx context.Context) *v1alpha1.User {
	GinkgoHelper()
	u := &v1alpha1.User{}
	Expect(suite.Client.Get(ctx, client.ObjectKey{Namespace: w.namespace, Name: "ann"}, u)).To(Succeed())
	return u
}

func (w world) secret(ctx context.Context) *corev1.Secret {
	GinkgoHelper()
	s := &corev1.Secret{}
	Expect(suite.Client.Get(ctx, client.ObjectKey{Namespace: w.namespace, Name: "ann-password"}, s)).To(Succeed())
	return s
}

func (w world) changeUser(ctx context.Context, options ...userOption) *v1alpha1.User {
	GinkgoHelper()
	var changed *v1alpha1.User
	Eventually(func() error {
		changed = w.user(ctx)
		for _, option := range options {
			option(changed)
		}
		return suite.Client.Update(ctx, changed)
	}).WithContext(ctx).Should(Succeed())
	return changed
}

func (w world) changeSecret(ctx context.Context, options ...secretOption) *corev1.Secret {
	GinkgoHelper()
	var changed *corev1.Secret
	Eventually(func() error {
		changed = w.secret(ctx)
		for _, option := range options {
			option(changed)
		}
		return suite.Client.Update(ctx, changed)
	}).WithContext(ctx).Should(Succeed())
	return changed
}

// eventually asks about the User again and again.
func (w world) eventually(ctx context.Context) AsyncAssertion {
	return Eventually(func() *v1alpha1.User { return w.user(ctx) }).WithContext(ctx)
}

// settled is the User once status names the hash that the Secret holds.
func (w world) settled(ctx context.Context) *v1alpha1.User {
	GinkgoHelper()
	Eventually(func(g Gomega) {
		secret := w.secret(ctx)
		g.Expect(secret.Data).NotTo(HaveKey(v1alpha1.PasswordDataKey))
		g.Expect(w.user(ctx).Status.PasswordFingerprint).To(Equal(password.Fingerprint(string(secret.Data[v1alpha1.PasswordHashDataKey]))))
	}).WithContext(ctx).Should(Succeed())
	return w.user(ctx)
}

// revocations are the RevokedTokens, by name.
func (w world) revocations(ctx context.Context) map[string]v1alpha1.RevokedTokenSpec {
	GinkgoHelper()
	list := &v1alpha1.RevokedTokenList{}
	Expect(suite.Client.List(ctx, list, client.InNamespace(w.namespace))).To(Succeed())
	revoked := map[string]v1alpha1.RevokedTokenSpec{}
	for _, item := range list.Items {
		revoked[item.Name] = item.Spec
	}
	return revoked
}

func (w world) events(ctx context.Context) []string { return suite.Events(ctx, w.namespace) }

func beReady(prefix string) types.GomegaMatcher {
	return WithTransform(func(u *v1alpha1.User) string { return controllertest.Ready(u) }, HavePrefix(prefix))
}

func allLoginsOf(user *v1alpha1.User, reason string) v1alpha1.RevokedTokenSpec {
	return v1alpha1.RevokedTokenSpec{User: &v1alpha1.RevokedUser{Name: user.Name, UID: user.UID}, Reason: reason}
}

func passwordRevocation(user *v1alpha1.User, secretUID k8stypes.UID, version string) string {
	return v1alpha1.PasswordRevocationName(string(user.UID), string(secretUID), version)
}
