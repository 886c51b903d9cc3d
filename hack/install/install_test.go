package install_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/hack/stack"
)

var _ = Describe("The commands of docs/install.md", func() {
	It("are five, of which none is ours, and are the README's, too", func() {
		commands := commandsOf("docs", "install.md")
		Expect(statements(commands)).To(HaveLen(5))
		for _, word := range regexp.MustCompile(`(?m)(?:^|[|&(] *)([a-z][a-z-]*) `).FindAllStringSubmatch(withoutManifests(commands), -1) {
			Expect(word[1]).To(BeElementOf("helm", "kubectl", "curl", "head", "base64", "echo"))
		}
		Expect(commandsOf("README.md")).To(Or(BeEmpty(), Equal(commands)))
	})

	DescribeTable("install Latchkey in a cluster and log its first user in", func(ctx SpecContext, how func(command string) string) {
		c := newCluster()
		n := newNode(c)
		steps := statements(commandsOf("docs", "install.md"))
		steps[0] = how(steps[0])

		printed, err := c.shell(ctx, throughIngress(strings.Join(steps, "\n"), n.addresses[listen]))

		Expect(err).NotTo(HaveOccurred(), printed)
		lines := strings.Split(strings.TrimSpace(printed), "\n")
		tokens := stack.Tokens{}
		Expect(json.Unmarshal([]byte(lines[len(lines)-1]), &tokens)).To(Succeed(), "the last line: "+lines[len(lines)-1])
		goesOn(ctx, n, tokens.Access)
		isTakenOut(ctx, c)
	},
		Entry("with the templates of Helm's chart", func(command string) string { return command }, NodeTimeout(8*time.Minute)),
		Entry("with kustomize", instead, NodeTimeout(8*time.Minute)),
	)
})

// withoutManifests takes comments, and what is fed to commands, out of a script.
func withoutManifests(script string) string {
	script = regexp.MustCompile(`(?m)^#.*$`).ReplaceAllString(script, "")
	return regexp.MustCompile(`(?ms)(<<EOF[^\n]*\n).*?^EOF$`).ReplaceAllString(script, "$1")
}

// goesOn is what comes after the first login: what is allowed and what isn't, and that it ends at once.
func goesOn(ctx context.Context, n *node, token string) {
	GinkgoHelper()
	ask := func(role, bearer string) int {
		GinkgoHelper()
		status, err := stack.Ask(ctx, "http://"+n.addresses[listen]+"/check/role/"+role, bearer)
		Expect(err).NotTo(HaveOccurred())
		return status
	}
	Expect(ask("admin", token)).To(Equal(http.StatusOK))
	Expect(ask("admin", "")).To(Equal(http.StatusUnauthorized))
	Expect(ask("another", token)).To(Equal(http.StatusForbidden))

	if isAsked(ctx, n.Client) {
		expectAdmission(ctx, n.cluster)
	}

	_, err := n.shell(ctx, `kubectl -n latchkey patch lkuser admin --type=merge -p '{"spec":{"disabled":true}}'`)
	Expect(err).NotTo(HaveOccurred())
	Eventually(ask).WithContext(ctx).WithArguments("admin", token).Should(Equal(http.StatusUnauthorized))
}

// isAsked says whether what is installed has a process for the API server's questions.
func isAsked(ctx context.Context, c client.Client) bool {
	err := c.Get(ctx, client.ObjectKey{Namespace: stack.Namespace, Name: "latchkey-kubernetes"}, &appsv1.Deployment{})
	Expect(client.IgnoreNotFound(err)).To(Succeed())
	return err == nil
}

// expectAdmission holds that the API server refuses what no schema can see, once it asks.
func expectAdmission(ctx context.Context, c *cluster) {
	GinkgoHelper()
	role := func(name, includes string) *v1alpha1.Role {
		return &v1alpha1.Role{
			ObjectMeta: metav1.ObjectMeta{Namespace: stack.Namespace, Name: name},
			Spec:       v1alpha1.RoleSpec{Includes: []v1alpha1.GrantableRoleName{v1alpha1.GrantableRoleName(includes)}},
		}
	}
	Expect(c.Client.Create(ctx, role("first", "second"))).To(Succeed())
	Eventually(func() error { return c.Client.Create(ctx, role("second", "first"), client.DryRunAll) }).WithContext(ctx).
		Should(MatchError(And(ContainSubstring("denied"), ContainSubstring("includes"))))
}

// isTakenOut holds that nothing of Latchkey is left by its uninstall.sh.
func isTakenOut(ctx context.Context, c *cluster) {
	GinkgoHelper()
	printed, err := c.shell(ctx, "config/uninstall/uninstall.sh --delete-namespace")
	Expect(err).NotTo(HaveOccurred(), printed)
	left, err := c.shell(ctx, "kubectl get crd,clusterroles,clusterrolebindings,validatingwebhookconfigurations,validatingadmissionpolicies,validatingadmissionpolicybindings --output=name")
	Expect(err).NotTo(HaveOccurred())
	Expect(left).NotTo(ContainSubstring("latchkey"))
	Expect(left).NotTo(ContainSubstring(v1alpha1.GroupName))
}

var _ = Describe("helm install", func() {
	It("prints one command that makes the first admin, upgrades the CRDs, and leaves them and the users at the end", func(ctx SpecContext) {
		c := newCluster()
		n := newNode(c)
		const values = "config/chart --namespace latchkey --set externalURL=https://auth.example.com"

		printed, err := c.shell(ctx, "helm install latchkey --create-namespace "+values)
		Expect(err).NotTo(HaveOccurred(), printed)
		command := regexp.MustCompile(`(?ms)^PASSWORD=.*?^EOF$`).FindString(printed)
		Expect(statements(commandsOf("docs", "install.md"))[2]).To(Equal(command + "\n"))
		steps := statements(commandsOf("docs", "install.md"))
		steps[0] = ""
		printed, err = c.shell(ctx, throughIngress(strings.Join(steps, "\n"), n.addresses[listen]))
		Expect(err).NotTo(HaveOccurred(), printed)

		_, err = c.shell(ctx, `kubectl patch crd users.auth.latchkey.dev --type=json -p '[{"op": "remove", "path": "/spec/names/shortNames"}]'`)
		Expect(err).NotTo(HaveOccurred())
		printed, err = c.shell(ctx, "helm upgrade latchkey "+values+" --set serve.replicas=3")
		Expect(err).NotTo(HaveOccurred(), printed)
		printed, err = c.shell(ctx, "kubectl get crd users.auth.latchkey.dev -o jsonpath='{.spec.names.shortNames}'")
		Expect(err).NotTo(HaveOccurred())
		Expect(printed).To(ContainSubstring("lkuser"))

		printed, err = c.shell(ctx, "helm uninstall latchkey --namespace latchkey && kubectl --namespace latchkey get lkuser,lkrealm,secrets --output=name")
		Expect(err).NotTo(HaveOccurred(), printed)
		Expect(printed).To(And(ContainSubstring("user.auth.latchkey.dev/admin"), ContainSubstring("realm.auth.latchkey.dev/default"), ContainSubstring("secret/admin-password")))
		Expect(fmt.Sprint(c.Client.Get(ctx, client.ObjectKey{Namespace: stack.Namespace, Name: "latchkey-serve"}, &appsv1.Deployment{}))).To(ContainSubstring("not found"))
	}, NodeTimeout(8*time.Minute))
})
