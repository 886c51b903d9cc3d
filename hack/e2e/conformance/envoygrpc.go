package conformance

import (
	"strings"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
)

// AskedByEnvoyGRPC is the message that Envoy's ext_authz sends about c over gRPC, as its source has
// it: the request as Envoy took it, and all of its headers, in lower case and merged by commas.
// token is the caller's. A status other than 0 is Envoy's own refusal: it doesn't ask then.
func (c Case) AskedByEnvoyGRPC(token string) (message *authv3.CheckRequest, status int) {
	method, host, status := c.byEnvoy()
	if status != 0 {
		return nil, status
	}
	headers := map[string]string{":method": method, ":authority": host, ":path": c.Target, ":scheme": "http"}
	add := func(name, value string) {
		name = strings.ToLower(name)
		if before, found := headers[name]; found {
			value = before + "," + value
		}
		headers[name] = value
	}
	if token != "" {
		add("Authorization", "Bearer "+token)
	}
	for _, h := range c.Headers {
		if !strings.EqualFold(h.Name, "Connection") && !strings.EqualFold(h.Name, "Upgrade") {
			add(h.Name, h.Value)
		}
	}
	return &authv3.CheckRequest{Attributes: &authv3.AttributeContext{Request: &authv3.AttributeContext_Request{
		Http: &authv3.AttributeContext_HttpRequest{Method: method, Host: host, Path: c.Target, Scheme: "http", Headers: headers},
	}}}, 0
}
