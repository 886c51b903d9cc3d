package webhook_test

import (
	"net/http"
	"net/url"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
)

// A login began 200 and was dead: the replica took the API server's clock for a little ahead, so the
// login was stored within the second of a revocation of its user.
var _ = Describe("A login right after a revocation of its user", func() {
	It("lives, though the API server's clock is behind what it was taken for", func(ctx SpecContext) {
		r, rep := aRealm(ctx), newReplica(ctx)
		r.user(ctx, "alice")
		rep.knows(ctx, r, "alice")
		rep.wait(900 * time.Millisecond) // on its clock alone
		for n := range 3 {
			before := r.in("alice")
			Expect(api.Create(ctx, &v1alpha1.RevokedToken{
				ObjectMeta: metav1.ObjectMeta{Namespace: r.namespace, GenerateName: "all-of-alice-"},
				Spec:       v1alpha1.RevokedTokenSpec{User: &v1alpha1.RevokedUser{Name: "alice"}},
			})).To(Succeed())
			Eventually(func() answer { return rep.get(r, "/profile", before.access) }).WithContext(ctx).Should(HaveField("Status", http.StatusUnauthorized))

			a := rep.post(r, "/token", url.Values{"grant_type": {"password"}, "username": {"alice"}, "password": {goodPassword}})

			Expect(a.Status).To(Equal(http.StatusOK), a.Body)
			Expect(rep.get(r, "/profile", a.text("access_token")).Status).To(Equal(http.StatusOK), "login %d", n)
			r.eventuallySessions(ctx, claims(a.text("access_token"))["sid"].(string))
		}
	})
})
