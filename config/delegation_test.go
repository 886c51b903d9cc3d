package config_test

import (
	"context"
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
)

// deeds are what a realm's admin does, in this order, each to one thing in a namespace.
var deeds = []struct {
	name string
	do   func(ctx context.Context, c client.Client, namespace string) error
}{
	{"reads the Realm", func(ctx context.Context, c client.Client, namespace string) error {
		return c.Get(ctx, client.ObjectKey{Namespace: namespace, Name: v1alpha1.RealmName}, &v1alpha1.Realm{})
	}},
	{"changes the Realm", func(ctx context.Context, c client.Client, namespace string) error {
		return c.Patch(ctx, &v1alpha1.Realm{ObjectMeta: named(namespace, v1alpha1.RealmName)}, merge(`{"spec": {"passwords": {"minLength": 14}}}`))
	}},
	{"applies a Role", func(ctx context.Context, c client.Client, namespace string) error {
		return c.Apply(ctx, manifest(namespace, "Role", `{"rules": [{"hosts": ["*"], "paths": ["/**"], "methods": ["GET"]}]}`), client.FieldOwner("argocd"))
	}},
	{"changes a Role", func(ctx context.Context, c client.Client, namespace string) error {
		return c.Patch(ctx, &v1alpha1.Role{ObjectMeta: named(namespace, "x")}, merge(`{"spec": {"description": "all"}}`))
	}},
	{"makes a password Secret", func(ctx context.Context, c client.Client, namespace string) error {
		return c.Create(ctx, &corev1.Secret{
			ObjectMeta: named(namespace, "x"), Type: v1alpha1.PasswordSecretType,
			Data: map[string][]byte{v1alpha1.PasswordDataKey: nil},
		})
	}},
	{"changes a password", func(ctx context.Context, c client.Client, namespace string) error {
		return c.Patch(ctx, &corev1.Secret{ObjectMeta: named(namespace, "x")}, merge(`{"stringData": {"password": ""}}`))
	}},
	{"looks for password Secrets", func(ctx context.Context, c client.Client, namespace string) error {
		return c.List(ctx, &corev1.SecretList{}, client.InNamespace(namespace))
	}},
	{"applies a User", func(ctx context.Context, c client.Client, namespace string) error {
		return c.Apply(ctx, manifest(namespace, "User", `{"roles": ["x"], "passwordSecretRef": {"name": "x"}}`), client.FieldOwner("argocd"))
	}},
	{"disables a User", func(ctx context.Context, c client.Client, namespace string) error {
		return c.Patch(ctx, &v1alpha1.User{ObjectMeta: named(namespace, "x")}, merge(`{"spec": {"disabled": true}}`))
	}},
	{"lists Users", func(ctx context.Context, c client.Client, namespace string) error {
		return c.List(ctx, &v1alpha1.UserList{}, client.InNamespace(namespace))
	}},
	{"lists logins", func(ctx context.Context, c client.Client, namespace string) error {
		return c.List(ctx, &v1alpha1.SessionList{}, client.InNamespace(namespace))
	}},
	{"ends a login", func(ctx context.Context, c client.Client, namespace string) error {
		return c.Delete(ctx, &v1alpha1.Session{ObjectMeta: named(namespace, "x")})
	}},
	{"ends every login", func(ctx context.Context, c client.Client, namespace string) error {
		return c.DeleteAllOf(ctx, &v1alpha1.Session{}, client.InNamespace(namespace))
	}},
	{"revokes a token", func(ctx context.Context, c client.Client, namespace string) error {
		return c.Apply(ctx, manifest(namespace, "RevokedToken", `{"tokenID": "x"}`), client.FieldOwner("argocd"))
	}},
	{"takes that back", func(ctx context.Context, c client.Client, namespace string) error {
		return c.Delete(ctx, &v1alpha1.RevokedToken{ObjectMeta: named(namespace, "x")})
	}},
	{"reads Events", func(ctx context.Context, c client.Client, namespace string) error {
		return c.List(ctx, &corev1.EventList{}, client.InNamespace(namespace))
	}},
	{"deletes a User", func(ctx context.Context, c client.Client, namespace string) error {
		return c.Delete(ctx, &v1alpha1.User{ObjectMeta: named(namespace, "x")})
	}},
	{"deletes a password", func(ctx context.Context, c client.Client, namespace string) error {
		return c.Delete(ctx, &corev1.Secret{ObjectMeta: named(namespace, "x")})
	}},
	{"deletes a Role", func(ctx context.Context, c client.Client, namespace string) error {
		return c.Delete(ctx, &v1alpha1.Role{ObjectMeta: named(namespace, "x")})
	}},
}

func named(namespace, name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: namespace, Name: name}
}

func merge(patch string) client.Patch { return client.RawPatch(types.MergePatchType, []byte(patch)) }

// manifest is an object named x, to apply.
func manifest(namespace, kind, spec string) runtime.ApplyConfiguration {
	GinkgoHelper()
	objects := decode(fmt.Appendf(nil, `{"apiVersion": "auth.latchkey.dev/v1alpha1", "kind": %q, "metadata": {"namespace": %q, "name": "x"}, "spec": %s}`, kind, namespace, spec))
	Expect(objects).To(HaveLen(1))
	return client.ApplyConfigurationFromUnstructured(objects[0])
}

// allowed asks the API server whether a member of a group may do something.
func allowed(ctx context.Context, group, verb, apiGroup, resource, namespace, name string) bool {
	GinkgoHelper()
	review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User: "tess", Groups: []string{group, "system:authenticated"},
		ResourceAttributes: &authorizationv1.ResourceAttributes{Verb: verb, Group: apiGroup, Resource: resource, Namespace: namespace, Name: name},
	}}
	Expect(api.Create(ctx, review)).To(Succeed())
	return review.Status.Allowed
}

var _ = Describe("A realm that is handed to a team", func() {
	const admins, editors, viewers = "team-a-admins", "team-a-editors", "team-a-viewers"

	It("lets its admin do everything there", func(ctx SpecContext) {
		Expect(api.Create(ctx, &v1alpha1.Session{ObjectMeta: named("team-a", "x"), Spec: v1alpha1.SessionSpec{
			User: v1alpha1.SessionUser{Name: "x", UID: "x"}, ExpiresAt: metav1.NewTime(time.Now().Add(time.Hour)),
		}})).To(Succeed())
		tess := clientOf("tess", admins)
		for _, deed := range deeds {
			Expect(deed.do(ctx, tess, "team-a")).To(Succeed(), deed.name)
		}
	})

	DescribeTable("lets its admin do nothing", func(ctx SpecContext, namespace string) {
		tess := clientOf("tess", admins)
		for _, deed := range deeds {
			Expect(deed.do(ctx, tess, namespace)).To(MatchError(apierrors.IsForbidden, "forbidden"), deed.name)
		}
	},
		Entry("in a namespace of somebody else", "elsewhere"),
		Entry("in Latchkey's own, which is the default realm", "latchkey"),
	)

	It("keeps its admin from everything that the whole cluster shares", func(ctx SpecContext) {
		tess := clientOf("tess", admins)
		for name, list := range map[string]client.ObjectList{
			"Users of all realms": &v1alpha1.UserList{}, "Secrets of all namespaces": &corev1.SecretList{}, "namespaces": &corev1.NamespaceList{},
			"ClusterRoles": &rbacv1.ClusterRoleList{}, "admission": &admissionregistrationv1.ValidatingWebhookConfigurationList{},
		} {
			Expect(tess.List(ctx, list)).To(MatchError(apierrors.IsForbidden, "forbidden"), name)
		}
	})

	DescribeTable("may be used as its golden file says, and not otherwise (P14)", func(ctx SpecContext, group, role string) {
		everybodys := review(ctx, clientOf("nobody"), "team-a")
		tess := clientOf("tess", group)
		equalsGolden(role, review(ctx, tess, "team-a").without(everybodys).String())
		for _, other := range []string{"elsewhere", "latchkey"} {
			Expect(review(ctx, tess, other).without(everybodys)).To(BeEmpty(), other)
		}
	},
		Entry("by admins", admins, "latchkey-admin"),
		Entry("by editors", editors, "latchkey-editor"),
		Entry("by viewers", viewers, "latchkey-viewer"),
	)

	DescribeTable("doesn't let", func(ctx SpecContext, group, verb, apiGroup, resource, name string) {
		Expect(allowed(ctx, group, verb, apiGroup, resource, "team-a", name)).To(BeFalse())
	},
		Entry("an admin make it a realm again that was taken back", admins, "create", v1alpha1.GroupName, "realms", ""),
		Entry("an admin delete the Realm", admins, "delete", v1alpha1.GroupName, "realms", v1alpha1.RealmName),
		Entry("an admin hand it on", admins, "create", rbacv1.GroupName, "rolebindings", ""),
		Entry("an admin take Latchkey's rights away", admins, "delete", rbacv1.GroupName, "rolebindings", "latchkey-realm-serve"),
		Entry("an admin give kubernetesRules that they don't hold (Q06)", admins, "escalate", v1alpha1.GroupName, "roles", "x"),
		Entry("an admin begin a login", admins, "create", v1alpha1.GroupName, "sessions", ""),
		Entry("an admin prolong a login", admins, "update", v1alpha1.GroupName, "sessions", "x"),
		Entry("an admin say how things stand (Q01)", admins, "patch", v1alpha1.GroupName, "users/status", "x"),
		Entry("an admin run Pods", admins, "create", "", "pods", ""),
		Entry("an editor read a Secret", editors, "get", "", "secrets", v1alpha1.SigningKeysSecretName),
		Entry("an editor write a Secret", editors, "create", "", "secrets", ""),
		Entry("an editor write Roles", editors, "update", v1alpha1.GroupName, "roles", "x"),
		Entry("an editor give Roles (Q06)", editors, "grant", v1alpha1.GroupName, "roles", "x"),
		Entry("an editor revive what was revoked (V15)", editors, "delete", v1alpha1.GroupName, "revokedtokens", "x"),
		Entry("an editor change the Realm", editors, "patch", v1alpha1.GroupName, "realms", v1alpha1.RealmName),
		Entry("a viewer read a Secret", viewers, "list", "", "secrets", ""),
		Entry("a viewer write a User", viewers, "patch", v1alpha1.GroupName, "users", "x"),
		Entry("a viewer end a login", viewers, "delete", v1alpha1.GroupName, "sessions", "x"),
	)

	It("lets an editor give the Roles that a Role of Kubernetes names, and no others", func(ctx SpecContext) {
		mayGive := &rbacv1.Role{ObjectMeta: named("team-a", "gives-readers"), Rules: []rbacv1.PolicyRule{{
			APIGroups: []string{v1alpha1.GroupName}, Resources: []string{"roles"}, Verbs: []string{"grant"}, ResourceNames: []string{"reader"},
		}}}
		binding := &rbacv1.RoleBinding{
			ObjectMeta: named("team-a", "gives-readers"),
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: mayGive.Name},
			Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "Group", Name: editors}},
		}
		for _, o := range []client.Object{mayGive, binding} {
			Expect(api.Create(ctx, o)).To(Succeed())
			DeferCleanup(func(ctx context.Context) { Expect(api.Delete(ctx, o)).To(Succeed()) })
		}
		Eventually(func() bool { return allowed(ctx, editors, "grant", v1alpha1.GroupName, "roles", "team-a", "reader") }).Should(BeTrue())
		Expect(allowed(ctx, editors, "grant", v1alpha1.GroupName, "roles", "team-a", "admin")).To(BeFalse())
	})

	It("adds to the roles of Kubernetes' own only what their holders could take already", func() {
		labels := map[string]map[string]string{}
		for _, role := range ofKind[rbacv1.ClusterRole](render("default"), "ClusterRole") {
			if len(role.Labels) > 0 {
				labels[role.Name] = role.Labels
			}
		}
		Expect(labels).To(Equal(map[string]map[string]string{
			"latchkey-admin": {"rbac.authorization.k8s.io/aggregate-to-admin": "true"},
		}))
	})

	It("is nobody's unless a patch says whose", func() {
		for _, binding := range ofKind[rbacv1.RoleBinding](render("default"), "RoleBinding") {
			if binding.RoleRef.Kind == "ClusterRole" {
				Expect(binding.Subjects).To(BeEmpty(), binding.Name)
			}
		}
	})
})
