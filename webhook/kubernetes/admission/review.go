package admission

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	kjson "k8s.io/apimachinery/pkg/util/json"
	cradmission "sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

const (
	// maxReview bounds a review: two objects of at most 3 MiB, and what is said about them.
	maxReview = 7 << 20
	// patience is how long a review may take: less than the API server waits, so that it hears why.
	patience = 4 * time.Second
)

// errCannotJudge is all that an author learns of a fault. The log has the cause.
var errCannotJudge = errors.New("Latchkey can't judge this now, so it isn't let in: try again, and look at the log of latchkey kubernetes")

// badRequest is a request that holds no review, with the status that says so.
type badRequest struct {
	status int
	say    string
}

func (b *badRequest) Error() string { return b.say }

// ServeHTTP answers a review with a review, and whatever is none with a 4xx.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, _ := strings.CutPrefix(r.URL.Path, PathPrefix)
	judge, known := h.judges[name]
	if !known || r.URL.Path != PathPrefix+name {
		http.Error(w, "there is no such review", http.StatusNotFound)
		return
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "reviews are asked by POST", http.StatusMethodNotAllowed)
		return
	}
	request, err := readReview(w, r)
	if bad := (*badRequest)(nil); errors.As(err, &bad) {
		http.Error(w, bad.say, bad.status)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	response, result := h.answer(ctx, judge, request)
	h.metrics.admissions.WithLabelValues(name, result).Inc()
	h.log(ctx, name, request, response, result)
	writeReview(w, request, response)
}

// readReview returns the request of a review of version v1, or a *badRequest.
func readReview(w http.ResponseWriter, r *http.Request) (request cradmission.Request, err error) {
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
		return request, &badRequest{http.StatusUnsupportedMediaType, "a review has Content-Type application/json"}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxReview))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return request, &badRequest{http.StatusRequestEntityTooLarge, fmt.Sprintf("a review has at most %d bytes", maxReview)}
	}
	if err != nil {
		return request, &badRequest{http.StatusBadRequest, "the review can't be read to its end"}
	}
	// Read first, since another version need not have the rest.
	var version metav1.TypeMeta
	if err := kjson.Unmarshal(body, &version); err != nil {
		return request, &badRequest{http.StatusBadRequest, "the body is no AdmissionReview"}
	}
	if version != reviewVersion {
		return request, &badRequest{http.StatusBadRequest, "only an AdmissionReview of admission.k8s.io/v1 is answered: write admissionReviewVersions: [v1]"}
	}
	var review admissionv1.AdmissionReview
	if err := kjson.Unmarshal(body, &review); err != nil || review.Request == nil || review.Request.UID == "" {
		return request, &badRequest{http.StatusBadRequest, "the AdmissionReview has no request with a uid"}
	}
	return cradmission.Request{AdmissionRequest: *review.Request}, nil
}

var reviewVersion = metav1.TypeMeta{APIVersion: admissionv1.SchemeGroupVersion.String(), Kind: "AdmissionReview"}

// answer judges a request. What takes something away, or changes no spec, isn't judged. A fault, also one of
// ours, allows nothing: what the API server makes of that is in the webhook's failurePolicy.
func (h *handler) answer(ctx context.Context, j judge, request cradmission.Request) (response cradmission.Response, result string) {
	defer func() {
		if bug := recover(); bug != nil {
			h.Logger.Info("admission panicked: this is a bug", "panic", fmt.Sprint(bug), "stack", string(debug.Stack()))
			response, result = cradmission.Errored(http.StatusInternalServerError, errCannotJudge), resultFailed
		}
	}()
	if request.Resource != j.resource {
		return cradmission.Errored(http.StatusBadRequest, fmt.Errorf("this path is asked about %s of %s/%s, matchPolicy Equivalent",
			j.resource.Resource, j.resource.Group, j.resource.Version)), resultFailed
	}
	written := request.Operation == admissionv1.Create || request.Operation == admissionv1.Update
	if !written || request.SubResource != "" {
		return cradmission.Allowed(""), resultAllowed
	}
	verdict, err := j.judge(ctx, request)
	if err != nil {
		h.Logger.Info("admission can't judge an object, so it isn't let in", "resource", j.resource.Resource,
			"realm", request.Namespace, "name", request.Name, "error", err)
		return cradmission.Errored(http.StatusInternalServerError, errCannotJudge), resultFailed
	}
	return verdict.response()
}

// decode reads the object of a request and, for an update, what it was; before is false for a new one.
func decode(request cradmission.Request, object, old any) (before bool, err error) {
	if err := decodeRaw(request.Object, object); err != nil {
		return false, fmt.Errorf("decode object: %w", err)
	}
	if request.Operation != admissionv1.Update {
		return false, nil
	}
	if err := decodeRaw(request.OldObject, old); err != nil {
		return false, fmt.Errorf("decode old object: %w", err)
	}
	return true, nil
}

func decodeRaw(raw runtime.RawExtension, into any) error {
	if len(raw.Raw) == 0 {
		return errors.New("there is none")
	}
	return kjson.Unmarshal(raw.Raw, into)
}

// log tells of what was refused: its author sees the sentence, the operator this line.
func (h *handler) log(ctx context.Context, resource string, request cradmission.Request, response cradmission.Response, result string) {
	level := slog.LevelDebug
	if result == resultRefused {
		level = slog.LevelInfo
	}
	attributes := []any{"resource", resource, "realm", request.Namespace, "name", request.Name, "result", result}
	if result == resultRefused {
		attributes = append(attributes, "reason", response.Result.Message)
	}
	h.Logger.Log(ctx, level, "object judged at admission", attributes...)
}

func writeReview(w http.ResponseWriter, request cradmission.Request, response cradmission.Response) {
	_ = response.Complete(request) // it fails on patches alone, and there are none
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(admissionv1.AdmissionReview{TypeMeta: reviewVersion, Response: &response.AdmissionResponse})
}
