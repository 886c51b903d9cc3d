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
	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/webhook/kubernetes/admission"
)

func TestWhatIsNoReviewIsAnsweredWithA4xx(t *testing.T) {
	good := aReview(t, "roles", v1alpha1.Role{}, nil)
	for name, c := range map[string]struct {
		method, path, contentType string
		body                      []byte
		want                      int
		says                      string
	}{
		"another path":                      {"POST", "/kubernetes/admission/secrets", "application/json", good, 404, "no such review"},
		"a path below":                      {"POST", "/kubernetes/admission/roles/", "application/json", good, 404, "no such review"},
		"another prefix":                    {"POST", "roles", "application/json", good, 404, "no such review"},
		"another method":                    {"GET", "/kubernetes/admission/roles", "application/json", nil, 405, "by POST"},
		"no content type":                   {"POST", "/kubernetes/admission/roles", "", good, 415, "application/json"},
		"a form":                            {"POST", "/kubernetes/admission/roles", "application/x-www-form-urlencoded", good, 415, "application/json"},
		"nothing":                           {"POST", "/kubernetes/admission/roles", "application/json", nil, 400, "no AdmissionReview"},
		"no JSON":                           {"POST", "/kubernetes/admission/roles", "application/json", []byte("role: x"), 400, "no AdmissionReview"},
		"a list":                            {"POST", "/kubernetes/admission/roles", "application/json", []byte("[]"), 400, "no AdmissionReview"},
		"another kind":                      {"POST", "/kubernetes/admission/roles", "application/json", []byte(`{"apiVersion":"admission.k8s.io/v1","kind":"Pod"}`), 400, "admission.k8s.io/v1"},
		"the version before":                {"POST", "/kubernetes/admission/roles", "application/json", bytes.Replace(good, []byte("k8s.io/v1"), []byte("k8s.io/v1beta1"), 1), 400, "only an AdmissionReview of admission.k8s.io/v1 is answered"},
		"no request":                        {"POST", "/kubernetes/admission/roles", "application/json", []byte(`{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}`), 400, "no request with a uid"},
		"a request without a uid":           {"POST", "/kubernetes/admission/roles", "application/json", []byte(`{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{}}`), 400, "no request with a uid"},
		"more than two objects ever are":    {"POST", "/kubernetes/admission/roles", "application/json", bytes.Repeat([]byte(" "), 8<<20), 413, "at most"},
		"a request that isn't an object":    {"POST", "/kubernetes/admission/roles", "application/json", []byte(`{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":[1]}`), 400, "no request"},
		"members that differ by case alone": {"POST", "/kubernetes/admission/roles", "application/json", []byte(`{"APIVERSION":"admission.k8s.io/v1","KIND":"AdmissionReview"}`), 400, "admission.k8s.io/v1"},
	} {
		t.Run(name, func(t *testing.T) {
			h, _ := handlerOf(t, &cluster{})
			r := httptest.NewRequest(c.method, "/", bytes.NewReader(c.body))
			r.URL.Path = c.path
			if c.contentType != "" {
				r.Header.Set("Content-Type", c.contentType)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != c.want || !strings.Contains(w.Body.String(), c.says) {
				t.Errorf("got %d %q, want %d and %q", w.Code, w.Body, c.want, c.says)
			}
		})
	}
}

func TestAReviewOfAnotherResourceIsNotAllowed(t *testing.T) {
	h, _ := handlerOf(t, &cluster{})
	answer := ask(t, h, "roles", aReview(t, "users", v1alpha1.User{}, nil))
	if answer.Allowed || answer.Result.Code != http.StatusBadRequest {
		t.Errorf("got %v %v", answer.Allowed, answer.Result)
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

func TestAFaultAllowsNothingAndTellsNothing(t *testing.T) {
	h, log := handlerOf(t, &cluster{fails: errors.New("dial tcp 10.0.0.1: refused")})
	for resource, object := range map[string]any{
		"users":  v1alpha1.User{Spec: v1alpha1.UserSpec{Roles: []v1alpha1.GrantableRoleName{"a"}}},
		"roles":  v1alpha1.Role{Spec: v1alpha1.RoleSpec{Includes: []v1alpha1.GrantableRoleName{"a"}}},
		"realms": v1alpha1.Realm{Spec: v1alpha1.RealmSpec{AdminRole: "admin"}},
	} {
		answer := ask(t, h, resource, aReview(t, resource, object, nil))
		if answer.Allowed || answer.Result.Code != http.StatusInternalServerError || strings.Contains(said(answer), "10.0.0.1") {
			t.Errorf("%s: %v %v", resource, answer.Allowed, answer.Result)
		}
	}
	if !strings.Contains(log.String(), "admission can't judge an object, so it isn't let in") || !strings.Contains(log.String(), "10.0.0.1") {
		t.Errorf("the log doesn't say why: %s", log)
	}
}

func TestAPanicAllowsNothing(t *testing.T) {
	h, log := handlerOf(t, &cluster{may: func(authorizationv1.SubjectAccessReviewSpec) bool { panic("a bug") }})
	object := v1alpha1.User{Spec: v1alpha1.UserSpec{Roles: []v1alpha1.GrantableRoleName{"a"}}}
	answer := ask(t, h, "users", aReview(t, "users", object, nil))
	if answer.Allowed || answer.UID != "7d1f" || answer.Result.Code != http.StatusInternalServerError {
		t.Errorf("%v %v", answer.Allowed, answer.Result)
	}
	if !strings.Contains(log.String(), "admission panicked") {
		t.Errorf("nothing is logged: %s", log)
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
