package review_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/latchkey-auth/latchkey/webhook/kubernetes/review"
)

type spec struct {
	User string `json:"user"`
}

type status struct {
	Allowed bool   `json:"allowed"`
	Problem string `json:"problem"`
}

func TestAReviewIsDecidedOrAnsweredWithWhatToMend(t *testing.T) {
	for sentence, c := range map[string]struct {
		body          string
		code          int
		version, says string // "": it was decided
	}{
		"one of ours is decided": {
			`{"apiVersion":"example.k8s.io/v1","kind":"AReview","spec":{"user":"ada"}}`, http.StatusOK, "example.k8s.io/v1", ""},
		"a newer API server may say more": {
			`{"apiVersion":"example.k8s.io/v1","kind":"AReview","metadata":{},"spec":{"user":"ada","since":1}}`, http.StatusOK, "example.k8s.io/v1", ""},
		"an older version is answered in it": {
			`{"apiVersion":"example.k8s.io/v1beta1","kind":"AReview","spec":{"user":"ada"}}`, http.StatusOK, "example.k8s.io/v1beta1", "set the version of this webhook to v1"},
		"an odd version":     {`{"apiVersion":"example.k8s.io/v1\"","kind":"AReview"}`, http.StatusBadRequest, "example.k8s.io/v1", "this isn't a AReview of example.k8s.io/v1"},
		"no version":         {`{"apiVersion":"example.k8s.io","kind":"AReview"}`, http.StatusBadRequest, "example.k8s.io/v1", "this isn't a AReview of example.k8s.io/v1"},
		"another kind":       {`{"apiVersion":"example.k8s.io/v1","kind":"SelfAReview"}`, http.StatusBadRequest, "example.k8s.io/v1", "this isn't a AReview of example.k8s.io/v1"},
		"another group":      {`{"apiVersion":"other.k8s.io/v1","kind":"AReview"}`, http.StatusBadRequest, "example.k8s.io/v1", "this isn't a AReview of example.k8s.io/v1"},
		"a member twice":     {`{"apiVersion":"example.k8s.io/v1","kind":"AReview","spec":{"user":"a","user":"ada"}}`, http.StatusBadRequest, "example.k8s.io/v1", "each at most once"},
		"a kind in capitals": {`{"apiVersion":"example.k8s.io/v1","KIND":"AReview","spec":{"user":"ada"}}`, http.StatusBadRequest, "example.k8s.io/v1", "this isn't a AReview"},
		"a wrong type":       {`{"apiVersion":"example.k8s.io/v1","kind":"AReview","spec":{"user":["ada"]}}`, http.StatusBadRequest, "example.k8s.io/v1", "members of the right type"},
		"no JSON":            {`<`, http.StatusBadRequest, "example.k8s.io/v1", "not one JSON object"},
		"nothing":            {``, http.StatusBadRequest, "example.k8s.io/v1", "not one JSON object"},
		"two bodies":         {`{}{}`, http.StatusBadRequest, "example.k8s.io/v1", "not one JSON object"},
	} {
		t.Run(sentence, func(t *testing.T) {
			handler := review.Review[spec, status]{
				Group: "example.k8s.io", Kind: "AReview",
				Decide:  func(_ context.Context, asked spec) status { return status{Allowed: asked.User == "ada"} },
				Problem: func(why string) status { return status{Problem: why} },
			}
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", strings.NewReader(c.body)))
			var got struct {
				APIVersion string `json:"apiVersion"`
				Kind       string `json:"kind"`
				Status     status `json:"status"`
			}
			if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
				t.Fatalf("%v: %s", err, w.Body)
			}
			decided := c.says == ""
			if w.Code != c.code || got.APIVersion != c.version || got.Kind != "AReview" || got.Status.Allowed != decided ||
				!strings.Contains(got.Status.Problem, c.says) || (got.Status.Problem == "") != decided {
				t.Errorf("%d %s", w.Code, w.Body)
			}
			if strings.Contains(w.Body.String(), "ada") {
				t.Errorf("the answer holds something of the question: %s", w.Body)
			}
		})
	}
}
