package main

import (
	"encoding/json"
	"os"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/cmd/kubectl-latchkey/decision"
)

// team is a realm of its own, which no leader has looked at.
const team = "decisions"

func grants(host, path string, methods ...v1alpha1.MethodPattern) v1alpha1.Rule {
	return v1alpha1.Rule{Hosts: []v1alpha1.HostPattern{v1alpha1.HostPattern(host)}, Paths: []v1alpha1.PathPattern{v1alpha1.PathPattern(path)}, Methods: methods}
}

func aRole(ctx SpecContext, name string, spec v1alpha1.RoleSpec) *v1alpha1.Role {
	GinkgoHelper()
	role := &v1alpha1.Role{ObjectMeta: metav1.ObjectMeta{Namespace: team, Name: name}, Spec: spec}
	Expect(api.Create(ctx, role)).To(Succeed())
	return role
}

func aUser(ctx SpecContext, name string, spec v1alpha1.UserSpec) {
	GinkgoHelper()
	Expect(api.Create(ctx, &v1alpha1.User{ObjectMeta: metav1.ObjectMeta{Namespace: team, Name: name}, Spec: spec})).To(Succeed())
}

var _ = Describe("Decisions", Ordered, func() {
	BeforeAll(func(ctx SpecContext) {
		for _, name := range []string{team, "no-realm"} {
			Expect(api.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}})).To(Succeed())
		}
		Expect(api.Create(ctx, &v1alpha1.Realm{ObjectMeta: metav1.ObjectMeta{Namespace: team, Name: v1alpha1.RealmName}})).To(Succeed())
		aRole(ctx, "anonymous", v1alpha1.RoleSpec{Rules: []v1alpha1.Rule{grants("*", "/public/**", "GET")}})
		aRole(ctx, "authenticated", v1alpha1.RoleSpec{Rules: []v1alpha1.Rule{grants("*", "/lobby", "GET")}})
		viewer := aRole(ctx, "viewer", v1alpha1.RoleSpec{Rules: []v1alpha1.Rule{grants("old.example.com", "/reports/**", "GET"), grants("app.example.com", "/reports/**", "GET")}})
		viewer.Status = v1alpha1.RoleStatus{ObservedGeneration: 1, Replicas: "2/2"}
		Expect(api.Status().Update(ctx, viewer)).To(Succeed())
		aRole(ctx, "editor", v1alpha1.RoleSpec{Includes: []v1alpha1.GrantableRoleName{"viewer", "gone"}, Rules: []v1alpha1.Rule{grants("app.example.com", "/reports/**", "POST")}})
		aRole(ctx, "admin", v1alpha1.RoleSpec{Rules: []v1alpha1.Rule{grants("*", "/**", "*")}})
		aUser(ctx, "ada", v1alpha1.UserSpec{Roles: []v1alpha1.GrantableRoleName{"admin"}})
		aUser(ctx, "eddie", v1alpha1.UserSpec{Roles: []v1alpha1.GrantableRoleName{"editor", "missing"}})
		aUser(ctx, "vera", v1alpha1.UserSpec{Roles: []v1alpha1.GrantableRoleName{"viewer"}})
		aUser(ctx, "nora", v1alpha1.UserSpec{})
		aUser(ctx, "dana", v1alpha1.UserSpec{Roles: []v1alpha1.GrantableRoleName{"admin"}, Disabled: true})
	})

	// What people see. UPDATE_GOLDEN=1 writes the files anew.
	DescribeTable("are told as a table", func(ctx SpecContext, golden string, code int, args ...string) {
		got := run(ctx, append(args, "-n", team)...)
		Expect(got.ErrOut).To(BeEmpty())
		Expect(got.Code).To(Equal(code))
		file := filepath.Join("testdata", golden+".golden")
		if os.Getenv("UPDATE_GOLDEN") != "" {
			Expect(os.WriteFile(file, []byte(got.Out), 0o600)).To(Succeed())
		}
		want, err := os.ReadFile(file)
		Expect(err).NotTo(HaveOccurred())
		Expect(got.Out).To(Equal(string(want)))
	},
		Entry("that a rule allows which is held through an include", "explain-include", 0, "explain", "eddie", "GET", "https://app.example.com/reports/7?page=2"),
		Entry("that everybody may", "explain-anonymous", 0, "explain", "anonymous", "GET", "https://app.example.com/public/"),
		Entry("that several rules allow", "explain-several", 0, "explain", "ada", "GET", "https://app.example.com/public/"),
		Entry("that the method is wrong", "explain-method", 1, "explain", "vera", "DELETE", "https://app.example.com/reports/7"),
		Entry("that the path is wrong", "explain-path", 1, "explain", "vera", "GET", "https://app.example.com/"),
		Entry("that the host is wrong", "explain-host", 1, "explain", "vera", "GET", "https://shop.example.com/reports/7"),
		Entry("that the path is ambiguous", "explain-ambiguous", 1, "explain", "vera", "GET", "https://app.example.com/reports/../admin"),
		Entry("that nothing comes near", "explain-nothing", 1, "explain", "nora", "GET", "https://app.example.com/x/y"),
		Entry("that the user is disabled", "explain-disabled", 1, "explain", "dana", "GET", "https://app.example.com/reports/7"),
		Entry("that there is no such user", "explain-unknown", 1, "explain", "ghost", "GET", "https://app.example.com/reports/7"),
		Entry("that a login is needed", "explain-login", 1, "explain", "anonymous", "GET", "https://app.example.com/reports/7"),
		Entry("that the request can't be judged", "explain-invalid", 1, "explain", "vera", "GET", "https://app_1.example.com/%zz"),
		Entry("that a role is held", "explain-role", 0, "explain", "eddie", "--role", "admin,viewer"),
		Entry("that no role is held", "explain-role-missing", 1, "explain", "vera", "--role", "admin,editor"),
		Entry("who can", "whocan", 0, "who-can", "GET", "https://app.example.com/reports/7"),
		Entry("that everybody can", "whocan-everybody", 0, "who-can", "GET", "https://app.example.com/public/a"),
		Entry("that every user can", "whocan-users", 0, "who-can", "GET", "https://app.example.com/lobby"),
		Entry("that nobody can", "whocan-nobody", 1, "who-can", "GET", "https://app..example.com/"),
	)

	It("are told to programs, too", func(ctx SpecContext) {
		var e decision.Explanation
		got := run(ctx, "explain", "eddie", "GET", "https://app.example.com/reports/%C3%A4", "-n", team, "-o", "json")
		Expect(json.Unmarshal([]byte(got.Out), &e)).To(Succeed())
		Expect(e.Status).To(Equal(200))
		Expect(e.Request).To(Equal(&decision.Request{Host: "app.example.com", Path: "/reports/ä"}))
		Expect(e.Rules).To(ConsistOf(And(HaveField("Role", "viewer"), HaveField("Index", 1), HaveField("Generation", int64(1)), HaveField("ResourceVersion", Not(BeEmpty())))))
		Expect(e.Roles).To(ContainElement(And(HaveField("Name", "viewer"), HaveField("Through", []string{"editor", "viewer"}), HaveField("InForce", true), HaveField("Replicas", "2/2"))))

		var w decision.WhoCan
		got = run(ctx, "who-can", "DELETE", "https://app.example.com/", "-n", team, "-o", "yaml")
		Expect(yaml.Unmarshal([]byte(got.Out), &w)).To(Succeed())
		Expect(w.Users).To(ConsistOf(And(HaveField("Name", "ada"), HaveField("Rule.Role", "admin"))))
	})

	It("are none where there is no Realm", func(ctx SpecContext) {
		got := run(ctx, "explain", "vera", "GET", "https://app.example.com/", "-n", "no-realm")
		Expect(got.Code).To(Equal(exitNo))
		Expect(got.Out).To(HavePrefix(`not allowed (403 realm_unknown): there is no Realm in namespace "no-realm": create it`))
	})

	DescribeTable("need a question", func(ctx SpecContext, message string, args ...string) {
		got := run(ctx, args...)
		Expect(got.Code).To(Equal(exitFailed))
		Expect(got.ErrOut).To(Equal("error: " + message + "\n"))
		Expect(got.Out).To(BeEmpty())
	},
		Entry("with a URL", "write explain USER METHOD URL, or explain USER --role ROLES", "explain", "vera", "GET"),
		Entry("with one that is absolute", "the URL must be absolute: write it as https://app.example.com/reports/7", "explain", "vera", "GET", "/reports/7"),
		Entry("of who can, too", "the URL must be absolute: write it as https://app.example.com/reports/7", "who-can", "GET", "app.example.com/reports"),
	)

	It("need rights, and name the missing one", func(ctx SpecContext) {
		got := run(ctx, "explain", "vera", "GET", "https://app.example.com/", "-n", team, "--as", "limited")
		Expect(got.Code).To(Equal(exitFailed))
		Expect(got.ErrOut).To(HavePrefix(`error: you may not list realms.auth.latchkey.dev in namespace "decisions": ask for get and list on realms, roles and users there`))

		Expect(api.Create(ctx, &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Namespace: team, Name: "rules"}, Rules: []rbacv1.PolicyRule{
			{APIGroups: []string{v1alpha1.GroupName}, Resources: []string{"realms", "roles"}, Verbs: []string{"list"}},
		}})).To(Succeed())
		Expect(api.Create(ctx, &rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Namespace: team, Name: "rules"},
			RoleRef:  rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: "rules"},
			Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "User", Name: "limited"}},
		})).To(Succeed())
		Eventually(func() ran {
			return run(ctx, "explain", "anonymous", "GET", "https://app.example.com/public/", "-n", team, "--as", "limited")
		}).Should(HaveField("Code", 0), "no User is read for somebody without a login")
		Expect(run(ctx, "explain", "vera", "GET", "https://app.example.com/", "-n", team, "--as", "limited").ErrOut).To(HavePrefix("error: you may not get users.auth.latchkey.dev"))
		Expect(run(ctx, "who-can", "GET", "https://app.example.com/", "-n", team, "--as", "limited").ErrOut).To(HavePrefix("error: you may not list users.auth.latchkey.dev"))
	})
})
