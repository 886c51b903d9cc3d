// Package proxy reads what each proxy says of the request that it asks about.
//
// There is one file per dialect. A dialect reads its own headers and no others: under
// nginx the X-Forwarded-* headers are the client's text, under Traefik and Caddy
// X-Original-* are, so looking at a second place would be an invitation. A header that is
// missing, empty or doubled is a refusal, never a guess. Nothing here decides who may pass.
package proxy

import (
	"net/http"
	"strings"
)

// Check is a check request as it arrived. Its Method and Host are its own: only a dialect
// knows whether they are also those of the request that it asks about.
type Check struct {
	Header http.Header
	Method string
	Host   string
	Rest   string // raw path behind the name of the dialect: "" or "/…"
	Query  string // raw
}

// Original is a request as a proxy described it, raw.
type Original struct {
	Method string // exact case
	Scheme string // http, https, ws or wss; "" where the proxy doesn't say
	Host   string // as the client sent it, port included
	Target string // /path or /path?query, as on the request line
}

// Dialect is how one kind of proxy asks.
type Dialect struct {
	// Name stands in the path of the check: /check/<name>.
	Name string
	// Read finds the original request in a check request. Its errors are *Unreadable, and
	// the Original beside one is the zero value.
	Read func(Check) (Original, error)
	// Shows says that the proxy passes a refusal on to the client whole, so that a browser
	// can be sent to the login page or be shown another.
	Shows bool
}

// Named returns the dialect behind /check/<below>, and the rest of that path: what follows
// the name, which all dialects but Envoy's leave empty.
func Named(below string) (d Dialect, rest string, known bool) {
	name := below
	if slash := strings.IndexByte(below, '/'); slash >= 0 {
		name, rest = below[:slash], below[slash:]
	}
	switch name {
	case "nginx":
		d = Dialect{Name: name, Read: nginx}
	case "traefik":
		d = Dialect{Name: name, Read: traefik, Shows: true}
	case "caddy":
		d = Dialect{Name: name, Read: caddy, Shows: true}
	case "haproxy":
		d = Dialect{Name: name, Read: haproxy, Shows: true}
	case "envoy":
		return Dialect{Name: name, Read: envoy, Shows: true}, rest, true
	default:
		return Dialect{}, "", false
	}
	if rest != "" {
		return Dialect{}, "", false
	}
	return d, "", true
}

// Unreadable says why a check request doesn't describe an original request.
type Unreadable struct {
	// Reason is a short code from a fixed set, fit for X-Latchkey-Reason and a metric.
	Reason string
	// Hint tells the operator what to set, and names no value that a client sent.
	Hint string
}

// Error returns the reason and the hint.
func (u *Unreadable) Error() string { return u.Reason + ": " + u.Hint }

// Every Reason of this package.
const (
	ReasonHeaderMissing      = "header_missing"
	ReasonHeaderRepeated     = "header_repeated"
	ReasonHeaderMalformed    = "header_malformed"
	ReasonHostMismatch       = "host_mismatch"
	ReasonPathMissing        = "path_missing"
	ReasonParameterMissing   = "parameter_missing"
	ReasonParameterMalformed = "parameter_malformed"
	ReasonParameterUnknown   = "parameter_unknown"

	// Of checks that are messages (package extauthz).
	ReasonMessageMalformed   = "message_malformed"
	ReasonAttributeMissing   = "attribute_missing"
	ReasonAttributeMalformed = "attribute_malformed"
	ReasonAttributeMismatch  = "attribute_mismatch"
)

// Reasons returns every Reason of this package, for metrics that exist before they count.
func Reasons() []string {
	return []string{
		ReasonHeaderMissing, ReasonHeaderRepeated, ReasonHeaderMalformed, ReasonHostMismatch, ReasonPathMissing,
		ReasonParameterMissing, ReasonParameterMalformed, ReasonParameterUnknown,
		ReasonMessageMalformed, ReasonAttributeMissing, ReasonAttributeMalformed, ReasonAttributeMismatch,
	}
}

// single returns the one, non-empty value of a header; name is in canonical form.
func single(header http.Header, name, hint string) (string, error) {
	switch values := header[name]; {
	case len(values) == 0 || len(values) == 1 && values[0] == "":
		return "", &Unreadable{ReasonHeaderMissing, name + " is missing or empty: " + hint}
	case len(values) > 1:
		return "", &Unreadable{ReasonHeaderRepeated, name + " came more than once: the proxy must replace what the client sent, not add to it"}
	default:
		return values[0], nil
	}
}

// malformed is the refusal of a header whose value can't be what the proxy writes.
func malformed(name, want string) error {
	return &Unreadable{ReasonHeaderMalformed, name + " is not " + want}
}

// NoParameters refuses every query, for endpoints that have none.
func NoParameters(query string) error {
	if query != "" {
		return &Unreadable{ReasonParameterUnknown, "this check endpoint takes no query parameters: roles stand in the path, as in /check/role/admin, and some proxies append the client's query to it (Caddy doesn't if its uri ends in a question mark)"}
	}
	return nil
}

func isScheme(s string) bool {
	return s == "http" || s == "https" || s == "ws" || s == "wss"
}

func isPath(target string) bool { return strings.HasPrefix(target, "/") }
