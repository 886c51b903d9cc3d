package admission

import (
	"net/http"
	"strings"
	"unicode/utf8"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	cradmission "sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

// verdict is what a judge says of an object. With neither invalid nor forbidden it is allowed.
type verdict struct {
	// invalid says what nobody may store, each with its field.
	invalid []string
	// forbidden says what this author may not do.
	forbidden []string
	// warnings are told to the author; they refuse nothing.
	warnings []string
}

const (
	// maxWarning is how long a warning gets: what API servers may cut off, in the worst case.
	maxWarning = 256
	// maxWarnings bounds how many there are: API servers keep 4 KiB of all together.
	maxWarnings = 12
)

// response is v in the API server's words.
func (v verdict) response() (response cradmission.Response, result string) {
	switch {
	case len(v.invalid) > 0:
		response, result = cradmission.Denied(strings.Join(v.invalid, "; ")), resultRefused
		response.Result.Code, response.Result.Reason = http.StatusUnprocessableEntity, metav1.StatusReasonInvalid
	case len(v.forbidden) > 0:
		response, result = cradmission.Denied(strings.Join(v.forbidden, "; ")), resultRefused
	case len(v.warnings) > 0:
		response, result = cradmission.Allowed(""), resultWarned
	default:
		response, result = cradmission.Allowed(""), resultAllowed
	}
	warnings := v.warnings
	if len(warnings) > maxWarnings {
		warnings = append(warnings[:maxWarnings-1:maxWarnings-1], "and more of the kind")
	}
	for _, warning := range warnings {
		response = response.WithWarnings(shortened(warning))
	}
	return response, result
}

// shortened cuts a text that an overlong name made too long, between two characters.
func shortened(text string) string {
	if len(text) <= maxWarning {
		return text
	}
	end := maxWarning - len("…")
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "…"
}
