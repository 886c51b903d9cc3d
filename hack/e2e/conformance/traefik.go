package conformance

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// AskedByTraefik is the check request that Traefik 3.7 sends about c by the forwardAuth of our
// template, as it was observed; token is the caller's. A status other than 0 is Traefik's own
// refusal: it doesn't ask then.
//
// Traefik decodes what needs no escape, cleans the path of dots and doubled slashes, and sends what
// it cleaned to the check and to the app. An escaped slash stays. An absolute-form request is one to
// the host of its request line.
func (c Case) AskedByTraefik(token string) (request []byte, status int) {
	target, err := url.ParseRequestURI(unreserved(c.Target))
	if err != nil || len(c.Hosts) > 1 {
		return nil, http.StatusBadRequest
	}
	host := DefaultHost
	switch {
	case c.Authority != "":
		host = c.Authority
	case len(c.Hosts) == 1:
		host = c.Hosts[0]
	}
	method := c.Method
	if method == "" {
		method = http.MethodGet
	}
	var b strings.Builder
	b.WriteString("GET /check/traefik HTTP/1.1\r\nHost: latchkey\r\nConnection: close\r\n")
	fmt.Fprintf(&b, "X-Forwarded-Method: %s\r\nX-Forwarded-Proto: http\r\n", method)
	if host != "" {
		fmt.Fprintf(&b, "X-Forwarded-Host: %s\r\n", host)
	}
	fmt.Fprintf(&b, "X-Forwarded-Uri: %s\r\nX-Forwarded-For: 127.0.0.1\r\n", target.JoinPath().RequestURI())
	if token != "" {
		fmt.Fprintf(&b, "Authorization: Bearer %s\r\n", token)
	}
	for _, h := range c.Headers {
		if !droppedByTraefik(h.Name) && !c.connectionNames(h.Name) {
			fmt.Fprintf(&b, "%s: %s\r\n", h.Name, h.Value)
		}
	}
	b.WriteString("\r\n")
	return []byte(b.String()), 0
}

// unreserved decodes the escapes of characters that need none (RFC 3986 section 2.3) in a path.
func unreserved(target string) string {
	path, query, hasQuery := strings.Cut(target, "?")
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		if path[i] == '%' && i+2 < len(path) {
			if c, err := url.PathUnescape(path[i : i+3]); err == nil && isUnreserved(c[0]) {
				b.WriteString(c)
				i += 2
				continue
			}
		}
		b.WriteByte(path[i])
	}
	if hasQuery {
		return b.String() + "?" + query
	}
	return b.String()
}

func isUnreserved(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~", c) >= 0
}

// droppedByTraefik tells what forwardAuth doesn't pass on of a client's headers: what it sets itself,
// what is for one connection only, and, by aliasHeadersStrategy, names that look like others.
func droppedByTraefik(name string) bool {
	own := []string{
		"X-Forwarded-Method", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Uri", "X-Forwarded-For",
		"Connection", "Keep-Alive", "Te", "Trailers", "Transfer-Encoding", "Upgrade",
	}
	return slices.Contains(own, http.CanonicalHeaderKey(name)) || strings.ContainsAny(name, "_.!#$%&'*+^`|~")
}

// connectionNames tells whether the client's Connection header names another one, which takes it away.
func (c Case) connectionNames(name string) bool {
	for _, h := range c.Headers {
		if !strings.EqualFold(h.Name, "Connection") {
			continue
		}
		for named := range strings.SplitSeq(h.Value, ",") {
			if strings.EqualFold(strings.TrimSpace(named), name) {
				return true
			}
		}
	}
	return false
}
