package webhook_test

import (
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	admissionv1 "k8s.io/api/admission/v1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
)

var _ = Describe("What admission at the API server says of a user", Ordered, func() {
	var r realm
	var admin []string
	users := []admissionregistrationv1.RuleWithOperations{{
		Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create, admissionregistrationv1.Update},
		Rule:       admissionregistrationv1.Rule{APIGroups: []string{v1alpha1.GroupName}, APIVersions: []string{"v1alpha1"}, Resources: []string{"users"}},
	}}

	BeforeAll(func(ctx SpecContext) {
		r = aRealm(ctx)
		r.user(ctx, "ada", "admin")
		r.user(ctx, "vera", "viewer")
		admin = bearer(r.in("ada").access)
	})
	patch := func(body string) answer {
		GinkgoHelper()
		return do("PATCH", r.url("/users/vera"), body, append([]string{"Content-Type", "application/merge-patch+json"}, admin...)...)
	}
	refusedAs := func(says string) OmegaMatcher {
		return And(HaveField("Status", http.StatusForbidden),
			WithTransform(func(a answer) string { return a.text("error") }, Equal("insufficient_scope")),
			WithTransform(func(a answer) string { return a.text("error_description") }, Equal("Refused at admission: "+says)),
			WithTransform(func(a answer) string { return a.Header.Get("WWW-Authenticate") }, ContainSubstring(`error="insufficient_scope"`)))
	}

	It("is a 403 with the sentence of a webhook, and a 503 while that can't judge", func(ctx SpecContext) {
		var status atomic.Pointer[metav1.Status]
		status.Store(&metav1.Status{Code: http.StatusForbidden, Message: "no users on Fridays"})
		server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
			var review admissionv1.AdmissionReview
			_ = json.NewDecoder(request.Body).Decode(&review)
			review.Response = &admissionv1.AdmissionResponse{UID: review.Request.UID, Result: status.Load()}
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(review)
		}))
		DeferCleanup(server.Close)
		none := admissionregistrationv1.SideEffectClassNone
		hook := &admissionregistrationv1.ValidatingWebhookConfiguration{
			ObjectMeta: metav1.ObjectMeta{Name: r.namespace},
			Webhooks: []admissionregistrationv1.ValidatingWebhook{{
				Name: "fridays.example.com", SideEffects: &none, AdmissionReviewVersions: []string{"v1"}, Rules: users,
				ClientConfig:      admissionregistrationv1.WebhookClientConfig{URL: &server.URL, CABundle: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})},
				NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"kubernetes.io/metadata.name": r.namespace}},
			}},
		}
		Expect(api.Create(ctx, hook)).To(Succeed())
		DeferCleanup(func(ctx SpecContext) { Expect(api.Delete(ctx, hook)).To(Succeed()) })

		n := 0
		Eventually(func() answer { n++; return patch(fmt.Sprintf(`{"displayName":"Vera %d"}`, n)) }).WithContext(ctx).WithTimeout(30 * time.Second).
			Should(refusedAs("no users on Fridays"))
		secrets := r.passwordSecrets(ctx)
		Expect(patch(`{"password":"another-horse-battery"}`)).To(refusedAs("no users on Fridays"))
		Expect(do("POST", r.url("/users"), fmt.Sprintf(`{"username":"new","password":%q}`, goodPassword), append([]string{"Content-Type", "application/json"}, admin...)...)).
			To(refusedAs("no users on Fridays"))
		Expect(r.sendJSON("/password", fmt.Sprintf(`{"oldPassword":%q,"newPassword":"another-horse-battery"}`, goodPassword), r.in("vera"))).
			To(refusedAs("no users on Fridays"))
		Expect(r.passwordSecrets(ctx)).To(ConsistOf(secrets), "no password is left behind")

		status.Store(&metav1.Status{Code: http.StatusInternalServerError, Message: "this can't be judged now"})
		a := patch(`{"displayName":"V"}`)
		Expect(a.Status).To(Equal(http.StatusServiceUnavailable), a.Body)
		Expect(a.Body).NotTo(ContainSubstring("judged"))
	})

	It("is a 403 with the sentence of a ValidatingAdmissionPolicy", func(ctx SpecContext) {
		policy := &admissionregistrationv1.ValidatingAdmissionPolicy{
			ObjectMeta: metav1.ObjectMeta{Name: r.namespace},
			Spec: admissionregistrationv1.ValidatingAdmissionPolicySpec{
				MatchConstraints: &admissionregistrationv1.MatchResources{ResourceRules: []admissionregistrationv1.NamedRuleWithOperations{{RuleWithOperations: users[0]}},
					NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"kubernetes.io/metadata.name": r.namespace}}},
				Validations: []admissionregistrationv1.Validation{{Expression: "!has(object.spec.displayName)", Message: "nobody has a display name"}},
			},
		}
		binding := &admissionregistrationv1.ValidatingAdmissionPolicyBinding{
			ObjectMeta: metav1.ObjectMeta{Name: r.namespace},
			Spec:       admissionregistrationv1.ValidatingAdmissionPolicyBindingSpec{PolicyName: r.namespace, ValidationActions: []admissionregistrationv1.ValidationAction{admissionregistrationv1.Deny}},
		}
		Expect(api.Create(ctx, policy)).To(Succeed())
		Expect(api.Create(ctx, binding)).To(Succeed())
		DeferCleanup(func(ctx SpecContext) {
			Expect(api.Delete(ctx, binding)).To(Succeed())
			Expect(api.Delete(ctx, policy)).To(Succeed())
		})
		n := 0
		Eventually(func() answer { n++; return patch(fmt.Sprintf(`{"displayName":"Vera %d"}`, n)) }).WithContext(ctx).WithTimeout(30 * time.Second).
			Should(refusedAs("nobody has a display name"))
	})

	DescribeTable("is told apart from what only the operator can mend", func(ctx SpecContext, err error, want int, says string) {
		faults.Refuse(r.namespace, "patch User", err)
		DeferCleanup(func() { faults.Refuse(r.namespace, "patch User", nil) })
		a := patch(`{"displayName":"V"}`)
		Expect(a.Status).To(Equal(want), a.Body)
		Expect(a.text("error_description")).To(Equal(says))
	},
		Entry("the service lacks a right", apierrors.NewForbidden(schema.GroupResource{Group: v1alpha1.GroupName, Resource: "users"}, "vera",
			errors.New(`User "system:serviceaccount:latchkey:latchkey-serve" cannot patch resource "users"`)), 503, "Try again in a moment"),
		Entry("a webhook doesn't answer", apierrors.NewInternalError(errors.New(`failed calling webhook "users.admission.latchkey.dev"`)), 503, "Try again in a moment"),
		Entry("a webhook wants to be asked more slowly", said(429, `admission webhook "x.example.com" denied the request: slower`), 503, "Try again in a moment"),
		Entry("a webhook gives no reason", said(403, `admission webhook "x.example.com" denied the request without explanation`), 403, "Refused at admission: without explanation"),
		Entry("a webhook goes on and on", said(400, `admission webhook "x.example.com" denied the request: `+strings.Repeat("é", 500)), 403, "Refused at admission: "+strings.Repeat("é", 256)+"…"),
		Entry("a value only looks like it", said(403, `users "admission webhook "x" denied the request: y" is forbidden`), 503, "Try again in a moment"),
	)
})

// said is an API server's error.
func said(code int32, message string) error {
	return &apierrors.StatusError{ErrStatus: metav1.Status{Status: metav1.StatusFailure, Code: code, Message: message}}
}
