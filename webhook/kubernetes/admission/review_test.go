package admission_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/webhook/kubernetes/admission"
)

func TestWhatIsNoReviewIsAnsweredWithA4xx(t *testing.T) {
	good := aReview(t, "roles", v1alpha1.Role{}, nil)
	for name, c := range map[string]struct {
		path string
		body []byte
		want int
		says string
	}{
		"another path":                      {"/kubernetes/admission/secrets", good, 404, "no such review"},
		"a path below":                      {"/kubernetes/admission/roles/", good, 404, "no such review"},
		"another prefix":                    {"roles", good, 404, "no such review"},
		"nothing":                           {"/kubernetes/admission/roles", nil, 400, "no AdmissionReview"},
		"no JSON":                           {"/kubernetes/admission/roles", []byte("role: x"), 400, "no AdmissionReview"},
		"a list":                            {"/kubernetes/admission/roles", []byte("[]"), 400, "no AdmissionReview"},
		"another kind":                      {"/kubernetes/admission/roles", []byte(`{"apiVersion":"admission.k8s.io/v1","kind":"Pod"}`), 400, "admission.k8s.io/v1"},
		"the version before":                {"/kubernetes/admission/roles", bytes.Replace(good, []byte("k8s.io/v1"), []byte("k8s.io/v1beta1"), 1), 400, "only an AdmissionReview of admission.k8s.io/v1 is answered"},
		"no request":                        {"/kubernetes/admission/roles", []byte(`{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}`), 400, "no request with a uid"},
		"a request without a uid":           {"/kubernetes/admission/roles", []byte(`{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{}}`), 400, "no request with a uid"},
		"a request that isn't an object":    {"/kubernetes/admission/roles", []byte(`{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":[1]}`), 400, "no request"},
		"members that differ by case alone": {"/kubernetes/admission/roles", []byte(`{"APIVERSION":"admission.k8s.io/v1","KIND":"AdmissionReview"}`), 400, "admission.k8s.io/v1"},
		"another resource":                  {"/kubernetes/admission/roles", aReview(t, "users", v1alpha1.User{}, nil), 400, "this path is asked about roles of auth.latchkey.dev/v1alpha1, matchPolicy Equivalent"},
	} {
		t.Run(name, func(t *testing.T) {
			h, _ := handlerOf(t, &cluster{})
			r := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(c.body))
			r.URL.Path = c.path
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != c.want || !strings.Contains(w.Body.String(), c.says) {
				t.Errorf("got %d %q, want %d and %q", w.Code, w.Body, c.want, c.says)
			}
		})
	}
}

// What takes something away is asked about by no configuration of ours; if somebody's does, it passes.
func TestDeletingAndStatusAreAllowed(t *testing.T) {
	h, _ := handlerOf(t, &cluster{fails: errors.New("nobody reads")})
	role := v1alpha1.Role{ObjectMeta: metav1.ObjectMeta{Name: "a"}, Spec: v1alpha1.RoleSpec{Includes: []v1alpha1.GrantableRoleName{"a"}}}
	request := func(change func(*admissionv1.AdmissionRequest)) []byte {
		r := &admissionv1.AdmissionRequest{UID: "1", Operation: admissionv1.Update, Object: raw(t, role), OldObject: raw(t, role),
			Resource: metav1.GroupVersionResource{Group: v1alpha1.GroupName, Version: "v1alpha1", Resource: "roles"}}
		change(r)
		return encoded(t, r)
	}
	for name, body := range map[string][]byte{
		"deleted": request(func(r *admissionv1.AdmissionRequest) { r.Operation = admissionv1.Delete }),
		"status":  request(func(r *admissionv1.AdmissionRequest) { r.SubResource = "status" }),
	} {
		if answer := ask(t, h, "roles", body); !answer.Allowed {
			t.Errorf("%s: %v", name, answer.Result)
		}
	}
}

// A 5xx is no answer, so that the failurePolicy decides: a review that says no would keep out an Ingress, too.
func TestAFaultIsNoAnswerAndTellsNothing(t *testing.T) {
	h, log := handlerOf(t, &cluster{fails: errors.New("dial tcp 10.0.0.1: refused")})
	for resource, object := range map[string]any{
		"users":     v1alpha1.User{Spec: v1alpha1.UserSpec{Roles: []v1alpha1.GrantableRoleName{"a"}}},
		"roles":     v1alpha1.Role{Spec: v1alpha1.RoleSpec{Includes: []v1alpha1.GrantableRoleName{"a"}}},
		"realms":    v1alpha1.Realm{Spec: v1alpha1.RealmSpec{AdminRole: "admin"}},
		"ingresses": anIngress(map[string]string{"auth-url": inCluster + "/check/nginx?host=$host"}),
	} {
		w := post(h, resource, aReview(t, resource, object, nil))
		if w.Code != http.StatusInternalServerError || !strings.Contains(w.Body.String(), "can't be judged now") || strings.Contains(w.Body.String(), "10.0.0.1") {
			t.Errorf("%s: %d %s", resource, w.Code, w.Body)
		}
	}
	if !strings.Contains(log.String(), "admission can't judge an object") || !strings.Contains(log.String(), "10.0.0.1") {
		t.Errorf("the log doesn't say why: %s", log)
	}
}

func TestNewSaysWhatIsMissing(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*admission.Config)
		want  string
	}{
		"no reader":                 {func(c *admission.Config) { c.Live = nil }, "Objects, Live and Reviews are required"},
		"no user of the service":    {func(c *admission.Config) { c.ServiceUser = "" }, "ServiceUser and DefaultRealm are required"},
		"no logger":                 {func(c *admission.Config) { c.Logger = nil }, "Logger and Registerer are required"},
		"an address of the service": {func(c *admission.Config) { c.ServiceURL = "latchkey:8080" }, `ServiceURL: "latchkey:8080" is no http or https URL`},
		"a path as external URL":    {func(c *admission.Config) { c.ExternalURL = "/auth" }, `ExternalURL: "/auth" is no http or https URL`},
	} {
		t.Run(name, func(t *testing.T) {
			config := configOf(&cluster{}, io.Discard)
			c.spoil(&config)
			if _, err := admission.New(config); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}
