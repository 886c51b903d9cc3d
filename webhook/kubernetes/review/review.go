// Package review is what the API server's questions to Latchkey have in common: how a
// TokenReview or a SubjectAccessReview is read and answered (review.go), and what
// Latchkey's users and roles are called in the API server (name.go). It decides nothing.
package review

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"

	"github.com/go-json-experiment/json"
)

// MaxBody is the most that a question may hold, in bytes. A longer one is answered 413.
const MaxBody = 64 << 10

// Version is the only version of its group that a Review speaks.
const Version = "v1"

// Review answers POST requests with a review of one kind: it gives what spec asks for to
// Decide, and answers with the status that this returns. What can't be read never reaches
// Decide. The answer holds nothing of the question, which may be a secret.
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

// unread says why a request isn't a question.
type unread struct {
	status  int
	problem string
}

func (u *unread) Error() string { return u.problem }

// ServeHTTP answers a review. One of another version is answered in that version, so that
// the API server can read in its log what to set.
func (v Review[Spec, Status]) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var asked question[Spec]
	var problem *unread
	ours := v.Group + "/" + Version
	err := read(r, &asked)
	switch {
	case errors.As(err, &problem):
		if problem.status == http.StatusMethodNotAllowed {
			w.Header().Set("Allow", http.MethodPost)
		}
		v.write(w, problem.status, ours, v.Problem(problem.problem))
	case asked.Kind == v.Kind && asked.APIVersion == ours:
		v.write(w, http.StatusOK, ours, v.Decide(r.Context(), asked.Spec))
	case asked.Kind == v.Kind && isVersionOf(v.Group, asked.APIVersion):
		v.write(w, http.StatusOK, asked.APIVersion, v.Problem(asked.APIVersion+" isn't spoken here, only "+ours+": set the version of this webhook to "+Version))
	default:
		v.write(w, http.StatusBadRequest, ours, v.Problem("this isn't a "+v.Kind+" of "+ours))
	}
}

// read reads the one JSON object that a body is. Members that aren't known are left aside,
// since newer API servers say more; those that come twice aren't.
func read(r *http.Request, into any) error {
	if r.Method != http.MethodPost {
		return &unread{http.StatusMethodNotAllowed, "reviews are posted"}
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return &unread{http.StatusUnsupportedMediaType, "send JSON: Content-Type: application/json"}
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, MaxBody+1))
	switch {
	case err != nil:
		return &unread{http.StatusBadRequest, "the body can't be read"}
	case len(body) > MaxBody:
		return &unread{http.StatusRequestEntityTooLarge, "the body is larger than 64 KiB"}
	}
	if err := json.Unmarshal(body, into); err != nil { // not told: it quotes the body
		return &unread{http.StatusBadRequest, "the body is not one JSON object with members of the right type, each at most once"}
	}
	return nil
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
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(code)
	_, _ = w.Write(body) // a client that went away has no use for an error
}
