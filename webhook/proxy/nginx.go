package proxy

import (
	"strings"

	"github.com/latchkey-auth/latchkey/webhook/policy"
)

// nginx reads X-Original-URL and X-Original-Method, which ingress-nginx always replaces
// and our auth_request snippet sets.
//
// nginx builds that URL from the Host header, but routes an absolute-form request by its
// request line, so the two can name different apps. Only $host follows the request line:
// it comes as the parameter host, and must be the URL's host. $host is the client's text
// and the last thing in the query, so all that follows host= is its value, and a value
// that isn't a host (x&role=admin) is a refusal: nothing else is ever read from there.
func nginx(c Check) (Original, error) {
	routed, err := routedHost(c.Query)
	if err != nil {
		return Original{}, err
	}
	method, err := single(c.Header, "X-Original-Method", "set it to $request_method")
	if err != nil {
		return Original{}, err
	}
	raw, err := single(c.Header, "X-Original-Url", "set X-Original-URL to $scheme://$http_host$request_uri")
	if err != nil {
		return Original{}, err
	}
	// Never url.Parse a URL that must reach the rules byte for byte: it normalises.
	scheme, rest, found := strings.Cut(raw, "://")
	slash := strings.IndexByte(rest, '/')
	if !found || !isScheme(scheme) || slash < 0 {
		return Original{}, malformed("X-Original-URL", "scheme://host/path")
	}
	described, err := policy.CanonicalHost(rest[:slash])
	if err != nil {
		return Original{}, malformed("X-Original-URL", "a URL with a well-formed host")
	}
	if described != routed {
		return Original{}, &Unreadable{ReasonHostMismatch, "the host of X-Original-URL is not the one that nginx routed by: the client sent two different hosts, or the parameter isn't host=$host"}
	}
	return Original{Method: method, Scheme: scheme, Host: rest[:slash], Target: rest[slash:]}, nil
}

func routedHost(query string) (string, error) {
	if query == "" {
		return "", &Unreadable{ReasonParameterMissing, "the parameter host is missing: the URL of the check must end in /check/nginx?host=$host"}
	}
	value, found := strings.CutPrefix(query, "host=")
	if !found {
		return "", &Unreadable{ReasonParameterUnknown, "the only parameter of this endpoint is host: the URL of the check must end in /check/nginx?host=$host"}
	}
	host, err := policy.CanonicalHost(value)
	if err != nil {
		return "", &Unreadable{ReasonParameterMalformed, "the parameter host is not one well-formed host: the URL of the check must end in /check/nginx?host=$host"}
	}
	return host, nil
}
