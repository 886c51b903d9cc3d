package conformance

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// AskedByEnvoy is the check request that Envoy's ext_authz sends about c over HTTP, as its source
// has it, with Authorization, Cookie and Accept as the headers that it may send; token is the
// caller's. A status other than 0 is Envoy's own refusal: it doesn't ask then.
//
// The check is the request without its body, its path behind path_prefix, byte for byte. An
// absolute-form request is one to the host of its request line. Envoy takes no fragment.
func (c Case) AskedByEnvoy(token string) (request []byte, status int) {
	method, host, status := c.byEnvoy()
	if status != 0 {
		return nil, status
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s /check/envoy%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n", method, c.Target, host)
	for name, values := range c.sentByEnvoy(token) {
		for _, value := range values {
			fmt.Fprintf(&b, "%s: %s\r\n", name, value)
		}
	}
	b.WriteString("\r\n")
	return []byte(b.String()), 0
}

// byEnvoy is what Envoy takes c for.
func (c Case) byEnvoy() (method, host string, status int) {
	host = DefaultHost
	switch {
	case len(c.Hosts) > 1 || strings.Contains(c.Target, "#"):
		return "", "", http.StatusBadRequest
	case c.Authority != "":
		host = c.Authority
	case len(c.Hosts) == 1:
		host = c.Hosts[0]
	}
	for _, h := range c.Headers {
		if len(h.Value) > 60<<10 {
			return "", "", http.StatusRequestHeaderFieldsTooLarge
		}
	}
	if c.Method == "" {
		return http.MethodGet, host, 0
	}
	return c.Method, host, 0
}

// sentByEnvoy are the headers that Envoy is told to send.
func (c Case) sentByEnvoy(token string) http.Header {
	sent := http.Header{}
	if token != "" {
		sent.Add("Authorization", "Bearer "+token)
	}
	for _, h := range c.Headers {
		if slices.Contains([]string{"Authorization", "Cookie", "Accept"}, http.CanonicalHeaderKey(h.Name)) {
			sent.Add(h.Name, h.Value)
		}
	}
	return sent
}
