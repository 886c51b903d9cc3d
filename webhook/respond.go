package webhook

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
)

// failure is every answer that isn't the one asked for. The code and description are
// sent; the cause is logged, never sent.
type failure struct {
	status      int
	code        string        // RFC 6749, 6750 or our own error code
	description string        // one sentence for a person
	reason      string        // short code for X-Latchkey-Reason, metrics and logs; "" outside of /check
	challenge   string        // "", or the error attribute of WWW-Authenticate
	basic       bool          // whether WWW-Authenticate offers Basic, too
	retryAfter  time.Duration // 0: no Retry-After
	allow       string        // the Allow header of a 405
	cause       error
}

func (f *failure) Error() string { return f.code + ": " + f.description }
func (f *failure) Unwrap() error { return f.cause }

// Error codes.
const (
	codeInvalidRequest     = "invalid_request"
	codeInvalidGrant       = "invalid_grant"
	codeInvalidToken       = "invalid_token"
	codeInvalidField       = "invalid_field"
	codeInsufficientScope  = "insufficient_scope"
	codeAccessDenied       = "access_denied"
	codeUnsupportedGrant   = "unsupported_grant_type"
	codeNotFound           = "not_found"
	codeAlreadyExists      = "already_exists"
	codeConflict           = "conflict"
	codeMethodNotAllowed   = "method_not_allowed"
	codeUnavailable        = "temporarily_unavailable"
	codeTooManyRequests    = "too_many_requests"
	codeServerError        = "server_error"
	descriptionUnavailable = "Try again in a moment"
)

func badRequest(description string) error {
	return &failure{status: http.StatusBadRequest, code: codeInvalidRequest, description: description}
}

func notFound(description string) error {
	return &failure{status: http.StatusNotFound, code: codeNotFound, description: description}
}

func unavailable(cause error) error {
	return &failure{status: http.StatusServiceUnavailable, code: codeUnavailable, description: descriptionUnavailable, retryAfter: time.Second, cause: cause}
}

func tooMany(description string, retryAfter time.Duration) error {
	return &failure{status: http.StatusTooManyRequests, code: codeTooManyRequests, description: description, retryAfter: retryAfter}
}

// asFailure returns err as the failure to answer with: an error that nobody mapped is a
// server error, whose cause the log has.
func asFailure(err error) *failure {
	var f *failure
	switch {
	case errors.As(err, &f):
		return f
	case errors.Is(err, ErrUnavailable):
		errors.As(unavailable(err), &f)
		return f
	default:
		return &failure{status: http.StatusInternalServerError, code: codeServerError, description: "Something went wrong on our side", cause: err}
	}
}

// refuse answers with f for a program.
func refuse(w http.ResponseWriter, realm string, f *failure) {
	f.setHeaders(w.Header(), realm)
	writeJSON(w, f.status, struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}{f.code, f.description})
}

// setHeaders sets what an answer with f carries, whether a program or a person reads it.
func (f *failure) setHeaders(h http.Header, realm string) {
	if f.status == http.StatusUnauthorized || f.status == http.StatusForbidden {
		h.Set("WWW-Authenticate", challenge(realm, f))
	}
	if f.reason != "" {
		h.Set("X-Latchkey-Reason", f.reason)
	}
	if f.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(max(1, int((f.retryAfter+time.Second-1)/time.Second))))
	}
	if f.allow != "" {
		h.Set("Allow", f.allow)
	}
}

// challenge is the value of WWW-Authenticate (RFC 6750 section 3): without an error if
// the request had no credentials. Where Basic is offered, too, both stand on one line
// (RFC 9110 section 11.6.1), because nginx before 1.23 passes the first line only, and
// Basic comes first, because Chromium reads a line's first challenge only.
func challenge(realm string, f *failure) string {
	value := "Bearer realm=" + quote(realm)
	if f.basic {
		value = "Basic realm=" + quote(realm) + `, charset="UTF-8", ` + value
	}
	if f.challenge != "" {
		value += ", error=" + quote(f.challenge) + ", error_description=" + quote(f.description)
	}
	return value
}

// quote makes an RFC 9110 quoted-string of printable ASCII.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range []byte(s) {
		switch {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c > '~':
			b.WriteByte('?')
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// writeJSON answers with v. Every value is one of our own structs, so that encoding
// can't fail and nothing is half sent.
func writeJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{"error":"server_error"}`)
	}
	writeRaw(w, status, body)
}

func writeRaw(w http.ResponseWriter, status int, body []byte) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that went away has no use for an error
}
