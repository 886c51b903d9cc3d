package proxy

// envoy is Envoy's ext_authz over HTTP, also where the Gateway API's ExternalAuth or an
// Istio extension provider sets it up: the check request is the original one, without its
// body and most of its headers, and its path has the prefix /check/envoy before it. The
// query is the original's, and so the client's.
//
// Envoy doesn't say how the client came to it.
func envoy(c Check) (Original, error) {
	if !isPath(c.Rest) {
		return Original{}, &Unreadable{ReasonPathMissing, "the path of the original request must follow /check/envoy: set path_prefix (Envoy Gateway, Gateway API: path) to /check/envoy, without a slash at its end"}
	}
	target := c.Rest
	if c.Query != "" {
		target += "?" + c.Query
	}
	return Original{Method: c.Method, Host: c.Host, Target: target}, nil
}
