package webhook_test

import (
	"context"
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
)

var _ = Describe("A login right after its user was revoked", func() {
	// Symptom: the clock of a replica, estimated from dates in whole seconds, ran ahead a little; who logged in
	// within the second of a revocation got tokens, all of which said that they were revoked.
	It("is never one that was born dead, though the replica's clock is ahead", func(ctx SpecContext) {
		rep := newReplica(ctx)
		r := aRealm(ctx)
		user := r.user(ctx, "alice", "viewer")
		rep.knows(ctx, r, "alice")
		revoked := &v1alpha1.RevokedToken{
			ObjectMeta: metav1.ObjectMeta{Namespace: r.namespace, Name: "everything-of-alice"},
			Spec:       v1alpha1.RevokedTokenSpec{User: &v1alpha1.RevokedUser{Name: "alice", UID: user.UID}},
		}
		before := r.in("alice")
		Expect(api.Create(ctx, revoked)).To(Succeed())
		Eventually(func() answer { return rep.get(r, "/check/role/viewer", before.access) }).WithContext(ctx).Should(beADenial(401, "token_revoked"))
		rep.wait(2 * time.Second)
		began := 0
		rep.goThrough(func(_ context.Context, verb string, object client.Object, do func() error) error {
			err := do()
			if session, ok := object.(*v1alpha1.Session); ok && verb == "create" {
				if began++; began == 1 {
					session.CreationTimestamp = revoked.CreationTimestamp // it was within that second
				}
			}
			return err
		})

		a := rep.post(r, "/token", map[string][]string{"grant_type": {"password"}, "username": {"alice"}, "password": {goodPassword}})

		Expect(a.Status).To(Equal(http.StatusOK), a.Body)
		Expect(began).To(BeNumerically(">=", 2))
		Expect(rep.get(r, "/check/role/viewer", a.text("access_token")).Status).To(Equal(http.StatusOK))
	})
})
