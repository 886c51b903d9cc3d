// Package review is what the API server's questions to Latchkey have in common: how a
// TokenReview or a SubjectAccessReview is read and answered (review.go), and what
// Latchkey's users and roles are called in the API server (name.go). It decides nothing.
package review

import (
	"context"
	"net/http"
	"strconv"

	"github.com/go-json-experiment/json"
)

// Version is the only version of its group that a Review speaks.
const Version = "v1"

// Review answers requests whose body is a review of one kind: it gives what spec asks for to
// Decide, and answers with the status that this returns. What can't be read never reaches
// Decide. The answer holds nothing of the question, which may be a secret. That it is a POST
// of JSON, and not too long, is seen to at the door (webhook/kubernetes).
type Review[Spec, Status any] struct {
	// Group and Kind are those of the review.
	Group, Kind string
	// Decide answers a question that was read.
	Decide func(context.Context, Spec) Status
	// Problem is the status that grants nothing and says why there is no decision.
	Problem func(string) Status
}

type question[Spec any] struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Spec       Spec   `json:"spec"`
}

type answer[Status any] struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Status     Status `json:"status"`
}

// ServeHTTP answers a review. One of another version is answered in that version, so that
// the API server can read in its log what to set. Members that aren't known are left aside,
// since newer API servers say more; those that come twice aren't.
func (v Review[Spec, Status]) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var asked question[Spec]
	ours := v.Group + "/" + Version
	switch err := json.UnmarshalRead(r.Body, &asked); {
	case err != nil: // not told: it quotes the body
		v.write(w, http.StatusBadRequest, ours, v.Problem("the body is not one JSON object with members of the right type, each at most once"))
	case asked.Kind == v.Kind && asked.APIVersion == ours:
		v.write(w, http.StatusOK, ours, v.Decide(r.Context(), asked.Spec))
	case asked.Kind == v.Kind && isVersionOf(v.Group, asked.APIVersion):
		v.write(w, http.StatusOK, asked.APIVersion, v.Problem(asked.APIVersion+" isn't spoken here, only "+ours+": set the version of this webhook to "+Version))
	default:
		v.write(w, http.StatusBadRequest, ours, v.Problem("this isn't a "+v.Kind+" of "+ours))
	}
}

// isVersionOf reports whether apiVersion is a version of group, as v1beta1.
func isVersionOf(group, apiVersion string) bool {
	version := apiVersion[min(len(group)+1, len(apiVersion)):]
	if apiVersion != group+"/"+version || len(version) < 2 || len(version) > 20 || version[0] != 'v' {
		return false
	}
	for _, c := range version {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

func (v Review[Spec, Status]) write(w http.ResponseWriter, code int, apiVersion string, status Status) {
	body, err := json.Marshal(answer[Status]{apiVersion, v.Kind, status}, json.Deterministic(true))
	if err != nil { // only text that isn't UTF-8, which nothing here lets through
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(code)
	_, _ = w.Write(body) // a client that went away has no use for an error
}
