package tokenreview_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	authenticationv1 "k8s.io/api/authentication/v1"

	"github.com/latchkey-auth/latchkey/webhook/directory"
	"github.com/latchkey-auth/latchkey/webhook/kubernetes/tokenreview"
)

const (
	issuer = "https://auth.example.com"
	teams  = issuer + "/realms/team-a"
)

// realms are the default one, team-a, and one that claims the default's issuer.
func realms() *directory.Directory {
	d := directory.New()
	for namespace, iss := range map[string]string{"latchkey": issuer, "team-a": teams, "a-thief": issuer} {
		d.Settings().Put(directory.Item[directory.Settings]{Namespace: namespace, Name: "default", UID: namespace, Version: 1, Value: directory.Settings{Issuer: iss}})
	}
	return d
}

// service says of each realm whose its tokens are, and remembers whom it was asked about.
type service struct {
	users map[string]tokenreview.Identity // by realm
	err   error
	asked []string
}

func (s *service) Identify(_ context.Context, realm, _ string) (tokenreview.Identity, error) {
	s.asked = append(s.asked, realm)
	if s.err != nil {
		return tokenreview.Identity{}, s.err
	}
	who, known := s.users[realm]
	if !known {
		return who, tokenreview.ErrRefused
	}
	return who, nil
}

var ada = tokenreview.Identity{UID: "uid-of-ada", Name: "ada", Roles: []string{"viewer", "editor"}}

// aToken is one in form, with a header and a payload of JSON.
func aToken(header, payload string) string {
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(header)) + "." + encode([]byte(payload)) + "." + encode([]byte("signature"))
}

const (
	accessHeader = `{"typ":"at+jwt","alg":"ES256","kid":"k"}`
	adas         = `{"iss":"https://auth.example.com","sub":"uid-of-ada","preferred_username":"ada","aud":["https://auth.example.com","https://kubernetes.default.svc"]}`
)

type handler struct {
	http.Handler
	log *bytes.Buffer
}

func newHandler(t testing.TB, s tokenreview.Identifier, change ...func(*tokenreview.Config)) handler {
	t.Helper()
	log := &bytes.Buffer{}
	c := tokenreview.Config{
		Directory: realms(), Identifier: s,
		Log:        slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Registerer: prometheus.NewRegistry(),
	}
	for _, f := range change {
		f(&c)
	}
	h, err := tokenreview.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return handler{h, log}
}

// post posts a body and returns the status code and the review that answers.
func post(t testing.TB, h http.Handler, body string) (int, authenticationv1.TokenReview) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/kubernetes/tokenreview", strings.NewReader(body)))
	var answer authenticationv1.TokenReview
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		t.Fatalf("%d: %v: %s", w.Code, err, w.Body)
	}
	return w.Code, answer
}

// ask asks what the API server would ask.
func ask(t testing.TB, h handler, token string, audiences ...string) authenticationv1.TokenReviewStatus {
	t.Helper()
	question := authenticationv1.TokenReview{Spec: authenticationv1.TokenReviewSpec{Token: token, Audiences: audiences}}
	question.APIVersion, question.Kind = "authentication.k8s.io/v1", "TokenReview"
	body, err := json.Marshal(question)
	if err != nil {
		t.Fatal(err)
	}
	code, answer := post(t, h, string(body))
	if code != http.StatusOK || answer.APIVersion != question.APIVersion || answer.Kind != question.Kind || answer.Spec.Token != "" {
		t.Errorf("answers %d with %+v", code, answer)
	}
	if len(token) > 20 && strings.Contains(h.log.String(), token[len(token)/2:]) {
		t.Errorf("the token is in the log: %s", h.log)
	}
	return answer.Status
}
