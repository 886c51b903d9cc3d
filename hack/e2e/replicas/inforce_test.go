package replicas_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/hack/stack"
)

// changes is how often the spec of Roles changes one and asks every replica at once.
const changes = 50

// Whoever waits for Ready right after applying must never be judged by what was there before: not by a Ready of the
// earlier generation, and by no replica that is late.
var _ = Describe("kubectl wait --for=condition=Ready, right after an apply", func() {
	apply := func(ctx context.Context, kind, name, spec string) {
		GinkgoHelper()
		o := &unstructured.Unstructured{}
		Expect(json.Unmarshal(fmt.Appendf(nil, `{"apiVersion": "auth.latchkey.dev/v1alpha1", "kind": %q, "metadata": {"namespace": %q, "name": %q}, "spec": %s}`,
			kind, stack.Namespace, name, spec), &o.Object)).To(Succeed())
		Expect(env.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(o), client.FieldOwner("argocd"), client.ForceOwnership)).To(Succeed())
		Expect(k(ctx, "wait", "--for=condition=Ready", "--timeout=60s", "lk"+strings.ToLower(kind)+"/"+name)).To(ContainSubstring("condition met"))
	}
	everyoneSays := func(ctx context.Context, check, access string, want, change int) {
		GinkgoHelper()
		for _, server := range serving {
			Expect(stack.Ask(ctx, server.URL()+check, access)).To(Equal(want), "change %d, %s", change, server.Name())
		}
	}

	It(fmt.Sprintf("returns when every replica judges by the new Role: none of %d is stale", changes), func(ctx SpecContext) {
		apply(ctx, "Role", "open", `{"description": "what is asked for"}`)
		apply(ctx, "Role", "gate", `{"includes": ["open"]}`)
		k(ctx, "patch", "lkuser", users[0].User, "--type=merge", "-p", `{"spec": {"roles": ["gate"]}}`)
		DeferCleanup(func(ctx context.Context) {
			k(ctx, "patch", "lkuser", users[0].User, "--type=merge", "-p", `{"spec": {"roles": []}}`)
			k(ctx, "delete", "lkrole", "gate", "open")
		})
		access := logIn(ctx, 1).Access
		everyReplica(ctx, access, http.StatusOK)
		for _, server := range serving { // the User's roles have no Ready to wait for
			Eventually(stack.Ask).WithArguments(ctx, server.URL()+"/check/role/open", access).WithTimeout(patience).Should(Equal(http.StatusOK))
		}
		for i := range changes {
			includes, want := `[]`, http.StatusForbidden
			if i%2 == 1 {
				includes, want = `["open"]`, http.StatusOK
			}
			apply(ctx, "Role", "gate", fmt.Sprintf(`{"includes": %s}`, includes))
			everyoneSays(ctx, "/check/role/open", access, want, i)
		}
	})

	It("returns when every replica refuses what the new Realm distrusts", func(ctx SpecContext) {
		for i := range replicaCount {
			access := logIn(ctx, 1+i).Access
			everyReplica(ctx, access, http.StatusOK)
			// Later than any key, so that it counts as when it is seen; and another second each time, however fast this goes.
			moment := time.Now().Add(time.Duration(1+i) * time.Second).UTC().Format(time.RFC3339)
			apply(ctx, "Realm", "default", fmt.Sprintf(`{"keys": {"distrustBefore": %q}}`, moment))
			everyoneSays(ctx, "/check/role/authenticated", access, http.StatusUnauthorized, i)
		}
	})
})
