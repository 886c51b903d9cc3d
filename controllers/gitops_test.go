package controllers_test

import (
	"context"
	"os"
	"path/filepath"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	lua "github.com/yuin/gopher-lua"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/cli-utils/pkg/kstatus/status"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
	"sigs.k8s.io/yaml"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/controllers/controllertest"
	"github.com/latchkey-auth/latchkey/hack/testenv"
)

// seen is an object as a GitOps tool gets it.
func seen(ctx context.Context, o client.Object) *unstructured.Unstructured {
	GinkgoHelper()
	kind, err := apiutil.GVKForObject(o, testenv.Scheme())
	Expect(err).NotTo(HaveOccurred())
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(kind)
	Expect(environment.Client.Get(ctx, client.ObjectKeyFromObject(o), u)).To(Succeed())
	return u
}

// declared is an object as it stands in Git.
func declared(o client.Object) *unstructured.Unstructured {
	GinkgoHelper()
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o)
	Expect(err).NotTo(HaveOccurred())
	u := &unstructured.Unstructured{Object: content}
	kind, err := apiutil.GVKForObject(o, testenv.Scheme())
	Expect(err).NotTo(HaveOccurred())
	u.SetGroupVersionKind(kind)
	unstructured.RemoveNestedField(u.Object, "status")
	unstructured.RemoveNestedField(u.Object, "metadata", "creationTimestamp")
	return u
}

// flux is what Flux says of an object, by the library that it asks.
func flux(u *unstructured.Unstructured) string {
	GinkgoHelper()
	result, err := status.Compute(u)
	Expect(err).NotTo(HaveOccurred())
	return result.Status.String()
}

// argo is what Argo CD says of an object, by the script of config/gitops.
func argo(u *unstructured.Unstructured) string {
	GinkgoHelper()
	text, err := os.ReadFile(filepath.Join(testenv.Root(), "config", "gitops", "argocd-cm.yaml"))
	Expect(err).NotTo(HaveOccurred())
	settings := &corev1.ConfigMap{}
	Expect(yaml.UnmarshalStrict(text, settings)).To(Succeed())
	var checks map[string]map[string]string
	Expect(yaml.UnmarshalStrict([]byte(settings.Data["resource.customizations"]), &checks)).To(Succeed())

	l := lua.NewState()
	defer l.Close()
	l.SetGlobal("obj", inLua(l, u.Object))
	Expect(l.DoString(checks["auth.latchkey.dev/*"]["health.lua"])).To(Succeed())
	answer, ok := l.Get(-1).(*lua.LTable)
	Expect(ok).To(BeTrue(), "the script returns a table")
	return answer.RawGetString("status").String()
}

// inLua makes of JSON what Argo CD hands to scripts.
func inLua(l *lua.LState, value any) lua.LValue {
	switch v := value.(type) {
	case map[string]any:
		table := l.NewTable()
		for key, item := range v {
			table.RawSetString(key, inLua(l, item))
		}
		return table
	case []any:
		table := l.NewTable()
		for _, item := range v {
			table.Append(inLua(l, item))
		}
		return table
	case string:
		return lua.LString(v)
	case bool:
		return lua.LBool(v)
	case int64:
		return lua.LNumber(v)
	case float64:
		return lua.LNumber(v)
	default:
		return lua.LNil
	}
}

var _ = Describe("GitOps sees", func() {
	const (
		inProgress, current = "InProgress", "Current"
		hash                = "$2y$04$7Q7dnyXrw1Mg6LTnUGHFcuQCeEJbS1fcFBNmkXbx0bJ6JYzkyKPMG"
	)
	user := func(name string, spec v1alpha1.UserSpec) client.Object {
		return &v1alpha1.User{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: spec}
	}
	withPassword := func(secret string, roles ...v1alpha1.GrantableRoleName) v1alpha1.UserSpec {
		return v1alpha1.UserSpec{PasswordSecretRef: &v1alpha1.PasswordSecretReference{Name: secret}, Roles: roles}
	}
	role := func(name string, includes ...v1alpha1.GrantableRoleName) client.Object {
		return &v1alpha1.Role{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.RoleSpec{Includes: includes}}
	}
	secret := func(kind corev1.SecretType, data string) client.Object {
		return &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Name: "p"}, Type: kind,
			StringData: map[string]string{v1alpha1.PasswordHashDataKey: data},
		}
	}
	realm := &v1alpha1.Realm{ObjectMeta: metav1.ObjectMeta{Name: v1alpha1.RealmName}}

	DescribeTable("what is so",
		func(ctx SpecContext, reason, byFlux, byArgo string, isRealm bool, objects ...client.Object) {
			namespace := newNamespace(ctx)
			if isRealm {
				admit(ctx, namespace)
				objects = append([]client.Object{realm.DeepCopy()}, objects...)
			}
			for _, o := range objects {
				o.SetNamespace(namespace)
				create(ctx, o)
			}
			last := objects[len(objects)-1]
			Eventually(func() string {
				Expect(environment.Client.Get(ctx, client.ObjectKeyFromObject(last), last)).To(Succeed())
				return controllertest.Ready(last)
			}).Should(ContainSubstring(" " + reason + ": "))

			u := seen(ctx, last)
			Expect(flux(u)).To(Equal(byFlux))
			Expect(argo(u)).To(Equal(byArgo))

			By("a change that the leader hasn't seen")
			u.SetGeneration(u.GetGeneration() + 1)
			Expect(flux(u)).To(Equal(inProgress))
			Expect(argo(u)).To(Equal("Progressing"))
		},
		Entry("of a Realm that is ready", "Ready", current, "Healthy", true),
		Entry("of a Realm whose Secrets Latchkey can't reach", "KeysNotReady", inProgress, "Progressing", false, realm.DeepCopy()),
		Entry("of a Role that is ready", "Ready", current, "Healthy", true, role("a")),
		Entry("of a Role whose include comes later", "UnknownInclude", inProgress, "Progressing", true, role("a", "b")),
		Entry("of a Role that includes itself", "IncludeCycle", inProgress, "Degraded", true, role("a", "a")),
		Entry("of a User who can log in", "Ready", current, "Healthy", true, secret(v1alpha1.PasswordSecretType, hash), user("u", withPassword("p"))),
		Entry("of a User before the Realm", "NoRealm", inProgress, "Progressing", false, user("u", withPassword("p"))),
		Entry("of a User whose Secret comes later", "PasswordSecretNotFound", inProgress, "Progressing", true, user("u", withPassword("p"))),
		Entry("of a User whose Role comes later", "UnknownRole", inProgress, "Progressing", true, secret(v1alpha1.PasswordSecretType, hash), user("u", withPassword("p", "r"))),
		Entry("of a User with the wrong type of Secret", "PasswordSecretWrongType", inProgress, "Degraded", true, secret(corev1.SecretTypeOpaque, hash), user("u", withPassword("p"))),
		Entry("of a User with a broken hash", "PasswordHashInvalid", inProgress, "Degraded", true, secret(v1alpha1.PasswordSecretType, "x"), user("u", withPassword("p"))),
		Entry("of a User whose Secret is filled later", "NoPassword", inProgress, "Progressing", true, secret(v1alpha1.PasswordSecretType, ""), user("u", withPassword("p"))),
		Entry("of a User who shall have no password", "NoPassword", inProgress, "Suspended", true, user("u", v1alpha1.UserSpec{})),
		Entry("of a User who is disabled", "Disabled", inProgress, "Suspended", true, user("u", v1alpha1.UserSpec{Disabled: true})),
		Entry("of a RevokedToken that is enforced", "Enforced", current, "Healthy", true,
			&v1alpha1.RevokedToken{ObjectMeta: metav1.ObjectMeta{Name: "t"}, Spec: v1alpha1.RevokedTokenSpec{TokenID: "t"}}),
	)

	It("no drift: what Latchkey writes is never what was applied", func(ctx SpecContext) {
		namespace := newNamespace(ctx)
		admit(ctx, namespace)
		twelve := realm.DeepCopy() // it says something, else the API server takes down whose it is at the second apply alone
		twelve.Spec.Passwords.MinLength = 12
		manifests := []client.Object{twelve, role("viewer", "reader"), role("reader", "viewer"), secret(v1alpha1.PasswordSecretType, hash), user("ann", withPassword("p", "viewer"))}
		apply := func() (versions []string) {
			for _, o := range manifests {
				o.SetNamespace(namespace)
				configuration := declared(o)
				Expect(environment.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(configuration), client.FieldOwner("argocd"))).To(Succeed())
				versions = append(versions, seen(ctx, o).GetResourceVersion())
			}
			return versions
		}
		apply()
		ready := func() (flags []string) {
			for _, o := range manifests {
				flags = append(flags, argo(seen(ctx, o)))
			}
			return flags
		}
		Eventually(ready).Should(HaveExactElements("Healthy", "Degraded", "Degraded", "Progressing", "Healthy")) // the fourth is the Secret
		before := make([]string, 0, len(manifests))
		for _, o := range manifests {
			before = append(before, seen(ctx, o).GetResourceVersion())
		}
		Expect(apply()).To(Equal(before))
	})

	It("a plaintext password come back with each sync, which ends no login", func(ctx SpecContext) {
		namespace := newNamespace(ctx)
		admit(ctx, namespace)
		plain := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "p"}, Type: v1alpha1.PasswordSecretType}
		plain.Data = map[string][]byte{v1alpha1.PasswordDataKey: []byte("correct horse battery staple")}
		ann := &v1alpha1.User{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "ann"}, Spec: withPassword("p")}
		sync := func() {
			Expect(environment.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(declared(plain)), client.FieldOwner("argocd"))).To(Succeed())
		}
		data := func() map[string][]byte {
			now := &corev1.Secret{}
			Expect(environment.Client.Get(ctx, client.ObjectKeyFromObject(plain), now)).To(Succeed())
			return now.Data
		}
		create(ctx, &v1alpha1.Realm{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: v1alpha1.RealmName}}, ann)
		sync()
		Eventually(data).Should(And(HaveKey(v1alpha1.PasswordHashDataKey), Not(HaveKey(v1alpha1.PasswordDataKey))))
		first := data()

		sync()
		Eventually(data).Should(Equal(first))
	})

	It("an object that nobody has looked at: Argo CD waits, and what Flux asks takes it for done", func() {
		content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&v1alpha1.Role{ObjectMeta: metav1.ObjectMeta{Name: "a", Generation: 1}})
		Expect(err).NotTo(HaveOccurred())
		u := &unstructured.Unstructured{Object: content}
		Expect(flux(u)).To(Equal(current), "docs/gitops.md says so: if this is better now, say that")
		Expect(argo(u)).To(Equal("Progressing"))
	})

	It("a login for what it is: nothing to wait for, until it goes", func(ctx SpecContext) {
		namespace := newNamespace(ctx)
		s := &v1alpha1.Session{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "s"}, Spec: v1alpha1.SessionSpec{
			User: v1alpha1.SessionUser{Name: "u", UID: "u"}, ExpiresAt: metav1.NewTime(time.Now().Add(time.Hour)),
		}}
		create(ctx, s)
		u := seen(ctx, s)
		Expect(flux(u)).To(Equal(current))
		Expect(argo(u)).To(Equal("Healthy"))
		u.SetDeletionTimestamp(new(metav1.Now()))
		Expect(flux(u)).To(Equal("Terminating"))
	})
})
