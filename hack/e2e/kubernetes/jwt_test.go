package kubernetes_test

import (
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	authenticationv1 "k8s.io/api/authentication/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/hack/stack"
	"github.com/latchkey-auth/latchkey/hack/testenv"
)

var _ = Describe("Structured authentication", Ordered, func() {
	var w *world
	var token string

	BeforeAll(func(ctx SpecContext) {
		w = newWorld()
		indented := strings.ReplaceAll(strings.TrimSpace(string(w.tls.authority)), "\n", "\n      ")
		const placeholder = "-----BEGIN CERTIFICATE-----\n      …\n      -----END CERTIFICATE-----"
		w.start(ctx, testenv.Flags{
			"authentication-config": w.sample("authentication-config.yaml", "https://auth.example.com", w.url, placeholder, indented),
			"api-audiences":         audience,
		})
		token = w.logIn(ctx, "vera")
		// The API server looks for the issuer every 10 s until it finds it.
		Eventually(func() error { _, err := w.whoAmI(ctx, token); return err }).WithContext(ctx).WithTimeout(patience).Should(Succeed())
	})

	It("knows the user of a token without asking Latchkey", func(ctx SpecContext) {
		user := &v1alpha1.User{}
		Expect(w.env.Client.Get(ctx, client.ObjectKey{Namespace: stack.Namespace, Name: "vera"}, user)).To(Succeed())
		Expect(w.whoAmI(ctx, token)).To(Equal(authenticationv1.UserInfo{
			Username: "latchkey:latchkey:vera", UID: string(user.UID), Groups: []string{"latchkey:latchkey:viewer", "system:authenticated"},
			Extra: map[string]authenticationv1.ExtraValue{"authentication.kubernetes.io/credential-id": {"JTI=" + claim(token, "jti")}},
		}))
	})

	It("lets kubectl list pods by RBAC on the group, and not before", func(ctx SpecContext) {
		Expect(w.listing(ctx, token, "pods")).To(ContainSubstring(`User "latchkey:latchkey:vera" cannot list resource "pods"`))
		w.letGroup(ctx, "latchkey:latchkey:viewer")
		Eventually(func() string { return w.listing(ctx, token, "pods") }).WithContext(ctx).WithTimeout(patience).Should(Equal("pod/web\n"))
	})

	It("refuses what isn't an access token for the API server, or lives for too long", func(ctx SpecContext) {
		w.realm(ctx, func(spec *v1alpha1.RealmSpec) { spec.Tokens.AccessTTL.Duration = 2 * time.Hour })
		Eventually(func() error { _, err := w.whoAmI(ctx, w.logIn(ctx, "vera")); return err }).WithContext(ctx).WithTimeout(patience).
			Should(MatchError(apierrors.IsUnauthorized, "is Unauthorized"))
		w.realm(ctx, func(spec *v1alpha1.RealmSpec) {
			spec.Tokens.AccessTTL.Duration, spec.Audiences = time.Hour, []string{w.url}
		})
		Eventually(func() []any { return audiences(w.logIn(ctx, "vera")) }).WithContext(ctx).WithTimeout(patience).Should(HaveLen(1))
		_, err := w.whoAmI(ctx, w.logIn(ctx, "vera"))
		Expect(err).To(MatchError(apierrors.IsUnauthorized, "is Unauthorized"))
	})

	// What this way can't do, so that the docs don't promise it.
	It("goes on taking the token of a login that has ended, until it expires", func(ctx SpecContext) {
		w.logOut(ctx, token)
		Expect(w.whoAmI(ctx, token)).To(HaveField("Username", "latchkey:latchkey:vera"))
	})

	It("goes on without Latchkey, too", func(ctx SpecContext) {
		w.latchkey.Stop()
		Expect(w.whoAmI(ctx, token)).To(HaveField("Username", "latchkey:latchkey:vera"))
	})
})
