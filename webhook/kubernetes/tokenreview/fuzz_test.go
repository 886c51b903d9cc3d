package tokenreview_test

import (
	"encoding/json"
	"testing"

	"github.com/latchkey-auth/latchkey/webhook/kubernetes/tokenreview"
)

// Whatever is posted, it ends with an answer, and nobody is authenticated whom the service
// doesn't know: it knows nobody here.
func FuzzTokenReviewBody(f *testing.F) {
	for _, token := range []string{aToken(accessHeader, adas), aToken(accessHeader, `{"iss":"https://auth.example.com","sub":"a","aud":[]}`), "a.b.c", ""} {
		body, err := json.Marshal(map[string]any{"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": map[string]any{"token": token, "audiences": []string{issuer}}})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(body))
	}
	for _, seed := range []string{`{"apiVersion":"authentication.k8s.io/v1beta1","kind":"TokenReview"}`, `{}`, `[]`, `null`, "\xff", `{"status":{"authenticated":true}}`} {
		f.Add(seed)
	}
	h := newHandler(f, &service{})
	f.Fuzz(func(t *testing.T, body string) {
		if _, answer := post(t, h, body); answer.Status.Authenticated || answer.Status.User.Username != "" {
			t.Errorf("authenticated: %+v", answer.Status)
		}
	})
}

// FuzzTokenReviewToken has the service know everything: what is authenticated is a token
// that names the user whom it knows.
func FuzzTokenReviewToken(f *testing.F) {
	f.Add(accessHeader, adas)
	f.Add(`{"typ":"at+jwt"}`, `{"iss":"https://auth.example.com","sub":"uid-of-ada","preferred_username":"ada","aud":"x"}`)
	f.Add(`{"typ":"rt+jwt"}`, adas)
	h := newHandler(f, &service{users: map[string]tokenreview.Identity{"latchkey": ada}})
	f.Fuzz(func(t *testing.T, header, payload string) {
		status := ask(t, h, aToken(header, payload))
		if !status.Authenticated {
			return
		}
		var head, said map[string]any // whose members are exact, unlike a struct's
		if json.Unmarshal([]byte(header), &head) != nil || json.Unmarshal([]byte(payload), &said) != nil ||
			head["typ"] != "at+jwt" || said["iss"] != issuer || said["sub"] != ada.UID {
			t.Errorf("authenticated by %q.%q", header, payload)
		}
	})
}
