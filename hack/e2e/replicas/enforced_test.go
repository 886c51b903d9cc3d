package replicas_test

import (
	"fmt"
	"net/http"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/latchkey-auth/latchkey/hack/stack"
)

var _ = Describe("kubectl wait --for=condition=Enforced", func() {
	enforced := func(ctx SpecContext, name string) {
		GinkgoHelper()
		Expect(k(ctx, "wait", "--for=condition=Enforced", "--timeout=60s", "lkrevoked/"+name)).To(ContainSubstring("condition met"))
	}
	status := func(ctx SpecContext, name, field string) string {
		GinkgoHelper()
		return k(ctx, "get", "lkrevoked", name, "-o", "jsonpath={.status."+field+"}")
	}

	It("returns when a logout holds at every replica", func(ctx SpecContext) {
		tokens := logIn(ctx, 1)
		everyReplica(ctx, tokens.Access, http.StatusOK)
		Expect(at(2).Logout(ctx, tokens.Access)).To(Succeed())
		name := k(ctx, "get", "lkrevoked", "-o", revocationOf(tokens.Access, "metadata.name"))

		enforced(ctx, name)

		refusedAtOnce(ctx, tokens.Access)
		Expect(status(ctx, name, "replicas")).To(Equal("3/3"))
		Expect(status(ctx, name, "enforcedAt")).NotTo(BeEmpty())
	})

	It("returns when a token that somebody revoked with kubectl is refused everywhere", func(ctx SpecContext) {
		tokens := logIn(ctx, 3)
		everyReplica(ctx, tokens.Access, http.StatusOK)
		_, err := kubectl.RunWith(ctx, strings.NewReader(fmt.Sprintf(`
apiVersion: auth.latchkey.dev/v1alpha1
kind: RevokedToken
metadata: {name: lost-laptop}
spec: {tokenID: %q, reason: "a lost laptop"}
`, claims(tokens.Access).ID)), "-n", stack.Namespace, "apply", "-f", "-")
		Expect(err).NotTo(HaveOccurred())

		enforced(ctx, "lost-laptop")

		refusedAtOnce(ctx, tokens.Access)
		Expect(status(ctx, "lost-laptop", "replicas")).To(Equal("3/3"))
	})
})
