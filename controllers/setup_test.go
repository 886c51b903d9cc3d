package controllers_test

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/rand"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/controllers/controllertest"
	"github.com/latchkey-auth/latchkey/controllers/replica"
)

var _ = Describe("The controllers together, with the rights of their ServiceAccount", func() {
	var namespace string

	BeforeEach(func(ctx SpecContext) { namespace = newNamespace(ctx) })

	named := func(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Namespace: namespace, Name: name} }
	realm := func() *v1alpha1.Realm { return &v1alpha1.Realm{ObjectMeta: named(v1alpha1.RealmName)} }
	viewer := func() *v1alpha1.Role {
		return &v1alpha1.Role{ObjectMeta: named("viewer"), Spec: v1alpha1.RoleSpec{
			Description: "reads",
			Rules: []v1alpha1.Rule{{
				Hosts: []v1alpha1.HostPattern{"*"}, Paths: []v1alpha1.PathPattern{"/reports/**"}, Methods: []v1alpha1.MethodPattern{"GET"},
			}},
		}}
	}
	ann := func() *v1alpha1.User {
		return &v1alpha1.User{ObjectMeta: named("ann"), Spec: v1alpha1.UserSpec{
			DisplayName: "Ann", Email: "ann@example.com", Roles: []v1alpha1.GrantableRoleName{"viewer"},
			PasswordSecretRef: &v1alpha1.PasswordSecretReference{Name: "ann"},
		}}
	}
	password := func() *corev1.Secret {
		return &corev1.Secret{ObjectMeta: named("ann"), Type: v1alpha1.PasswordSecretType, StringData: map[string]string{v1alpha1.PasswordDataKey: "correct horse"}}
	}
	ready := func(ctx context.Context, o client.Object) func() string {
		return func() string {
			GinkgoHelper()
			Expect(environment.Client.Get(ctx, client.ObjectKeyFromObject(o), o)).To(Succeed())
			return controllertest.Ready(o)
		}
	}
	login := func(ctx context.Context, u *v1alpha1.User) *v1alpha1.Session {
		GinkgoHelper()
		expires := time.Now().Add(time.Hour).UTC()
		s := &v1alpha1.Session{ObjectMeta: named("s-" + rand.String(8)), Spec: v1alpha1.SessionSpec{
			User: v1alpha1.SessionUser{Name: u.Name, UID: u.UID}, ExpiresAt: metav1.NewTime(expires),
		}}
		s.Finalizers = []string{v1alpha1.SessionFinalizer}
		s.Labels = map[string]string{v1alpha1.SessionUserLabel: u.Name, v1alpha1.SessionUserUIDLabel: string(u.UID)}
		s.Annotations = map[string]string{v1alpha1.SessionExpiresAnnotation: expires.Format(time.RFC3339)}
		create(ctx, s)
		return s
	}
	gone := func(ctx context.Context, o client.Object) func() bool {
		return func() bool {
			return apierrors.IsNotFound(environment.Client.Get(ctx, client.ObjectKeyFromObject(o), o))
		}
	}
	update := func(ctx context.Context, o client.Object, change func()) {
		GinkgoHelper()
		Eventually(func() error {
			if err := environment.Client.Get(ctx, client.ObjectKeyFromObject(o), o); err != nil {
				return err
			}
			change()
			return environment.Client.Update(ctx, o)
		}).WithContext(ctx).Should(Succeed())
	}

	It("make a realm of manifests, and write nothing but status into them", func(ctx SpecContext) {
		admit(ctx, namespace)
		r, v, u := realm(), viewer(), ann()
		create(ctx, r, password(), v, u)

		Eventually(ready(ctx, r)).WithContext(ctx).Should(Equal("True Ready: users can log in to this realm"))
		Eventually(ready(ctx, v)).WithContext(ctx).Should(Equal("True Ready: every included Role exists"))
		Eventually(ready(ctx, u)).WithContext(ctx).Should(Equal("True Ready: the user can log in"))
		Expect(r.Status.Issuer).To(Equal("https://auth.example.com/realms/" + namespace))
		Expect(v.Spec).To(Equal(viewer().Spec))
		Expect(u.Spec).To(Equal(ann().Spec))
	})

	It("end logins by every way in which they can end", func(ctx SpecContext) {
		admit(ctx, namespace)
		u, p := ann(), password()
		create(ctx, realm(), p, viewer(), u)
		Eventually(ready(ctx, u)).WithContext(ctx).Should(HavePrefix("True Ready"))

		deleted := login(ctx, u)
		Expect(environment.Client.Delete(ctx, deleted)).To(Succeed())
		Eventually(gone(ctx, deleted)).WithContext(ctx).Should(BeTrue())
		Expect(environment.Client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: v1alpha1.SessionRevocationName(deleted.Name)}, &v1alpha1.RevokedToken{})).To(Succeed())

		before := login(ctx, u)
		update(ctx, p, func() { p.StringData = map[string]string{v1alpha1.PasswordDataKey: "battery staple"} })
		Eventually(gone(ctx, before)).WithContext(ctx).Should(BeTrue())

		update(ctx, u, func() { u.Spec.Disabled = true })
		after := login(ctx, u) // no login begins so, but one may have been on its way
		revoked := &v1alpha1.RevokedToken{ObjectMeta: named("by-hand"), Spec: v1alpha1.RevokedTokenSpec{SessionID: after.Name}}
		create(ctx, revoked)
		Eventually(gone(ctx, after)).WithContext(ctx).Should(BeTrue())
		Eventually(func() error {
			name := v1alpha1.DisabledRevocationName(string(u.UID), u.Generation)
			return environment.Client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, &v1alpha1.RevokedToken{})
		}).WithContext(ctx).Should(Succeed())

		expired := &v1alpha1.RevokedToken{ObjectMeta: named("old"), Spec: v1alpha1.RevokedTokenSpec{TokenID: "jti", ExpiresAt: new(metav1.NewTime(time.Now().Add(-time.Hour).UTC()))}}
		create(ctx, expired)
		Eventually(gone(ctx, expired)).WithContext(ctx).Should(BeTrue())
	})

	It("change the algorithm when every replica knows the next key, and not before", func(ctx SpecContext) {
		admit(ctx, namespace)
		r := realm()
		create(ctx, r)
		Eventually(ready(ctx, r)).WithContext(ctx).Should(HavePrefix("True Ready"))
		first := r.Status.ActiveKeyID
		lease := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: own}}
		says := func(s replica.State) {
			GinkgoHelper()
			s.Name, s.RenewedAt = "blue", time.Now()
			Expect(s.Write(lease)).To(Succeed())
		}
		says(replica.State{Incarnation: "first"})
		create(ctx, lease)
		DeferCleanup(func(ctx SpecContext) { // a clean end: of one that just vanished nobody knows whether it still answers
			says(replica.State{})
			Expect(environment.Client.Update(ctx, lease)).To(Succeed())
			Expect(environment.Client.Delete(ctx, lease)).To(Succeed())
		})

		update(ctx, r, func() { r.Spec.Tokens.Algorithm = "EdDSA" })

		keys := func() []string {
			Expect(environment.Client.Get(ctx, client.ObjectKeyFromObject(r), r)).To(Succeed())
			var keys []string
			for _, k := range r.Status.Keys {
				keys = append(keys, k.Algorithm+" "+k.State)
			}
			return keys
		}
		Eventually(keys).WithContext(ctx).Should(Equal([]string{"ES256 active", "EdDSA next"}))
		Eventually(func() string { keys(); return controllertest.Condition(r, v1alpha1.ConditionKeysReady) }).WithContext(ctx).Should(
			HavePrefix("True RotationWaits: key " + first + " goes on signing, longer than it should: "))
		Expect(controllertest.Condition(r, v1alpha1.ConditionKeysReady)).To(ContainSubstring("blue"))
		Expect(keys()).To(Equal([]string{"ES256 active", "EdDSA next"}))

		secret := &corev1.Secret{}
		Expect(environment.Client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: v1alpha1.SigningKeysSecretName}, secret)).To(Succeed())
		says(replica.State{Incarnation: "first", Followed: replica.Followed{Keys: map[string]string{namespace: secret.ResourceVersion}}})
		Expect(environment.Client.Update(ctx, lease)).To(Succeed())

		Eventually(keys).WithContext(ctx).Should(Equal([]string{"ES256 retired", "EdDSA active"}))
		Expect(controllertest.Condition(r, v1alpha1.ConditionKeysReady)).To(HavePrefix("True KeyRotated"))
	})

	It("say where rights on Secrets are missing, and go on when somebody grants them", func(ctx SpecContext) {
		r, u := realm(), ann()
		create(ctx, r, password(), viewer(), u)
		Eventually(ready(ctx, r)).WithContext(ctx).Should(HavePrefix("False KeysNotReady"))
		Expect(controllertest.Condition(r, v1alpha1.ConditionKeysReady)).To(HavePrefix("False KeysUnreachable: "))
		Eventually(ready(ctx, u)).WithContext(ctx).Should(HavePrefix("False PasswordSecretUnreachable: "))

		admit(ctx, namespace)

		Eventually(ready(ctx, r)).WithContext(ctx).Should(HavePrefix("True Ready"))
		Eventually(ready(ctx, u)).WithContext(ctx).Should(HavePrefix("True Ready"))
	})
})
