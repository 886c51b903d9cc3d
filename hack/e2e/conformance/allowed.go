package conformance

import (
	"net/http"
	"strings"

	"github.com/latchkey-auth/latchkey/hack/e2e/matrix"
)

// allowed are requests as they should be.
func allowed() map[string]Case {
	return map[string]Case{
		"a viewer reads a report":                     {As: Viewer, Target: "/reports/q3", Want: 200, Identity: true, Story: matrix.Identity},
		"a viewer reads the root of reports":          {As: Viewer, Target: "/reports", Want: 200, Identity: true},
		"a viewer reads below reports":                {As: Viewer, Target: "/reports/2026/q3.pdf?page=2&x=%2F..", Want: 200, Identity: true},
		"K32 a viewer asks for the head of a report":  {As: Viewer, Method: http.MethodHead, Target: "/reports/q3", Want: 200, Identity: true},
		"a viewer reads an escaped plain path":        {As: Viewer, Target: "/reports/caf%C3%A9%20menu", Want: 200, Identity: true},
		"a viewer can't write a report":               {As: Viewer, Method: http.MethodPost, Target: "/reports/q3", Want: 403},
		"a viewer can't delete a report":              {As: Viewer, Method: http.MethodDelete, Target: "/reports/q3", Want: 403},
		"a viewer can't see the admin's page":         {As: Viewer, Target: "/admin", Want: 403, Story: matrix.Forbidden},
		"an editor writes a report":                   {As: Editor, Method: http.MethodPost, Target: "/reports/q3", Want: 200, Identity: true},
		"an editor can't delete a report":             {As: Editor, Method: http.MethodDelete, Target: "/reports/q3", Want: 403},
		"an admin sees the admin's page":              {As: Admin, Target: "/admin", Want: 200, Identity: true},
		"an admin deletes a report":                   {As: Admin, Method: http.MethodDelete, Target: "/reports/q3", Want: 200, Identity: true},
		"nobody reads what is public":                 {Target: "/public/logo.svg", Want: 200, Story: matrix.Anonymous},
		"nobody reads the root of what is public":     {Target: "/public", Want: 200},
		"nobody can't write what is public":           {Method: http.MethodPost, Target: "/public/logo.svg", Want: 401},
		"K41 nobody can't read reports":               {Target: "/reports/q3", Want: 401, Story: matrix.Unauthorized},
		"nobody can't read the root":                  {Target: "/", Want: 401},
		"a viewer is known where it's public":         {As: Viewer, Target: "/public/logo.svg", Want: 200, Identity: true, Story: matrix.Anonymous},
		"a forged token doesn't close what is public": {As: Forger, Target: "/public/logo.svg", Want: 200},
		"a tenant reads on their host":                {As: Tenant, Target: "/tenant/x", Hosts: []string{"open.example.com"}, Want: 200, Identity: true},
		"a tenant can't read on another host":         {As: Tenant, Target: "/tenant/x", Want: 403},
		"K30 a method override overrides nothing": {
			As: Viewer, Method: http.MethodDelete, Target: "/reports/q3?_method=GET", Want: 403,
			Headers: []Header{{"X-HTTP-Method-Override", "GET"}, {"X-Method-Override", "GET"}},
		},
		"a WebSocket's handshake is judged as the GET it is":        {As: Viewer, Method: http.MethodGet, Target: "/admin/live", Want: 403, Headers: handshake("websocket"), Story: matrix.WebSocket},
		"nobody's handshake is refused":                             {Target: "/reports/live", Want: 401, Headers: handshake("websocket"), Story: matrix.WebSocket},
		"an upgrade to another protocol is none":                    {As: Viewer, Target: "/reports/live", Want: 200, Identity: true, Headers: handshake("h2c"), Story: matrix.WebSocket},
		"the proxy's own location for the check isn't the client's": {As: Viewer, Target: "/.latchkey", Want: 403, Proxy: map[string]int{"nginx": 404}},
	}
}

// handshake asks to go on in another protocol.
func handshake(protocol string) []Header {
	return []Header{
		{"Connection", "Upgrade"}, {"Upgrade", protocol},
		{"Sec-WebSocket-Version", "13"}, {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="},
	}
}

// identityOf is what a client could send to look like the admin.
func identityOf(user string) []Header {
	return []Header{
		{"X-Auth-Request-User", user}, {"x-auth-request-uid", "0"},
		{"X-Auth-Request-Email", user + "@example.com"}, {"X-AUTH-REQUEST-GROUPS", user},
	}
}

// spoofedIdentity are requests that claim to be somebody.
func spoofedIdentity() map[string]Case {
	with := func(headers []Header, more ...Header) []Header { return append(headers, more...) }
	aliases := func(separators string) []Header {
		var headers []Header
		for _, s := range separators {
			headers = append(headers, Header{strings.ReplaceAll("X-Auth-Request-User", "-", string(s)), "admin"})
		}
		return headers
	}
	return map[string]Case{
		"identity headers that nobody sends don't reach the app": {
			Target: "/public/x", Want: 200, Headers: identityOf("admin"),
		},
		"identity headers that a viewer sends give way to the viewer's": {
			As: Viewer, Target: "/reports/q3", Want: 200, Identity: true, Headers: identityOf("admin"),
		},
		"identity headers sent twice don't reach the app": {
			Target: "/public/x", Want: 200, Headers: with(identityOf("admin"), identityOf("root")...),
		},
		"identity headers give no right": {Target: "/admin", Want: 401, Headers: identityOf("admin")},
		"underscores instead of hyphens don't reach the app": {
			Target: "/public/x", Want: 200, Headers: []Header{{"X_Auth_Request_User", "admin"}, {"X_Auth-Request_Groups", "admin"}},
		},
		"other characters instead of hyphens don't reach the app": {
			Target: "/public/x", Want: 200, Headers: aliases(".!#$%&'*+^`|~"),
		},
		"Connection can only take identity away": {
			Target: "/public/x", Want: 200,
			Headers: with(identityOf("admin"), Header{"Connection", "close, X-Auth-Request-User, X-Auth-Request-Groups"}),
		},
	}
}

// spoofedURL are requests that claim to be another request.
func spoofedURL() map[string]Case {
	return map[string]Case{
		"K25 a forwarded address is not the request": {
			Target: "/admin", Want: 401,
			Headers: []Header{
				{"X-Original-URL", "http://app.example.com/public/x"}, {"X-Original-URI", "/public/x"}, {"X-Original-Method", "GET"},
				{"X-Forwarded-Uri", "/public/x"}, {"X-Forwarded-Method", "GET"}, {"X-Forwarded-Host", "app.example.com"},
				{"X-Rewrite-URL", "/public/x"}, {"X-Forwarded-Prefix", "/public"},
			},
		},
		"K23 K24 a forwarded address sent twice is not the request": {
			Target: "/admin", Want: 401,
			Headers: []Header{
				{"X-Forwarded-Uri", "/public/x"}, {"X-Forwarded-Uri", "/public/y"},
				{"X-Original-URL", "http://app.example.com/public/x"}, {"X-Original-URL", "http://app.example.com/public/y"},
			},
		},
		"Connection can't take the described request away": {
			Target: "/admin", Want: 401,
			Headers: []Header{{"Connection", "close, X-Forwarded-Uri, X-Forwarded-Method, X-Forwarded-Host, X-Original-URL, X-Original-Method"}},
		},
		"K45 a forwarded scheme changes nothing": {
			As: Viewer, Target: "/reports/q3", Want: 200, Identity: true, Headers: []Header{{"X-Forwarded-Proto", "javascript"}},
		},
	}
}
