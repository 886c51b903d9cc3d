package admission

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"

	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	kjson "k8s.io/apimachinery/pkg/util/json"
	cradmission "sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

// cannotJudge is all that an author learns of a fault. The log has the cause.
const cannotJudge = "this can't be judged now: try again, and look at the log of latchkey kubernetes"

// ServeHTTP answers a review with a review, and whatever is none with a 4xx. A fault is a 5xx and so no answer: what
// becomes of the object says the webhook's failurePolicy, which lets no User or Role in, and every Ingress.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, _ := strings.CutPrefix(r.URL.Path, PathPrefix)
	judge, known := h.judges[name]
	if !known || r.URL.Path != PathPrefix+name {
		http.Error(w, "there is no such review", http.StatusNotFound)
		return
	}
	request, err := readReview(r.Body, judge.resource)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	response, result, err := h.answer(r.Context(), judge, request)
	h.metrics.admissions.WithLabelValues(name, result).Inc()
	if err != nil {
		h.Logger.Info("admission can't judge an object", "resource", name, "realm", request.Namespace, "name", request.Name, "error", err)
		http.Error(w, cannotJudge, http.StatusInternalServerError)
		return
	}
	h.log(r.Context(), name, request, response, result)
	writeReview(w, request, response)
}

// readReview returns the request of a review of version v1 that is about a resource. The error is for whoever set the
// webhook up.
func readReview(from io.Reader, about metav1.GroupVersionResource) (request cradmission.Request, err error) {
	body, err := io.ReadAll(from)
	if err != nil {
		return request, err
	}
	// Read first, since another version need not have the rest.
	var version metav1.TypeMeta
	if err := kjson.Unmarshal(body, &version); err != nil {
		return request, errors.New("the body is no AdmissionReview")
	}
	if version != reviewVersion {
		return request, errors.New("only an AdmissionReview of admission.k8s.io/v1 is answered: write admissionReviewVersions: [v1]")
	}
	var review admissionv1.AdmissionReview
	if err := kjson.Unmarshal(body, &review); err != nil || review.Request == nil || review.Request.UID == "" {
		return request, errors.New("the AdmissionReview has no request with a uid")
	}
	if review.Request.Resource != about {
		return request, fmt.Errorf("this path is asked about %s of %s/%s, matchPolicy Equivalent", about.Resource, about.Group, about.Version)
	}
	return cradmission.Request{AdmissionRequest: *review.Request}, nil
}

var reviewVersion = metav1.TypeMeta{APIVersion: admissionv1.SchemeGroupVersion.String(), Kind: "AdmissionReview"}

// answer judges a request. What takes something away, or changes no spec, isn't judged.
func (h *handler) answer(ctx context.Context, j judge, request cradmission.Request) (response cradmission.Response, result string, err error) {
	written := request.Operation == admissionv1.Create || request.Operation == admissionv1.Update
	if !written || request.SubResource != "" {
		return cradmission.Allowed(""), resultAllowed, nil
	}
	verdict, err := j.judge(ctx, request)
	if err != nil {
		return response, resultFailed, err
	}
	response, result = verdict.response()
	return response, result, nil
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
