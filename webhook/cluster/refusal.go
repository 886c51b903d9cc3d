package cluster

import (
	"errors"
	"strconv"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/latchkey-auth/latchkey/webhook"
)

// refusal translates what the API server says of a User: its schema is the one place that
// knows what a user may be, and its sentence says what to write instead.
func refusal(err error) error {
	var status *apierrors.StatusError
	if !errors.As(err, &status) || !apierrors.IsInvalid(err) || status.ErrStatus.Details == nil {
		return translate("store User", err)
	}
	for _, cause := range status.ErrStatus.Details.Causes {
		return &webhook.InvalidField{Field: member(cause.Field), Problem: sentence(cause.Message)}
	}
	return &webhook.InvalidField{Field: "username", Problem: "the API server refuses this user"}
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
