package plugin_test

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	coordinationv1 "k8s.io/api/coordination/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/latchkey-auth/latchkey/controllers/replica"
	"github.com/latchkey-auth/latchkey/hack/stack"
	"github.com/latchkey-auth/latchkey/hack/testenv"
)

// aLaggard is a replica that has a Lease and has followed nothing, until the spec is over.
func aLaggard(ctx context.Context) {
	GinkgoHelper()
	lease := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: stack.Namespace}}
	Expect(replica.State{Name: "laggard", Incarnation: "x", RenewedAt: time.Now()}.Write(lease)).To(Succeed())
	Expect(env.Client.Create(ctx, lease)).To(Succeed())
	DeferCleanup(func(ctx SpecContext) {
		lease.Spec.HolderIdentity = new("") // it ends cleanly
		Expect(env.Client.Update(ctx, lease)).To(Succeed())
		Expect(env.Client.Delete(ctx, lease)).To(Succeed())
	})
}

var _ = Describe("kubectl latchkey wait", func() {
	It("returns when the next request is judged by a user as it is now", func(ctx SpecContext) {
		login := aUser(ctx)
		tokens := logInDirectly(ctx, login)
		Expect(check(ctx, tokens.Access)).To(Equal(http.StatusOK))
		_, err := kubectl.Run(ctx, "-n", stack.Namespace, "patch", "lkuser", login.User, "--type=merge", "-p", `{"spec":{"disabled":true}}`)
		Expect(err).NotTo(HaveOccurred())
		done := aPerson().latchkey(ctx, "", "wait", "lkuser/"+login.User, "realm/default")
		Expect(check(ctx, tokens.Access)).To(Equal(http.StatusUnauthorized), "at once")
		Expect(done).To(Equal(outcome{Out: "user/" + login.User + " in force on 1/1 replicas\nrealm/default in force on 1/1 replicas\n"}))
	})

	It("says which replica lags when the time is over", Serial, func(ctx SpecContext) {
		login := aUser(ctx)
		aLaggard(ctx)
		Expect(aPerson().latchkey(ctx, "", "wait", "user/"+login.User, "--timeout", "3s")).To(Equal(outcome{
			Err: "user/" + login.User + " isn't in force: replica \"laggard\" hasn't followed yet (1/2)\n", Code: 1,
		}))
	})

	It("doesn't take an installation that isn't there for one where all is in force", func(ctx SpecContext) {
		done := aPerson().latchkey(ctx, "", "wait", "user/"+aUser(ctx).User, "--latchkey-namespace", "default", "--timeout", "1s")
		Expect(done.Code).To(Equal(1))
		Expect(done.Err).To(ContainSubstring(`no replica answers: in namespace "default"`))
	})

	DescribeTable("can't be told", func(ctx SpecContext, object, wanted string) {
		Expect(aPerson().latchkey(ctx, "", "wait", object)).To(Equal(outcome{Err: "error: " + wanted + "\n", Code: 2}))
	},
		Entry("when there is no such object", "user/nobody", `users.auth.latchkey.dev "nobody" not found`),
		Entry("when replicas don't follow the kind", "session/x", `replicas don't follow "session": wait for a user, role, realm or revokedtoken, such as user/ann`),
		Entry("when no object is named", "user", `"user" names no object: write KIND/NAME, such as user/ann`),
	)
})

var _ = Describe("kubectl latchkey status", func() {
	It("says that all is well, for programs, too", func(ctx SpecContext) {
		Eventually(func(g Gomega) {
			done := aPerson().latchkey(ctx, "", "status", "-o", "json")
			var said struct {
				Realms   []map[string]any
				Replicas []map[string]any
			}
			g.Expect(json.Unmarshal([]byte(done.Out), &said)).To(Succeed())
			g.Expect(said.Realms).To(ConsistOf(And(
				HaveKeyWithValue("namespace", stack.Namespace), HaveKeyWithValue("ready", "True"), HaveKeyWithValue("issuer", service.URL()),
				HaveKeyWithValue("keys", Not(BeEmpty())), HaveKeyWithValue("replicas", "1/1"),
			)))
			g.Expect(said.Replicas).To(ConsistOf(And(HaveKeyWithValue("name", "run"), HaveKeyWithValue("state", "in touch"),
				HaveKeyWithValue("followed", HaveKeyWithValue("kinds", HaveKey("users"))))))
			g.Expect(done.Code).To(BeZero())
		}).WithTimeout(patience).Should(Succeed())
		table := aPerson().latchkey(ctx, "", "status", "-A")
		Expect(table.Out).To(And(ContainSubstring("REALM "), ContainSubstring("active ES256"), ContainSubstring("in touch")))
	})

	It("says what isn't, by its exit code, too", Serial, func(ctx SpecContext) {
		aLaggard(ctx)
		Eventually(func() outcome { return aPerson().latchkey(ctx, "", "status") }).WithTimeout(patience).Should(And(
			HaveField("Code", 1), HaveField("Out", ContainSubstring(`problem: replica "laggard" is out of touch since`))))
		Expect(aPerson().types(ctx, "", "latchkey", "status", "-n", "default")).To(And(
			HaveField("Code", 1), HaveField("Out", ContainSubstring(`problem: namespace "default" holds no Realm`))))
	})

	It("goes on without what the rights don't show, and names them", func(ctx SpecContext) {
		done := aPersonWith("stranger").latchkey(ctx, "", "status")
		Expect(done.Code).To(BeZero())
		for _, right := range []string{
			`User "stranger" cannot list resource "realms" in API group "auth.latchkey.dev" in the namespace "latchkey"`,
			`User "stranger" cannot list resource "leases" in API group "coordination.k8s.io" in the namespace "latchkey"`,
			`User "stranger" cannot get resource "validatingwebhookconfigurations" in API group "admissionregistration.k8s.io" at the cluster scope`,
		} {
			Expect(done.Out).To(MatchRegexp(`(?m)^unknown: .*%s$`, regexp.QuoteMeta(right)))
		}
	})
})

// rights are those that the table of docs/kubectl.md gives a subcommand.
func rights(subcommand string) []rbacv1.PolicyRule {
	GinkgoHelper()
	page, err := os.ReadFile(filepath.Join(testenv.Root(), "docs", "kubectl.md"))
	Expect(err).NotTo(HaveOccurred())
	row := regexp.MustCompile("(?m)^\\| `" + regexp.QuoteMeta(subcommand) + "` \\|(.*)$").FindStringSubmatch(string(page))
	Expect(row).NotTo(BeNil(), "docs/kubectl.md has no row for "+subcommand)
	var rules []rbacv1.PolicyRule
	for _, right := range regexp.MustCompile("`([a-z ]+) ([a-z]+)`").FindAllStringSubmatch(row[1], -1) {
		rules = append(rules, rbacv1.PolicyRule{
			APIGroups: []string{"", "auth.latchkey.dev", "coordination.k8s.io", "admissionregistration.k8s.io"},
			Verbs:     strings.Fields(right[1]), Resources: []string{right[2]},
		})
	}
	Expect(rules).NotTo(BeEmpty())
	return rules
}

// aPersonAllowed has exactly the documented rights of a subcommand.
func aPersonAllowed(ctx context.Context, name, subcommand string) person {
	GinkgoHelper()
	role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: name}, Rules: rights(subcommand)}
	Expect(env.Client.Create(ctx, role)).To(Succeed())
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: name},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "User", Name: name}},
	}
	Expect(env.Client.Create(ctx, binding)).To(Succeed())
	return aPersonWith(name)
}

var _ = DescribeTable("The documented rights are enough", func(ctx SpecContext, subcommand, stdin string, arguments ...string) {
	login := aUser(ctx)
	tokens := logInDirectly(ctx, login)
	fill := strings.NewReplacer("USER", login.User, "TOKEN", tokens.Access)
	for i := range arguments {
		arguments[i] = fill.Replace(arguments[i])
	}
	who := aPersonAllowed(ctx, "may-"+strings.ToLower(strings.FieldsFunc(subcommand, func(r rune) bool { return r == ' ' })[0]), subcommand)
	var done outcome
	Eventually(func() outcome { // RBAC hears of a binding by its own watch
		done = who.latchkey(ctx, fill.Replace(stdin), arguments...)
		return done
	}).WithTimeout(patience).Should(HaveField("Code", 0))
	Expect(done.Out + done.Err).NotTo(ContainSubstring("forbidden"))

	stranger := aPersonWith("stranger").latchkey(ctx, fill.Replace(stdin), arguments...)
	if subcommand != "status" {
		Expect(stranger.Code).To(Equal(2))
		Expect(stranger.Err).To(ContainSubstring(`User "stranger" cannot `))
	}
},
	Entry("to log a user out", "logout USER", "", "logout", "USER"),
	Entry("to set a password", "passwd USER", "a long enough password", "passwd", "USER", "--password-stdin"),
	Entry("to list logins", "sessions USER", "", "sessions", "USER"),
	Entry("to revoke a token", "revoke TOKEN", "TOKEN", "revoke", "-"),
	Entry("to wait", "wait KIND/NAME", "", "wait", "user/USER"),
	Entry("to see how it does", "status", "", "status"),
)

var _ = Describe("Completion", func() {
	complete := func(ctx context.Context, arguments ...string) []string {
		GinkgoHelper()
		done := aPerson().types(ctx, "", append([]string{"__complete", "latchkey", "--namespace", stack.Namespace}, arguments...)...)
		Expect(done.Code).To(BeZero(), done.Err)
		return strings.Split(done.Out, "\n")
	}

	It("is kubectl's own, by names of the realm", func(ctx SpecContext) {
		login := aUser(ctx)
		Expect(complete(ctx, "passwd", login.User[:3])).To(ContainElement(login.User))
		Expect(complete(ctx, "wait", "")).To(ContainElement("user/"))
		Expect(complete(ctx, "wait", "user/"+login.User[:3])).To(ContainElement("user/" + login.User))
		Expect(complete(ctx, "login", "--realm", "")).To(ContainElement(stack.Namespace))
		Expect(complete(ctx, "")).To(ContainElement(HavePrefix("sessions")))
	})

	It("proposes nothing, and complains of nothing, without rights", func(ctx SpecContext) {
		done := aPersonWith("stranger").types(ctx, "", "__complete", "latchkey", "--namespace", stack.Namespace, "passwd", "")
		Expect(done.Code).To(BeZero())
		Expect(done.Out).To(HavePrefix(":"))
	})
})

var _ = It("kubectl latchkey version says which build it is", func(ctx SpecContext) {
	Expect(aPerson().types(ctx, "", "latchkey", "version").Out).To(HavePrefix("kubectl-latchkey "))
})
