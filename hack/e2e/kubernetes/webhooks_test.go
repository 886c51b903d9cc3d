package kubernetes_test

import (
	"context"
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/hack/stack"
	"github.com/latchkey-auth/latchkey/hack/testenv"
)

// What this API server remembers: tokenTTL in place of 2 min, accessTTL in place of what the sample says.
const (
	tokenTTL  = 5 * time.Second
	accessTTL = 2 * time.Second
	goodTTL   = 10 * time.Second // any token that was good, whoever knew it; no flag changes that
	slack     = 3 * time.Second  // for a question and its answer on a machine that is busy with other things
)

var _ = Describe("The webhooks", Ordered, func() {
	var w *world
	var token string

	BeforeAll(func(ctx SpecContext) {
		w = newWorld()
		address, err := stack.FreeAddress()
		Expect(err).NotTo(HaveOccurred())
		w.sample("authorize.kubeconfig", "10.96.0.20", address, "/etc/kubernetes/latchkey/", w.dir+"/")
		w.start(ctx, testenv.Flags{
			"authentication-token-webhook-config-file": w.sample("tokenreview.kubeconfig", "10.96.0.20", address, "/etc/kubernetes/latchkey/", w.dir+"/"),
			"authentication-token-webhook-version":     "v1",
			"authentication-token-webhook-cache-ttl":   tokenTTL.String(),
			"authorization-mode":                       "",
			"authorization-config": w.sample("authorization-config.yaml", "/etc/kubernetes/latchkey/", w.dir+"/",
				"authorizedTTL: 30s", "authorizedTTL: "+accessTTL.String(), "unauthorizedTTL: 10s", "unauthorizedTTL: "+accessTTL.String()),
			"api-audiences": audience,
		})
		w.answer(ctx, address)
		token = w.logIn(ctx, "vera")
		Eventually(func() error { _, err := w.whoAmI(ctx, token); return err }).WithContext(ctx).WithTimeout(patience).Should(Succeed())
	})

	It("tell the API server whose token it is", func(ctx SpecContext) {
		user := &v1alpha1.User{}
		Expect(w.env.Client.Get(ctx, client.ObjectKey{Namespace: stack.Namespace, Name: "vera"}, user)).To(Succeed())
		Expect(w.whoAmI(ctx, token)).To(Equal(authenticationv1.UserInfo{
			Username: "latchkey:latchkey:vera", UID: string(user.UID), Groups: []string{"latchkey:latchkey:viewer", "system:authenticated"},
		}))
	})

	It("let kubectl list pods by RBAC on the group, and not before", func(ctx SpecContext) {
		Expect(w.listing(ctx, token, "pods")).To(ContainSubstring(`User "latchkey:latchkey:vera" cannot list resource "pods"`))
		w.letGroup(ctx, "latchkey:latchkey:viewer")
		Eventually(func() string { return w.listing(ctx, token, "pods") }).WithContext(ctx).WithTimeout(patience).Should(Equal("pod/web\n"))
	})

	It("let kubectl list by kubernetesRules without RBAC, until they are taken away", func(ctx SpecContext) {
		Expect(w.listing(ctx, token, "configmaps")).To(ContainSubstring(`cannot list resource "configmaps"`))
		w.rules(ctx, v1alpha1.KubernetesRule{APIGroups: []string{""}, Resources: []string{"configmaps"}, Namespaces: []string{"demo"}, Verbs: []string{"get", "list"}})
		Eventually(func() string { return w.listing(ctx, token, "configmaps") }).WithContext(ctx).WithTimeout(patience).Should(ContainSubstring("configmap/settings\n"))
		Expect(w.listing(ctx, token, "secrets")).To(ContainSubstring(`cannot list resource "secrets"`))
		Expect(w.mayAs(ctx, "latchkey:latchkey:vera", "demo", "configmaps")).To(Equal("latchkey: allowed by kubernetesRules[0] of Role latchkey/viewer"))

		w.rules(ctx)
		Eventually(func() string { return w.listing(ctx, token, "configmaps") }).WithContext(ctx).WithTimeout(patience).Should(ContainSubstring(`cannot list resource "configmaps"`))
	})

	It("mean by kubernetesRules what the API server means by the same rules of RBAC", func(ctx SpecContext) {
		w.meansWhatRBACMeans(ctx)
	})

	It("refuse a login that ended, once the API server has forgotten its token", func(ctx SpecContext) {
		vera := person{w: w, user: "vera", home: GinkgoT().TempDir()}
		ending := vera.logIn(ctx)
		Expect(w.listing(ctx, ending, "pods")).To(Equal("pod/web\n"))
		vera.logOut(ctx)
		out := time.Now()
		var said error
		Eventually(func() error { _, said = w.whoAmI(ctx, ending); return said }).WithContext(ctx).WithTimeout(patience).WithPolling(50 * time.Millisecond).
			Should(MatchError(apierrors.IsUnauthorized, "is Unauthorized"))
		took := time.Since(out)
		fmt.Printf("after kubectl latchkey logout the API server took the token for %.1f s; it may for %s and %s\n", took.Seconds(), tokenTTL, goodTTL)
		Expect(took).To(BeNumerically("<", tokenTTL+goodTTL+slack))
		Expect(w.listing(ctx, ending, "pods")).To(ContainSubstring(loggedOut))
		Expect(w.listing(ctx, token, "pods")).To(Equal("pod/web\n"), "another login goes on")
	})

	It("refuse a token that isn't for the API server, and one that isn't an access token", func(ctx SpecContext) {
		w.realm(ctx, func(spec *v1alpha1.RealmSpec) { spec.Audiences = []string{w.url} })
		var elsewhere string
		Eventually(func() []any { elsewhere = w.logIn(ctx, "vera"); return audiences(elsewhere) }).WithContext(ctx).WithTimeout(patience).Should(HaveLen(1))
		Expect(w.listing(ctx, elsewhere, "pods")).To(ContainSubstring(loggedOut))
		w.realm(ctx, func(spec *v1alpha1.RealmSpec) { spec.Audiences = []string{w.url, audience} })
		Expect(w.listing(ctx, token[:len(token)-4]+"AAAA", "pods")).To(ContainSubstring(loggedOut))
		Expect(w.listing(ctx, "opaque", "pods")).To(ContainSubstring(loggedOut))
	})

	It("stand in nobody's way while Latchkey is away, and are asked again when it is back", func(ctx SpecContext) {
		Eventually(func() []any { token = w.logIn(ctx, "vera"); return audiences(token) }).WithContext(ctx).WithTimeout(patience).Should(HaveLen(2))
		Expect(w.listing(ctx, token, "pods")).To(Equal("pod/web\n"))
		w.latchkey.Stop()
		Eventually(func() string { return w.listing(ctx, token, "pods") }).WithContext(ctx).WithTimeout(patience).Should(ContainSubstring(loggedOut))
		_, err := w.admin.Run(ctx, "get", "pods", "-n", "demo")
		Expect(err).NotTo(HaveOccurred())

		w.serve(ctx)
		Eventually(func() string { return w.listing(ctx, token, "pods") }).WithContext(ctx).WithTimeout(patience).Should(Equal("pod/web\n"))
	})
})

// rules gives the sample Role viewer these kubernetesRules.
func (w *world) rules(ctx context.Context, rules ...v1alpha1.KubernetesRule) {
	GinkgoHelper()
	Eventually(func() error { // the leader writes the status meanwhile
		role := &v1alpha1.Role{}
		if err := w.env.Client.Get(ctx, client.ObjectKey{Namespace: stack.Namespace, Name: "viewer"}, role); err != nil {
			return err
		}
		role.Spec.KubernetesRules = rules
		return w.env.Client.Update(ctx, role)
	}).Should(Succeed())
}

// mayAs is why the API server lets a user list something in a namespace; "" if it doesn't.
func (w *world) mayAs(ctx context.Context, user, namespace, what string) (string, error) {
	review := &authorizationv1.SubjectAccessReview{ObjectMeta: metav1.ObjectMeta{}, Spec: authorizationv1.SubjectAccessReviewSpec{
		User: user, ResourceAttributes: &authorizationv1.ResourceAttributes{Verb: "list", Resource: what, Namespace: namespace},
	}}
	err := w.env.Client.Create(ctx, review)
	if !review.Status.Allowed {
		return "", err
	}
	return review.Status.Reason, err
}
