package authorize_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	authorizationv1 "k8s.io/api/authorization/v1"

	"github.com/latchkey-auth/latchkey/webhook/directory"
	"github.com/latchkey-auth/latchkey/webhook/kubernetes/authorize"
	"github.com/latchkey-auth/latchkey/webhook/policy"
)

// The realms of tests: the default one, another whose Roles count, and one whose don't.
const (
	own   = "latchkey"
	team  = "team-a"
	aside = "team-b"
)

func put[T any](table *directory.Table[T], namespace, name, uid string, value T) {
	table.Put(directory.Item[T]{Namespace: namespace, Name: name, UID: uid, Version: directory.Version(table.Len() + 1), Value: value})
}

// world is three realms alike, in each of which ada holds ops, with these rules.
func world(rules ...policy.KubernetesRule) *directory.Directory {
	d := directory.New()
	for _, realm := range []string{own, team, aside} {
		put(d.Settings(), realm, "default", realm, directory.Settings{Issuer: "https://auth.example.com/" + realm})
		put(d.Roles(), realm, "ops", realm+"-ops", policy.Role{Name: "ops", KubernetesRules: rules})
		put(d.Roles(), realm, "lead", realm+"-lead", policy.Role{Name: "lead", Includes: []string{"ops"}})
		put(d.Users(), realm, "ada", realm+"-ada", directory.User{Roles: []string{"ops"}})
		put(d.Users(), realm, "lena", realm+"-lena", directory.User{Roles: []string{"lead"}})
		put(d.Users(), realm, "eve", realm+"-eve", directory.User{})
		put(d.Users(), realm, "dan", realm+"-dan", directory.User{Roles: []string{"ops"}, Disabled: true})
	}
	return d
}

func yes() bool { return true }
func no() bool  { return false }

func newHandler(t testing.TB, d *directory.Directory, change ...func(*authorize.Config)) http.Handler {
	t.Helper()
	c := authorize.Config{
		Directory: d, Stale: no, Realms: []string{own, team}, DefaultRealm: own,
		Log: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry(),
	}
	for _, f := range change {
		f(&c)
	}
	h, err := authorize.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// post posts a body and returns the status code and the review that answers.
func post(t testing.TB, h http.Handler, body string) (int, authorizationv1.SubjectAccessReview) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/kubernetes/authorize", strings.NewReader(body)))
	var answer authorizationv1.SubjectAccessReview
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		t.Fatalf("%d: %v: %s", w.Code, err, w.Body)
	}
	if answer.Status.Denied {
		t.Errorf("it denies: %s", w.Body)
	}
	return w.Code, answer
}

// ask asks what the API server would ask.
func ask(t testing.TB, h http.Handler, spec authorizationv1.SubjectAccessReviewSpec) authorizationv1.SubjectAccessReviewStatus {
	t.Helper()
	question := authorizationv1.SubjectAccessReview{Spec: spec}
	question.APIVersion, question.Kind = "authorization.k8s.io/v1", "SubjectAccessReview"
	body, err := json.Marshal(question)
	if err != nil {
		t.Fatal(err)
	}
	code, answer := post(t, h, string(body))
	if code != http.StatusOK || answer.APIVersion != question.APIVersion || answer.Kind != question.Kind {
		t.Errorf("answers %d with %s %s", code, answer.APIVersion, answer.Kind)
	}
	return answer.Status
}
