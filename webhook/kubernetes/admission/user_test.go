package admission_test

import (
	"context"
	"fmt"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
)

func aUser(namespace, name string, roles ...string) *v1alpha1.User {
	user := &v1alpha1.User{
		TypeMeta:   metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion.String(), Kind: "User"},
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
	}
	for _, role := range roles {
		user.Spec.Roles = append(user.Spec.Roles, v1alpha1.GrantableRoleName(role))
	}
	return user
}

// someRoles are viewer, editor, which includes it, admin, and ops, which reaches into the API server and is in oncall.
func someRoles(ctx context.Context, namespace string) {
	GinkgoHelper()
	for _, role := range []v1alpha1.Role{aRole("viewer"), aRole("editor", "viewer"), aRole("admin"), aRole("ops"), aRole("oncall", "ops")} {
		role.Namespace = namespace
		if role.Name == "ops" {
			role.Spec.KubernetesRules = []v1alpha1.KubernetesRule{{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"delete"}}}
		}
		Expect(api.Create(ctx, &role)).To(Succeed())
	}
}

var _ = Describe("Roles of a User", func() {
	var realm string
	BeforeEach(func(ctx SpecContext) {
		realm = aRealm(ctx)
		someRoles(ctx, realm)
	})
	refused := func(names string) string {
		return `admission webhook "users.admission.latchkey.dev" denied the request: this gives the roles ` + names +
			`: it needs verb grant on each of them, on roles.auth.latchkey.dev in namespace "` + realm + `"`
	}

	It("Q06: are given by nobody who may only write Users", func(ctx SpecContext) {
		tess := aTenant(ctx, realm)
		err := tess.Create(ctx, aUser(realm, "mallory", "admin"))
		Expect(err).To(MatchError(refused(`"admin"`)))
		Expect(apierrors.IsForbidden(err)).To(BeTrue())

		Expect(tess.Create(ctx, aUser(realm, "mallory"))).To(Succeed())
		user := aUser(realm, "mallory", "admin", "viewer")
		Expect(tess.Get(ctx, client.ObjectKeyFromObject(user), user)).To(Succeed())
		user.Spec.Roles = []v1alpha1.GrantableRoleName{"admin", "viewer"}
		Expect(tess.Update(ctx, user)).To(MatchError(refused(`"admin", "viewer"`)))
	})

	It("Q06: are given by who may grant each, and what they include", func(ctx SpecContext) {
		tess := aTenant(ctx, realm, grant("viewer", "oncall"))
		Expect(tess.Create(ctx, aUser(realm, "vera", "viewer"))).To(Succeed())
		Expect(tess.Create(ctx, aUser(realm, "ed", "editor"))).To(MatchError(refused(`"editor"`)))
		Expect(tess.Create(ctx, aUser(realm, "otto", "oncall"))).To(MatchError(refused(`"ops"`)))
	})

	It("are given by who may grant all of the namespace, and in no other", func(ctx SpecContext) {
		tess := aTenant(ctx, realm, grant())
		Expect(tess.Create(ctx, aUser(realm, "otto", "oncall", "admin"))).To(Succeed())
		Expect(tess.Create(ctx, aUser("latchkey", "otto", "oncall"))).To(MatchError(apierrors.IsForbidden, "forbidden"))
	})

	It("are kept, taken away and applied again by anybody who may write Users", func(ctx SpecContext) {
		tess := aTenant(ctx, realm)
		user := aUser(realm, "vera", "editor", "admin")
		Expect(api.Create(ctx, user)).To(Succeed())

		user.Spec.DisplayName, user.Spec.Disabled, user.Labels = "Vera", true, map[string]string{"team": "a"}
		Expect(tess.Update(ctx, user)).To(Succeed())
		user.Spec.Roles = user.Spec.Roles[:1]
		Expect(tess.Update(ctx, user)).To(Succeed())
		patch := client.RawPatch("application/apply-patch+yaml", []byte(`{"apiVersion":"auth.latchkey.dev/v1alpha1","kind":"User","metadata":{"name":"vera"},"spec":{"roles":["editor"]}}`))
		Expect(tess.Patch(ctx, aUser(realm, "vera"), patch, client.FieldOwner("gitops"))).To(Succeed())
		Expect(tess.Delete(ctx, user)).To(Succeed())
	})

	It("are swapped for what they included", func(ctx SpecContext) {
		tess := aTenant(ctx, realm)
		user := aUser(realm, "vera", "editor")
		Expect(api.Create(ctx, user)).To(Succeed())
		user.Spec.Roles = []v1alpha1.GrantableRoleName{"viewer"}
		Expect(tess.Update(ctx, user)).To(Succeed())
	})

	It("may be named before there are any, with a warning, by who may grant them", func(ctx SpecContext) {
		tess := aTenant(ctx, realm, grant("later"))
		Expect(tess.Create(ctx, aUser(realm, "vera", "later"))).To(Succeed())
		Expect(tess.warnings()).To(Equal([]string{`spec.roles: there is no Role "later" in this namespace: it grants nothing until there is one`}))
		Expect(tess.Create(ctx, aUser(realm, "mallory", "later-still"))).To(MatchError(refused(`"later-still"`)))
	})

	It("are known as soon as they are written", func(ctx SpecContext) {
		tess := aTenant(ctx, realm, grant())
		for range 20 {
			role := aRole("")
			role.Namespace, role.GenerateName = realm, "fresh-"
			Expect(tess.Create(ctx, &role)).To(Succeed())
			Expect(tess.Create(ctx, aUser(realm, role.Name, role.Name))).To(Succeed())
			Expect(tess.warnings()).To(BeEmpty())
		}
	})

	It("are given over HTTP, but for those that reach into the API server", func(ctx SpecContext) {
		giveRights(ctx, "serve", serviceUser, realm, grantless())
		service := newPerson(serviceUser)
		Expect(service.Create(ctx, aUser(realm, "vera", "admin", "editor"))).To(Succeed())
		Expect(service.Create(ctx, aUser(realm, "otto", "oncall"))).To(MatchError(ContainSubstring(
			`spec.roles: the roles "ops" have kubernetesRules, so they can't be given over HTTP: use kubectl`)))
		Expect(service.Create(ctx, aUser(realm, "lena", "later"))).To(MatchError(ContainSubstring(
			`spec.roles: over HTTP only Roles that exist can be given, unlike "later"`)))

		otto := aUser(realm, "otto", "oncall")
		Expect(api.Create(ctx, otto)).To(Succeed())
		otto.Spec.Roles = append(otto.Spec.Roles, "viewer")
		Expect(service.Update(ctx, otto)).To(Succeed(), "what somebody gave by kubectl is theirs to keep")
	})

	Context("and the password that opens them", func() {
		aim := func(ctx context.Context, who client.Client, name, secret string) error {
			user := aUser(realm, name)
			patch := fmt.Sprintf(`{"spec":{"passwordSecretRef":{"name":%q}}}`, secret)
			return who.Patch(ctx, user, client.RawPatch("application/merge-patch+json", []byte(patch)))
		}
		refused := func(names string) string {
			return `admission webhook "users.admission.latchkey.dev" denied the request: spec.passwordSecretRef: this gives whoever knows that password the roles ` +
				names + `: it needs verb grant on each of them, on roles.auth.latchkey.dev in namespace "` + realm + `"`
		}
		holder := func(ctx context.Context, name, secret string, roles ...string) {
			GinkgoHelper()
			user := aUser(realm, name, roles...)
			if secret != "" {
				user.Spec.PasswordSecretRef = &v1alpha1.PasswordSecretReference{Name: secret}
			}
			Expect(api.Create(ctx, user)).To(Succeed())
		}

		It("Q06: is chosen by nobody who may not grant each of them", func(ctx SpecContext) {
			tess := aTenant(ctx, realm, grant("viewer", "oncall"))
			holder(ctx, "ada", "ada-password", "admin", "editor")
			holder(ctx, "otto", "", "oncall")
			err := aim(ctx, tess, "ada", "tess-password")
			Expect(err).To(MatchError(refused(`"admin", "editor"`)))
			Expect(apierrors.IsForbidden(err)).To(BeTrue())
			Expect(aim(ctx, tess, "otto", "tess-password")).To(MatchError(refused(`"ops"`)), "a first password, and a role that another includes")

			ada := aUser(realm, "ada")
			Expect(tess.Get(ctx, client.ObjectKeyFromObject(ada), ada)).To(Succeed())
			ada.Spec.PasswordSecretRef.Name = "tess-password"
			ada.Spec.Roles = []v1alpha1.GrantableRoleName{"editor"}
			Expect(tess.Update(ctx, ada)).To(MatchError(refused(`"editor"`)), "of the roles that remain")
			ada.Spec.Roles = nil
			Expect(tess.Update(ctx, ada)).To(Succeed(), "without roles there is nothing to gain")
		})

		It("Q06: is chosen after it was taken away by nobody else either", func(ctx SpecContext) {
			tess := aTenant(ctx, realm)
			holder(ctx, "ada", "ada-password", "admin")
			ada := aUser(realm, "ada")
			Expect(tess.Patch(ctx, ada, client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"passwordSecretRef":null}}`)))).To(Succeed())
			Expect(ada.Spec.PasswordSecretRef).To(BeNil())
			Expect(aim(ctx, tess, "ada", "tess-password")).To(MatchError(refused(`"admin"`)))
			Expect(aim(ctx, tess, "ada", "ada-password")).To(MatchError(refused(`"admin"`)), "who says that it is the one of before?")
		})

		It("is chosen by who may grant each of them, and left as it is by anybody", func(ctx SpecContext) {
			holder(ctx, "vera", "vera-password", "editor")
			holder(ctx, "ada", "ada-password", "admin")
			tess := aTenant(ctx, realm, grant("viewer", "editor"))
			Expect(aim(ctx, tess, "vera", "vera-password-2")).To(Succeed())
			Expect(aim(ctx, tess, "ada", "ada-password")).To(Succeed(), "it is applied again as it was")
			ada := aUser(realm, "ada")
			Expect(tess.Patch(ctx, ada, client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"disabled":true}}`)))).To(Succeed())
			Expect(tess.Patch(ctx, ada, client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"disabled":false}}`)))).To(Succeed())
		})

		It("is changed by the service for everybody, to a Secret that it names after them", func(ctx SpecContext) {
			giveRights(ctx, "serve", serviceUser, realm, grantless())
			service := newPerson(serviceUser)
			holder(ctx, "otto", "otto-password", "oncall", "admin")
			Expect(aim(ctx, service, "otto", "otto-password-x7k2p")).To(Succeed(), "at /password they change their own")
			long := strings.Repeat("a", 63)
			holder(ctx, long, "its-password", "viewer")
			Expect(aim(ctx, service, long, long[:58]+"x7k2p")).To(Succeed(), "the API server cuts off what is too long")
			for _, anothers := range []string{"ada-password-x7k2p", "otto-password", "otto-password-x7k2p-password-x7k2p", "otto-password-1"} {
				Expect(aim(ctx, service, "otto", anothers)).To(MatchError(`admission webhook "users.admission.latchkey.dev" denied the request: `+
					`spec.passwordSecretRef: over HTTP a new password gets a Secret of its own, otto-password- and 5 characters`), anothers)
			}
		})
	})

	It("Q21: are of one User in one realm, whatever their names look like", func(ctx SpecContext) {
		tess := aTenant(ctx, realm)
		other := aRealm(ctx)
		Expect(tess.Create(ctx, aUser(realm, "ada"))).To(Succeed())
		Expect(api.Create(ctx, aUser(other, "ada", "admin"))).To(Succeed())
		mine, theirs := aUser(realm, "ada"), aUser(other, "ada")
		Expect(api.Get(ctx, client.ObjectKeyFromObject(mine), mine)).To(Succeed())
		Expect(api.Get(ctx, client.ObjectKeyFromObject(theirs), theirs)).To(Succeed())
		Expect(mine.UID).NotTo(Equal(theirs.UID))
		Expect(mine.Spec.Roles).To(BeEmpty())
		for _, alike := range []string{"Ada", "аda", "ada.", "a-da\u200b", "ａda"} {
			Expect(tess.Create(ctx, aUser(realm, alike))).To(MatchError(apierrors.IsInvalid, "invalid"), alike)
		}
	})
})
