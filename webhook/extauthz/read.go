package extauthz

import (
	"net/http"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"

	"github.com/latchkey-auth/latchkey/webhook"
	"github.com/latchkey-auth/latchkey/webhook/proxy"
)

// read returns what a message asks, and puts the headers that a check reads into header: no
// others, so that nothing else a client sent can matter.
func read(in *authv3.CheckRequest, header http.Header) webhook.Question {
	q := webhook.Question{Endpoint: "grpc", Shows: true}
	attributes := in.GetAttributes()
	if q.Problem = extensions(attributes.GetContextExtensions(), &q); q.Problem != nil {
		return q
	}
	q.Original, q.Problem = original(attributes.GetRequest().GetHttp(), header)
	return q
}

// extensions reads what the route's configuration adds. An empty value is a mistake and never
// a default: an empty role must not mean that none is needed.
func extensions(values map[string]string, q *webhook.Question) error {
	for name, value := range values {
		switch name {
		case "realm":
			if value == "" {
				return &proxy.Unreadable{Reason: proxy.ReasonParameterMalformed, Hint: "context_extensions has an empty realm: name the realm's namespace, or leave it out for the default realm"}
			}
			q.Realm = value
		case "role":
			q.ByRoles, q.Roles = true, value
		default:
			return &proxy.Unreadable{Reason: proxy.ReasonParameterUnknown, Hint: "context_extensions may hold realm and role, and nothing else"}
		}
	}
	return nil
}

// original reads the request that is asked about. Envoy describes it by attributes, and its
// headers, where they are passed on whole, hold the same once more: if they differ, they are
// not of one request.
func original(r *authv3.AttributeContext_HttpRequest, header http.Header) (proxy.Original, error) {
	switch {
	case r == nil:
		return proxy.Original{}, missing("request.http")
	case len(r.GetHeaders()) > 0 && r.GetHeaderMap() != nil:
		return proxy.Original{}, &proxy.Unreadable{Reason: proxy.ReasonMessageMalformed, Hint: "the message has headers and header_map: Envoy sends one of them"}
	}
	for _, a := range [...]struct{ name, value string }{{"method", r.GetMethod()}, {"host", r.GetHost()}, {"path", r.GetPath()}} {
		if a.value == "" {
			return proxy.Original{}, missing("request.http." + a.name)
		}
	}
	if !strings.HasPrefix(r.GetPath(), "/") {
		return proxy.Original{}, &proxy.Unreadable{Reason: proxy.ReasonAttributeMalformed, Hint: "request.http.path is not a path: a client sent CONNECT or OPTIONS *, which are for proxies"}
	}
	if s := r.GetScheme(); s != "" && s != "http" && s != "https" {
		return proxy.Original{}, &proxy.Unreadable{Reason: proxy.ReasonAttributeMalformed, Hint: "request.http.scheme is neither http nor https"}
	}
	if err := headers(r, header); err != nil {
		return proxy.Original{}, err
	}
	return proxy.Original{Method: r.GetMethod(), Scheme: r.GetScheme(), Host: r.GetHost(), Target: r.GetPath()}, nil
}

func missing(attribute string) error {
	return &proxy.Unreadable{Reason: proxy.ReasonAttributeMissing, Hint: "attributes." + attribute + " is missing or empty: Envoy's ext_authz as an HTTP filter sets it"}
}

// names are the headers that are read, as Envoy spells them.
var names = [...]string{":method", ":path", ":authority", "host", "authorization", "cookie", "accept", "x-request-id", "x-forwarded-for"}

// headers takes the headers of a request. In headers Envoy has joined the lines of one name
// with commas; a header_map has each by itself.
func headers(r *authv3.AttributeContext_HttpRequest, header http.Header) error {
	if merged := r.GetHeaders(); len(merged) > 0 {
		for _, name := range names {
			value, found := merged[name]
			if !found {
				continue
			}
			if err := take(r, header, name, value); err != nil {
				return err
			}
		}
		return nil
	}
	for _, h := range r.GetHeaderMap().GetHeaders() {
		value, err := valueOf(h)
		if err == nil {
			err = take(r, header, h.GetKey(), value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// valueOf returns the value of an entry of a header_map, which stands in one of two fields.
func valueOf(h *corev3.HeaderValue) (string, error) {
	switch raw := h.GetRawValue(); {
	case len(raw) == 0:
		return h.GetValue(), nil
	case h.GetValue() != "":
		return "", &proxy.Unreadable{Reason: proxy.ReasonMessageMalformed, Hint: "an entry of header_map has value and raw_value: Envoy sends one of them"}
	default:
		return string(raw), nil
	}
}

// take keeps a header that a check reads, and compares one that repeats an attribute.
func take(r *authv3.AttributeContext_HttpRequest, header http.Header, name, value string) error {
	var attribute string
	switch name {
	case "authorization":
		header["Authorization"] = append(header["Authorization"], value)
		return nil
	case "cookie":
		header["Cookie"] = append(header["Cookie"], value)
		return nil
	case "accept":
		header["Accept"] = append(header["Accept"], value)
		return nil
	case "x-request-id":
		header["X-Request-Id"] = append(header["X-Request-Id"], value)
		return nil
	case "x-forwarded-for":
		header["X-Forwarded-For"] = append(header["X-Forwarded-For"], value)
		return nil
	case ":method":
		attribute = r.GetMethod()
	case ":path":
		attribute = r.GetPath()
	case ":authority", "host":
		attribute = r.GetHost()
	default:
		return nil
	}
	if value != attribute {
		return &proxy.Unreadable{Reason: proxy.ReasonAttributeMismatch, Hint: "the header " + name + " and the attribute of request.http differ: a client sent bytes that are no UTF-8, or what asks isn't Envoy"}
	}
	return nil
}
