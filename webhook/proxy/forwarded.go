package proxy

import "strings"

// forwarded reads X-Forwarded-Method, -Proto, -Host and -Uri, each of which its proxy
// replaces on every check. A comma means that two hops, or a client and a hop, wrote one
// header. The hint tells how that proxy is made to set them.
func forwarded(c Check, hint string) (Original, error) {
	if err := NoParameters(c.Query); err != nil {
		return Original{}, err
	}
	var values [4]string
	for i, name := range [...]string{"X-Forwarded-Method", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Uri"} {
		value, err := single(c.Header, name, hint)
		if err != nil {
			return Original{}, err
		}
		separator := ","
		if name == "X-Forwarded-Uri" {
			separator = ", " // a URI may hold a comma
		}
		if strings.Contains(value, separator) {
			return Original{}, malformed(name, "a single value")
		}
		values[i] = value
	}
	method, proto, host, uri := values[0], values[1], values[2], values[3]
	if !isScheme(proto) {
		return Original{}, malformed("X-Forwarded-Proto", "http or https")
	}
	if !isPath(uri) {
		return Original{}, malformed("X-Forwarded-Uri", "a path")
	}
	return Original{Method: method, Scheme: proto, Host: host, Target: uri}, nil
}
