//go:build chaos

package chaos_test

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/hack/stack"
)

// generation is what the suite reads of a key document.
type generation struct{ ID, Algorithm, State string }

func generations(secret *corev1.Secret) []generation {
	var document struct{ Generations []generation }
	if json.Unmarshal(secret.Data[v1alpha1.SigningKeysDataKey], &document) != nil {
		return nil
	}
	return document.Generations
}

// of are the generations of an algorithm.
func of(algorithm string, all []generation) (found []generation) {
	for _, g := range all {
		if g.Algorithm == algorithm {
			found = append(found, g)
		}
	}
	return found
}

func leaderKilledWhileKeysRotate(ctx SpecContext) {
	s := begin(ctx, "keys rotate, leader killed", "P12: no valid token is refused while a new algorithm is published, acknowledged and used, "+
		"though the leader dies in between; one new generation comes of it")
	const before, after = "ES256", "EdDSA"
	leading := leader(ctx)
	dieAfter(ctx, leading, func() { rotateTo(ctx, after) },
		see(ctx, "the next generation", &corev1.SecretList{}, func(secret *corev1.Secret) bool {
			return secret.Name == v1alpha1.SigningKeysSecretName && len(of(after, generations(secret))) > 0
		}))
	begun := time.Now()
	s.remark("%s led and was killed while the new generation was %s", leading.name, of(after, generations(keySecret(ctx)))[0].State)
	Eventually(func() []generation { return of(after, generations(keySecret(ctx))) }).WithTimeout(patience).
		Should(And(HaveLen(1), HaveEach(HaveField("State", "active"))), "the other leader finishes it")
	s.remark("the new generation signs %s after the kill", time.Since(begun).Round(100*time.Millisecond))
	Expect(of(before, generations(keySecret(ctx)))).To(HaveEach(HaveField("State", "retired")), "old tokens verify until they expire")
	for i, p := range serving {
		load.Add(logIn(ctx, p, userName(i)))
	}
	s.end(ctx)
}

func rotateTo(ctx context.Context, algorithm string) {
	GinkgoHelper()
	realm := &v1alpha1.Realm{ObjectMeta: objectMeta(v1alpha1.RealmName)}
	Expect(realm.Namespace).To(Equal(stack.Namespace))
	Expect(env.Client.Patch(ctx, realm, client.RawPatch("application/merge-patch+json", fmt.Appendf(nil, `{"spec":{"tokens":{"algorithm":%q}}}`, algorithm)))).To(Succeed())
}
