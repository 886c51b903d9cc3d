//go:build chaos

package chaos_test

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/hack/stack"
)

// keysCorruptedAndDeleted comes last: it ends every login there is.
func keysCorruptedAndDeleted(ctx SpecContext) {
	s := begin(ctx, "key Secret corrupted, then deleted", "a corrupted key document changes nothing, and is said; a deleted one ends every login at once, and everybody can log in again")
	keys := keySecret(ctx)
	good := keys.Data[v1alpha1.SigningKeysDataKey]
	marks := marksOf(serving)
	keys.Data[v1alpha1.SigningKeysDataKey] = good[:len(good)/2]
	Expect(env.Client.Update(ctx, keys)).To(Succeed())
	for i, p := range serving {
		Eventually(func() []string { return p.journal.since(marks[i], "an object can't be read") }).WithTimeout(patience).ShouldNot(BeEmpty(), "%s says so", p.name)
	}
	Eventually(k).WithArguments(ctx, "get", "lkrealm", "default", "-o", "jsonpath={.status.conditions[?(@.type=='KeysReady')].reason}").
		WithTimeout(patience).Should(Equal(v1alpha1.ReasonKeysInvalid))
	settle()
	load.Add(logIn(ctx, serving[0], userName(8)))
	Expect(keySecret(ctx).Data[v1alpha1.SigningKeysDataKey]).To(Equal(good[:len(good)/2]), "nothing is overwritten")
	keys = keySecret(ctx)
	keys.Data[v1alpha1.SigningKeysDataKey] = good
	Expect(env.Client.Update(ctx, keys)).To(Succeed())
	Eventually(k).WithArguments(ctx, "get", "lkrealm", "default", "-o", "jsonpath={.status.conditions[?(@.type=='KeysReady')].status}").
		WithTimeout(patience).Should(Equal("True"))
	settle()

	s.stop() // what people do meanwhile can't be judged: from here on every login ends
	s.traffic.finish(ctx)
	doomed := load.Logins()
	for _, login := range doomed {
		login.Ending()
	}
	deleted := time.Now()
	Expect(env.Client.Delete(ctx, keySecret(ctx))).To(Succeed())
	for _, p := range serving {
		for _, login := range doomed {
			Eventually(accepts(ctx, p, login)).WithTimeout(patience).WithPolling(10*time.Millisecond).Should(BeFalse(), "%s refuses what the deleted keys have signed", p.name)
		}
	}
	for _, login := range doomed {
		login.Ended()
	}
	s.remark("deleted keys: %d logins were refused everywhere after %s", len(doomed), time.Since(deleted).Round(time.Millisecond))
	for i := range users {
		load.Add(logIn(ctx, serving[i%len(serving)], userName(i)))
	}
	s.remark("all users logged in again %s after that", time.Since(deleted).Round(time.Millisecond))
	for _, login := range doomed { // their Sessions are no use to anybody: an administrator ends them
		Expect(client.IgnoreNotFound(env.Client.Delete(ctx, &v1alpha1.Session{ObjectMeta: objectMeta(login.SessionID)}))).To(Succeed())
	}
	s.end(ctx)
}

func keySecret(ctx context.Context) *corev1.Secret {
	GinkgoHelper()
	keys := &corev1.Secret{}
	Expect(env.Client.Get(ctx, client.ObjectKey{Namespace: stack.Namespace, Name: v1alpha1.SigningKeysSecretName}, keys)).To(Succeed())
	return keys
}
