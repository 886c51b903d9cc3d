package cluster

import (
	"errors"
	"regexp"
	"strconv"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/latchkey-auth/latchkey/webhook"
)

// refusal translates what the API server says of a User: its schema is the one place that
// knows what a user may be, and its sentence says what to write instead.
func refusal(err error) error {
	var status *apierrors.StatusError
	if errors.As(err, &status) {
		if sentence, refused := atAdmission(status); refused {
			return &webhook.Refused{Sentence: sentence}
		}
	}
	if status == nil || !apierrors.IsInvalid(err) || status.ErrStatus.Details == nil {
		return translate("store User", err)
	}
	for _, cause := range status.ErrStatus.Details.Causes {
		return &webhook.InvalidField{Field: member(cause.Field), Problem: sentence(cause.Message)}
	}
	return &webhook.InvalidField{Field: "username", Problem: "the API server refuses this user"}
}

// fromWebhook is how an API server begins what a webhook said.
var fromWebhook = regexp.MustCompile(`^admission webhook "[^"]*" denied the request(?:: | )`)

// fromPolicy is how it begins what a ValidatingAdmissionPolicy said.
var fromPolicy = regexp.MustCompile(`^ValidatingAdmissionPolicy '[^']*'(?: with binding '[^']*')? denied request: `)

// maxSentence bounds what strangers may say: it goes into a header, too.
const maxSentence = 512

// atAdmission returns what a webhook or policy says of a User that it refuses. One that can't judge now, or wants to
// be asked more slowly, has refused nothing. Nor has RBAC: the service's rights are nobody's to mend over HTTP.
func atAdmission(err *apierrors.StatusError) (sentence string, refused bool) {
	status := err.ErrStatus
	if status.Code < 400 || status.Code > 499 || apierrors.IsTooManyRequests(err) {
		return "", false
	}
	if begin := fromWebhook.FindString(status.Message); begin != "" {
		return bounded(status.Message[len(begin):]), true
	}
	if status.Details == nil {
		return "", false
	}
	for _, cause := range status.Details.Causes {
		if begin := fromPolicy.FindString(cause.Message); begin != "" && cause.Field == "" {
			return bounded(cause.Message[len(begin):]), true
		}
	}
	return "", false
}

// bounded cuts a text that is too long, between two characters.
func bounded(text string) string {
	if len(text) <= maxSentence {
		return text
	}
	return strings.ToValidUTF8(text[:maxSentence], "") + "…"
}

// sentence is what a refusal says to a person, without the value, which they know.
func sentence(message string) string {
	rest, found := strings.CutPrefix(message, "Invalid value: ")
	if !found {
		return message
	}
	quoted, err := strconv.QuotedPrefix(rest)
	if err != nil {
		return message
	}
	return strings.TrimPrefix(rest[len(quoted):], ": ")
}

// member names the JSON member of the users endpoint behind a field of a User.
func member(field string) string {
	if strings.HasPrefix(field, "metadata") {
		return "username"
	}
	name := strings.TrimPrefix(field, "spec.")
	if end := strings.IndexAny(name, ".["); end >= 0 {
		name = name[:end]
	}
	return name
}

// pageRefusal translates the error of a list: a continue token that is malformed or too
// old is the client's to mend.
func pageRefusal(err error) error {
	if apierrors.IsBadRequest(err) || apierrors.IsResourceExpired(err) || apierrors.IsGone(err) {
		return &webhook.InvalidField{Field: "continue", Problem: "it is malformed or too old: begin again without it"}
	}
	return translate("list Users", err)
}
