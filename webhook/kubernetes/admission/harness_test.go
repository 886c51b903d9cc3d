package admission_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	admissionv1 "k8s.io/api/admission/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/webhook/kubernetes/admission"
)

const (
	realm       = "team-a"
	serviceUser = "system:serviceaccount:latchkey:latchkey-serve"
)

// cluster is an API server's answers to the handler, without one: Roles and Realms by name, and who may do what.
type cluster struct {
	roles   map[string]*v1alpha1.Role // of the namespace realm
	realms  map[string]*v1alpha1.Realm
	may     func(authorizationv1.SubjectAccessReviewSpec) bool
	fails   error
	reads   atomic.Int64
	reviews atomic.Int64
}

func (c *cluster) Get(_ context.Context, key client.ObjectKey, into client.Object, _ ...client.GetOption) error {
	c.reads.Add(1)
	if c.fails != nil {
		return c.fails
	}
	switch into := into.(type) {
	case *v1alpha1.Role:
		if role, found := c.roles[key.Name]; found && key.Namespace == realm {
			role.DeepCopyInto(into)
			return nil
		}
	case *v1alpha1.Realm:
		if found, there := c.realms[key.Namespace]; there && key.Name == v1alpha1.RealmName {
			found.DeepCopyInto(into)
			return nil
		}
	}
	return apierrors.NewNotFound(schema.GroupResource{Group: v1alpha1.GroupName}, key.Name)
}

func (c *cluster) Create(_ context.Context, review client.Object, _ ...client.CreateOption) error {
	c.reviews.Add(1)
	if c.fails != nil {
		return c.fails
	}
	r := review.(*authorizationv1.SubjectAccessReview)
	r.Status.Allowed = c.may != nil && c.may(r.Spec)
	return nil
}

func (c *cluster) add(name string, includes ...string) {
	role := &v1alpha1.Role{ObjectMeta: metav1.ObjectMeta{Namespace: realm, Name: name}}
	for _, include := range includes {
		role.Spec.Includes = append(role.Spec.Includes, v1alpha1.GrantableRoleName(include))
	}
	if c.roles == nil {
		c.roles = map[string]*v1alpha1.Role{}
	}
	c.roles[name] = role
}

// handlerOf returns the handler that asks c, and what it logs.
func handlerOf(t testing.TB, c *cluster) (http.Handler, *bytes.Buffer) {
	t.Helper()
	log := &bytes.Buffer{}
	h, err := admission.New(configOf(c, log))
	if err != nil {
		t.Fatal(err)
	}
	return h, log
}

func configOf(c *cluster, log io.Writer) admission.Config {
	return admission.Config{
		Objects: c, Live: c, Reviews: c,
		ServiceUser: serviceUser, DefaultRealm: "latchkey",
		ServiceURL: "http://latchkey.latchkey.svc.cluster.local:8080", ExternalURL: "https://auth.example.com",
		Logger: slog.New(slog.NewTextHandler(log, nil)), Registerer: prometheus.NewRegistry(),
	}
}

// aReview is a review of an object that somebody creates or, with old, updates.
func aReview(t testing.TB, resource string, object, old any) []byte {
	t.Helper()
	gvr := metav1.GroupVersionResource{Group: v1alpha1.GroupName, Version: "v1alpha1", Resource: resource}
	if resource == "ingresses" {
		gvr = metav1.GroupVersionResource{Group: "networking.k8s.io", Version: "v1", Resource: resource}
	}
	request := &admissionv1.AdmissionRequest{
		UID: "7d1f", Resource: gvr, Namespace: realm, Operation: admissionv1.Create,
		UserInfo: authenticationv1.UserInfo{Username: "tess", Groups: []string{"system:authenticated"}},
		Object:   raw(t, object),
	}
	if old != nil {
		request.Operation, request.OldObject = admissionv1.Update, raw(t, old)
	}
	return encoded(t, request)
}

func encoded(t testing.TB, request *admissionv1.AdmissionRequest) []byte {
	t.Helper()
	return raw(t, admissionv1.AdmissionReview{
		TypeMeta: metav1.TypeMeta{APIVersion: "admission.k8s.io/v1", Kind: "AdmissionReview"}, Request: request,
	}).Raw
}

func raw(t testing.TB, object any) runtime.RawExtension {
	t.Helper()
	text, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	return runtime.RawExtension{Raw: text}
}

// post posts a body where it is asked about a resource.
func post(h http.Handler, resource string, body []byte) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, admission.PathPrefix+resource, bytes.NewReader(body)))
	return w
}

// ask posts a review and returns the answer.
func ask(t testing.TB, h http.Handler, resource string, body []byte) *admissionv1.AdmissionResponse {
	t.Helper()
	w := post(h, resource, body)
	text, _ := io.ReadAll(w.Body)
	if w.Code != http.StatusOK {
		t.Fatalf("%d: %s", w.Code, text)
	}
	var answer admissionv1.AdmissionReview
	if err := json.Unmarshal(text, &answer); err != nil || answer.Response == nil {
		t.Fatalf("no review: %v: %s", err, text)
	}
	return answer.Response
}

func said(response *admissionv1.AdmissionResponse) string {
	return strings.TrimSpace(response.Result.Message)
}

func handlerWith(t testing.TB, c *cluster, external string) http.Handler {
	t.Helper()
	config := configOf(c, io.Discard)
	config.ExternalURL = external
	h, err := admission.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return h
}
