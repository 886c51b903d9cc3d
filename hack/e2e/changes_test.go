package e2e_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/hack/proxy"
	"github.com/latchkey-auth/latchkey/hack/stack"
)

// changesOfAKind is how many changes of each kind are measured.
const changesOfAKind = 15

var _ = Describe("P1 A change by the API server's answer", Ordered, func() {
	var (
		p      *proxy.Proxy
		delays []time.Duration
	)

	BeforeAll(func(ctx context.Context) {
		p = anyProxy()
		role := &v1alpha1.Role{ObjectMeta: metav1.ObjectMeta{Namespace: stack.Namespace, Name: "gate"}}
		Expect(env.Client.Create(ctx, role)).To(Succeed())
		DeferCleanup(func(ctx context.Context) { Expect(env.Client.Delete(ctx, role)).To(Succeed()) })
	})

	// measure notes how long after now the answer to token becomes want.
	measure := func(ctx context.Context, token string, want int) {
		GinkgoHelper()
		begun := time.Now()
		Eventually(status(ctx, p, "/gate", token)).WithTimeout(patience).WithPolling(time.Microsecond).Should(Equal(want))
		delays = append(delays, time.Since(begun))
	}

	It("to a Role is in force on the next request", func(ctx SpecContext) {
		token := logIn(ctx, aUser(ctx, "gina", "gate")).Access
		for i := range changesOfAKind {
			role, want := &v1alpha1.Role{}, http.StatusForbidden
			Expect(env.Client.Get(ctx, client.ObjectKey{Namespace: stack.Namespace, Name: "gate"}, role)).To(Succeed())
			base := role.DeepCopy()
			role.Spec.Rules = nil
			if i%2 == 0 {
				role.Spec.Rules = []v1alpha1.Rule{{
					Hosts: []v1alpha1.HostPattern{"*"}, Paths: []v1alpha1.PathPattern{"/gate"}, Methods: []v1alpha1.MethodPattern{"GET"},
				}}
				want = http.StatusOK
			}
			Expect(env.Client.Patch(ctx, role, client.MergeFrom(base))).To(Succeed())
			measure(ctx, token, want)
		}
	})

	It("to a user's roles is in force on the next request", func(ctx SpecContext) {
		apply(ctx, `
apiVersion: auth.latchkey.dev/v1alpha1
kind: Role
metadata: {name: gatekeeper}
spec:
  rules:
  - {hosts: ["*"], paths: [/gate], methods: [GET]}
`)
		DeferCleanup(kubectl.Run, "-n", stack.Namespace, "delete", "lkrole", "gatekeeper")
		token := logIn(ctx, aUser(ctx, "georg")).Access
		for i := range changesOfAKind {
			user, want := &v1alpha1.User{}, http.StatusForbidden
			Expect(env.Client.Get(ctx, client.ObjectKey{Namespace: stack.Namespace, Name: "georg"}, user)).To(Succeed())
			base := user.DeepCopy()
			user.Spec.Roles = nil
			if i%2 == 0 {
				user.Spec.Roles, want = []v1alpha1.GrantableRoleName{"gatekeeper"}, http.StatusOK
			}
			Expect(env.Client.Patch(ctx, user, client.MergeFrom(base))).To(Succeed())
			measure(ctx, token, want)
		}
	})

	It("that revokes one token is in force on the next request", func(ctx SpecContext) {
		login := aUser(ctx, "greta")
		for range changesOfAKind {
			token := logIn(ctx, login).Access
			promptly(Eventually(status(ctx, p, "/gate", token))).Should(Equal(http.StatusForbidden), "known, without a rule")
			revoked := &v1alpha1.RevokedToken{
				ObjectMeta: metav1.ObjectMeta{Namespace: stack.Namespace, GenerateName: "measured-"},
				Spec:       v1alpha1.RevokedTokenSpec{TokenID: claims(token).ID, Reason: "measured"},
			}
			Expect(env.Client.Create(ctx, revoked)).To(Succeed())
			measure(ctx, token, http.StatusUnauthorized)
		}
	})

	It("that disables a user is in force on the next request", func(ctx SpecContext) {
		login := aUser(ctx, "gustav")
		disable := func(disabled bool) {
			patch := fmt.Appendf(nil, `{"spec":{"disabled":%t}}`, disabled)
			user := &v1alpha1.User{ObjectMeta: metav1.ObjectMeta{Namespace: stack.Namespace, Name: "gustav"}}
			Expect(env.Client.Patch(ctx, user, client.RawPatch("application/merge-patch+json", patch))).To(Succeed())
		}
		for range 3 { // logging in again takes a second each time
			token := logIn(ctx, login).Access
			promptly(Eventually(status(ctx, p, "/gate", token))).Should(Equal(http.StatusForbidden))
			disable(true)
			measure(ctx, token, http.StatusUnauthorized)
			disable(false)
			untilReady(ctx, "lkuser", "gustav")
			Consistently(status(ctx, p, "/gate", token)).WithTimeout(200*time.Millisecond).Should(Equal(http.StatusUnauthorized), "enabling revives no login")
		}
	})

	AfterAll(func() {
		slices.Sort(delays)
		if len(delays) == 0 {
			return
		}
		at := func(percent int) time.Duration {
			return delays[(len(delays)-1)*percent/100].Round(10 * time.Microsecond)
		}
		report := fmt.Sprintf("%d changes through %s: p50 %s, p99 %s, max %s", len(delays), p.Kind, at(50), at(99), at(100))
		AddReportEntry("from the API server's answer to the changed decision", report)
		fmt.Println("from the API server's answer to the changed decision:", report)
	})
})
