package policy

import (
	"fmt"
	"strings"

	"github.com/latchkey-auth/latchkey/webhook/urlpath"
)

// Reason is why a request was not allowed: a short code from a fixed set, fit
// for the header X-Latchkey-Reason and for a metric's label.
type Reason string

// Every Reason of this package.
const (
	// ReasonNoRule: no rule of an effective role matches.
	ReasonNoRule Reason = "no_rule"
	// ReasonPathAmbiguous: backends could read the path in different ways, and no
	// rule for exactly `/**` matches.
	ReasonPathAmbiguous Reason = "path_ambiguous"
	// ReasonHostInvalid: the host is neither a host name nor an IP address.
	ReasonHostInvalid Reason = "host_invalid"
	// ReasonPathInvalid: the path is not absolute, too long, or has a malformed
	// escape.
	ReasonPathInvalid Reason = "path_invalid"
	// ReasonMethodInvalid: the method is not an RFC 9110 token.
	ReasonMethodInvalid Reason = "method_invalid"
)

// RequestError says why a description of a request can't be judged. It never
// repeats what the client sent.
type RequestError struct {
	Reason  Reason // one of the …Invalid reasons
	Problem string // a clause for a log line
}

// Error returns "<reason>: <problem>".
func (e *RequestError) Error() string { return fmt.Sprintf("%s: %s", e.Reason, e.Problem) }

// Request is a request in canonical form, as rules are matched with it. Two
// descriptions of the same request give equal values. The zero value is denied.
type Request struct {
	method    string
	host      string
	path      string // decoded; as it was sent if ambiguous
	ambiguous bool
}

// NewRequest makes a Request of what a proxy described. The target is the raw
// `/path` or `/path?query` of the request line; the query is never read. Errors
// are a *RequestError, and the Request beside one is the zero value.
func NewRequest(method, host, target string) (Request, error) {
	if !isToken(method) {
		return Request{}, &RequestError{ReasonMethodInvalid, "a method is an RFC 9110 token"}
	}
	host, err := CanonicalHost(host)
	if err != nil {
		return Request{}, err
	}
	raw, _, _ := strings.Cut(target, "?")
	path, ambiguous, err := urlpath.Canonical(raw)
	if err != nil {
		return Request{}, &RequestError{ReasonPathInvalid, err.Error()}
	}
	return Request{method: method, host: host, path: path, ambiguous: ambiguous}, nil
}

// Method returns the method as it was sent.
func (r Request) Method() string { return r.method }

// Host returns the canonical host, without a port.
func (r Request) Host() string { return r.host }

// Path returns the path without its query: decoded if it is plain, exactly as
// it was sent if it is ambiguous. It is the client's text; quote it in logs.
func (r Request) Path() string { return r.path }

// Ambiguous reports whether backends could read the path in different ways.
func (r Request) Ambiguous() bool { return r.ambiguous }

// isToken reports whether s is a token of RFC 9110 section 5.6.2.
func isToken(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0:
		default:
			return false
		}
	}
	return s != ""
}
