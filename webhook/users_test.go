package webhook_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/hack/testenv"
	"github.com/latchkey-auth/latchkey/webhook"
	"github.com/latchkey-auth/latchkey/webhook/cluster"
)

var _ = Describe("/users", Ordered, func() {
	var r realm
	var admin, viewer []string

	BeforeAll(func(ctx SpecContext) {
		r = aRealm(ctx)
		r.user(ctx, "ada", "admin")
		r.user(ctx, "vera", "viewer")
		admin, viewer = bearer(r.in("ada").access), bearer(r.in("vera").access)
	})

	send := func(method, path, body string, who []string) answer {
		GinkgoHelper()
		kind := "application/json"
		if method == http.MethodPatch {
			kind = "application/merge-patch+json"
		}
		return do(method, r.url(path), body, append([]string{"Content-Type", kind}, who...)...)
	}
	create := func(name string) answer {
		GinkgoHelper()
		a := send("POST", "/users", fmt.Sprintf(`{"username":%q,"password":%q,"roles":["viewer"],"displayName":"Dörte","email":"d@example.com"}`, name, goodPassword), admin)
		Expect(a.Status).To(Equal(http.StatusCreated), a.Body)
		return a
	}

	It("creates a user who can log in, and whom kubectl sees", func(ctx SpecContext) {
		a := create("doerte")

		Expect(a.Header.Get("Location")).To(Equal("/realms/" + r.namespace + "/users/doerte"))
		Expect(a.json()).To(And(HaveKeyWithValue("username", "doerte"), HaveKeyWithValue("roles", ConsistOf("viewer")),
			HaveKeyWithValue("displayName", "Dörte"), HaveKeyWithValue("disabled", false), HaveKey("id"), HaveKey("createdAt")))
		Expect(a.Body).NotTo(ContainSubstring("assword"))
		user := &v1alpha1.User{}
		Expect(api.Get(ctx, client.ObjectKey{Namespace: r.namespace, Name: "doerte"}, user)).To(Succeed())
		Expect(string(user.UID)).To(Equal(a.text("id")))
		Eventually(func() int { return r.login("doerte", goodPassword).Status }).WithContext(ctx).WithTimeout(10 * time.Second).Should(Equal(http.StatusOK))
		Expect(send("GET", "/users/doerte", "", admin).json()).To(Equal(a.json()))
	})

	It("pages through users", func() {
		create("page-1")
		create("page-2")
		seen, next := map[string]bool{}, ""
		for {
			a := send("GET", "/users?limit=2&continue="+next, "", admin)
			Expect(a.Status).To(Equal(http.StatusOK), a.Body)
			users := a.json()["users"].([]any)
			Expect(len(users)).To(BeNumerically("<=", 2))
			for _, u := range users {
				seen[u.(map[string]any)["username"].(string)] = true
			}
			if next = a.text("continue"); next == "" {
				break
			}
		}
		Expect(seen).To(And(HaveKey("ada"), HaveKey("vera"), HaveKey("page-1"), HaveKey("page-2")))
		for _, bad := range []string{"?limit=0", "?limit=501", "?limit=x", "?limit=1&limit=2", "?page=1"} {
			Expect(send("GET", "/users"+bad, "", admin).text("error")).To(Equal("invalid_request"), bad)
		}
		Expect(send("GET", "/users?continue=junk", "", admin).text("error")).To(Equal("invalid_field"))
	})

	It("changes what a merge patch names, and empties what it nulls", func(ctx SpecContext) {
		create("patched")
		t := func() answer { return r.login("patched", goodPassword) }
		Eventually(func() int { return t().Status }).WithContext(ctx).WithTimeout(10 * time.Second).Should(Equal(http.StatusOK))
		access := t().text("access_token")

		a := send("PATCH", "/users/patched", `{"email":null,"roles":["editor"]}`, admin)

		Expect(a.Status).To(Equal(http.StatusOK), a.Body)
		Expect(a.json()).To(And(HaveKeyWithValue("email", ""), HaveKeyWithValue("roles", ConsistOf("editor")), HaveKeyWithValue("displayName", "Dörte")))
		Expect(get(r.url("/check/role/viewer"), bearer(access)...)).To(beADenial(403, "role_missing"))
		Expect(send("PATCH", "/users/patched", `{"disabled":true}`, admin).Status).To(Equal(http.StatusOK))
		Expect(get(r.url("/check/role/editor"), bearer(access)...)).To(beADenial(401, ""))
	})

	It("writes what a request changes and nothing else, and keeps what others change meanwhile", func(ctx SpecContext) {
		kim := r.user(ctx, "kim", "viewer")
		direct, err := client.NewWithWatch(config, client.Options{Scheme: testenv.Scheme()})
		Expect(err).NotTo(HaveOccurred())
		var sent []string
		others := 1
		store := cluster.New(interceptor.NewClient(direct, interceptor.Funcs{
			Patch: func(ctx context.Context, c client.WithWatch, object client.Object, patch client.Patch, opts ...client.PatchOption) error {
				if others > 0 { // somebody is faster, with another field
					others--
					change := fmt.Sprintf(`{"metadata":{"labels":{"seen":"%d"}},"spec":{"email":"kim%d@example.com"}}`, others, others)
					Expect(api.Patch(ctx, kim.DeepCopy(), client.RawPatch(types.MergePatchType, []byte(change)))).To(Succeed())
				}
				data, err := patch.Data(object)
				Expect(err).NotTo(HaveOccurred())
				Expect(patch.Type()).To(Equal(types.MergePatchType))
				sent = append(sent, string(data))
				return c.Patch(ctx, object, patch, opts...)
			},
		}), unheard{}, time.Now)

		user, err := cluster.Accounts{Store: store}.Change(ctx, r.namespace, "kim", func(a *webhook.Account) { a.DisplayName, a.Roles = "Kim", nil }, "")

		Expect(err).NotTo(HaveOccurred())
		Expect(user.DisplayName).To(Equal("Kim"))
		Expect(len(sent)).To(BeNumerically(">=", 2), "the first was too late")
		for _, data := range sent {
			Expect(data).To(MatchRegexp(`^{"metadata":{"resourceVersion":"[0-9]+"},"spec":{"displayName":"Kim","roles":null}}$`))
		}
		Expect(api.Get(ctx, client.ObjectKeyFromObject(kim), kim)).To(Succeed())
		Expect(kim.Labels).To(HaveKeyWithValue("seen", "0"))
		Expect(kim.Spec.Email).To(Equal("kim0@example.com"))
		Expect(kim.Spec.Roles).To(BeEmpty())
		Expect(kim.Spec.PasswordSecretRef).NotTo(BeNil())
	})

	It("sets a new password, which ends the logins that were made with the old one", func(ctx SpecContext) {
		create("renewed")
		Eventually(func() int { return r.login("renewed", goodPassword).Status }).WithContext(ctx).WithTimeout(10 * time.Second).Should(Equal(http.StatusOK))
		access := r.login("renewed", goodPassword).text("access_token")

		Expect(send("PATCH", "/users/renewed", `{"password":"another-horse-battery"}`, admin).Status).To(Equal(http.StatusOK))

		Expect(get(r.url("/check/role/viewer"), bearer(access)...)).To(beADenial(401, "token_revoked"))
		Eventually(func() int { return r.login("renewed", "another-horse-battery").Status }).WithContext(ctx).WithTimeout(10 * time.Second).Should(Equal(http.StatusOK))
		Expect(r.login("renewed", goodPassword).Body).To(Equal(wrongBody))
	})

	It("deletes a user, whose tokens and password go too", func(ctx SpecContext) {
		create("leaving")
		Eventually(func() int { return r.login("leaving", goodPassword).Status }).WithContext(ctx).WithTimeout(10 * time.Second).Should(Equal(http.StatusOK))
		access := r.login("leaving", goodPassword).text("access_token")

		Expect(send("DELETE", "/users/leaving", "", admin).Status).To(Equal(http.StatusNoContent))

		Expect(get(r.url("/check/role/viewer"), bearer(access)...)).To(beADenial(401, "user_not_found_or_disabled"))
		Expect(send("GET", "/users/leaving", "", admin).Status).To(Equal(http.StatusNotFound))
		Expect(send("DELETE", "/users/leaving", "", admin).Status).To(Equal(http.StatusNotFound))
		secrets := &corev1.SecretList{}
		Expect(api.List(ctx, secrets, client.InNamespace(r.namespace))).To(Succeed())
		for _, s := range secrets.Items {
			Expect(s.Name).NotTo(HavePrefix("leaving-password-"))
		}
	})

	It("is for holders of adminRole alone, and a role by that name must exist", func(ctx SpecContext) {
		for _, request := range [][2]string{{"GET", "/users"}, {"POST", "/users"}, {"GET", "/users/ada"}, {"PATCH", "/users/ada"}, {"DELETE", "/users/ada"}} {
			Expect(send(request[0], request[1], `{}`, nil).Status).To(Equal(http.StatusUnauthorized))
			a := send(request[0], request[1], `{"username":"x"}`, viewer)
			Expect(a.Status).To(Equal(http.StatusForbidden))
			Expect(a.text("error")).To(Equal("insufficient_scope"))
			Expect(a.Header.Get("WWW-Authenticate")).To(ContainSubstring(`error="insufficient_scope"`))
		}
		other := aRealm(ctx, func(s *v1alpha1.RealmSpec) { s.AdminRole = "boss" })
		other.user(ctx, "ada", "admin", "boss")
		Expect(get(other.url("/users"), bearer(other.in("ada").access)...).Status).To(Equal(http.StatusForbidden))
	})

	DescribeTable("refuses a body that isn't one plain object (H10)",
		func(body string) {
			a := send("POST", "/users", body, admin)
			Expect(a.Status).To(Equal(http.StatusBadRequest), a.Body)
			Expect(a.text("error")).To(Equal("invalid_request"))
			Expect(send("POST", "/users", body, viewer).Status).To(Equal(http.StatusForbidden))
		},
		Entry("a repeated member", `{"username":"x","username":"admin","password":"correct-horse-battery"}`),
		Entry("a member in another case", `{"Username":"x","password":"correct-horse-battery"}`),
		Entry("an unknown member", `{"username":"x","password":"correct-horse-battery","isAdmin":true}`),
		Entry("a deep one", `{"x":`+strings.Repeat("[", 20_000)+strings.Repeat("]", 20_000)+`}`),
		Entry("two objects", `{"username":"x"}{"username":"y"}`),
		Entry("an array", `[]`),
		Entry("text", `hello`),
		Entry("nothing", ``),
		Entry("a number for a name", `{"username":1}`),
	)

	DescribeTable("names the field that is wrong",
		func(body, field string) {
			a := send("POST", "/users", body, admin)
			Expect(a.Status).To(Equal(http.StatusUnprocessableEntity), a.Body)
			Expect(a.text("error")).To(Equal("invalid_field"))
			Expect(a.text("error_description")).To(HavePrefix(field + ": "))
			Expect(a.Body).NotTo(ContainSubstring("horse"))
			Expect(a.Body).NotTo(ContainSubstring("Invalid value"), "a sentence, not the API server's form of one")
		},
		Entry("H13: a path for a name", `{"username":"../x","password":"correct-horse-battery"}`, "username"),
		Entry("H13: a slash", `{"username":"a/b","password":"correct-horse-battery"}`, "username"),
		Entry("H13: no name", `{"username":"","password":"correct-horse-battery"}`, "username"),
		Entry("H13: a long name", `{"username":"`+strings.Repeat("a", 300)+`","password":"correct-horse-battery"}`, "username"),
		Entry("H13: a line break", `{"username":"alice\n","password":"correct-horse-battery"}`, "username"),
		Entry("an upper-case name", `{"username":"Alice","password":"correct-horse-battery"}`, "username"),
		Entry("no password", `{"username":"alice"}`, "password"),
		Entry("a short password", `{"username":"alice","password":"horse"}`, "password"),
		Entry("an email without a host", `{"username":"alice","password":"correct-horse-battery","email":"alice"}`, "email"),
		Entry("a display name with a line break", `{"username":"alice","password":"correct-horse-battery","displayName":"a\nb"}`, "displayName"),
		Entry("an unknown role", `{"username":"alice","password":"correct-horse-battery","roles":["ghost"]}`, "roles"),
		Entry("a reserved role", `{"username":"alice","password":"correct-horse-battery","roles":["authenticated"]}`, "roles"),
	)

	It("answers 409 to a name that is taken, and overwrites nothing (H13)", func(ctx SpecContext) {
		create("taken")
		a := send("POST", "/users", `{"username":"taken","password":"another-horse-battery"}`, admin)
		Expect(a.Status).To(Equal(http.StatusConflict))
		Expect(a.text("error")).To(Equal("already_exists"))
		Eventually(func() int { return r.login("taken", goodPassword).Status }).WithContext(ctx).WithTimeout(10 * time.Second).Should(Equal(http.StatusOK))
	})

	It("gives nobody a Role that reaches into the API server, also by way of another", func(ctx SpecContext) {
		Expect(api.Create(ctx, &v1alpha1.Role{
			ObjectMeta: metav1.ObjectMeta{Namespace: r.namespace, Name: "cluster"},
			Spec:       v1alpha1.RoleSpec{KubernetesRules: []v1alpha1.KubernetesRule{{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"get"}}}},
		})).To(Succeed())
		Expect(api.Create(ctx, &v1alpha1.Role{
			ObjectMeta: metav1.ObjectMeta{Namespace: r.namespace, Name: "way"},
			Spec:       v1alpha1.RoleSpec{Includes: []v1alpha1.GrantableRoleName{"cluster"}},
		})).To(Succeed())
		for _, role := range []string{"cluster", "way"} {
			a := send("PATCH", "/users/vera", fmt.Sprintf(`{"roles":[%q]}`, role), admin)
			Expect(a.text("error_description")).To(HavePrefix("roles: "))
		}
	})
})

var _ = Describe("Who the caller is", func() {
	It("is told by /profile and /userinfo", func(ctx SpecContext) {
		r := aRealm(ctx)
		user := r.user(ctx, "vera", "viewer")
		t := r.in("vera")

		Expect(get(r.url("/profile"), bearer(t.access)...).Body).To(MatchJSON(fmt.Sprintf(`{"id":%q,"username":"vera","roles":["viewer"]}`, user.UID)))
		Expect(get(r.url("/userinfo"), bearer(t.access)...).Body).To(MatchJSON(fmt.Sprintf(
			`{"sub":%q,"preferred_username":"vera","name":"The vera","email":"vera@example.com","roles":["viewer"]}`, user.UID)))
		for _, path := range []string{"/profile", "/userinfo"} {
			a := get(r.url(path))
			Expect(a.Status).To(Equal(http.StatusUnauthorized))
			Expect(a.Header.Get("WWW-Authenticate")).To(Equal(`Bearer realm="` + r.namespace + `"`))
			Expect(a.Header.Get("Cache-Control")).To(Equal("no-store"))
		}
	})
})
