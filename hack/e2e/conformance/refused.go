package conformance

// paths are requests whose path an app could read in another way than a rule. They pass only by a
// rule for /** (the admin's), so they are nobody's way into anything.
func paths() map[string]Case {
	cases := map[string]Case{
		"K10 the case of a path counts":                   {As: Viewer, Target: "/Reports/q3", Want: 403},
		"K10 the case of the admin's path doesn't matter": {As: Viewer, Target: "/ADMIN/x", Want: 403},
		"K11 a query doesn't widen a rule":                {As: Viewer, Target: "/admin/x?/reports/", Want: 403},
		"a path that only begins like a rule is another":  {As: Viewer, Target: "/reportsx", Want: 403},
		"an admin may send an ambiguous path":             {As: Admin, Target: "/reports//q3;v=1", Want: 200, Identity: true},
		"an admin may send an escaped slash":              {As: Admin, Target: "/reports/a%2Fb", Want: 200, Identity: true},
		"K14 a path over 8 KiB is refused":                {As: Viewer, Target: "/reports/" + long(7000) + "/" + long(1200), Want: 403, Proxy: map[string]int{"nginx": 414}},
		"a malformed escape is refused":                   {Target: "/public/%zz", Want: 403, Proxy: map[string]int{"nginx": 400, "caddy": 400, "traefik": 400, "envoy HTTP": 400}},
		"a cut escape is refused":                         {Target: "/public/%2", Want: 403, Proxy: map[string]int{"nginx": 400, "caddy": 400, "traefik": 400, "envoy HTTP": 400}},
		"an escaped NUL is refused":                       {Target: "/public/x%00", Want: 401, Proxy: map[string]int{"nginx": 400}},
		"dot segments above the root are refused":         {Target: "/../admin", Want: 401, Proxy: map[string]int{"nginx": 400}},
		"a method in lower case is another method":        {As: Viewer, Method: "get", Target: "/reports/q3", Want: 403, Proxy: map[string]int{"nginx": 400}},
		"a method that no rule names is refused":          {As: Viewer, Method: "PROPFIND", Target: "/reports/q3", Want: 403},
	}
	// Traefik cleans a path before it asks and before it passes it on, so that what it cleaned is judged.
	// HAProxy and Envoy take no fragment.
	differs := map[string]map[string]int{
		"/public/./x": {"traefik": 200}, "//public/x": {"traefik": 200}, "/public//x": {"traefik": 200},
		"/admin/x#/public/": {"haproxy": 400, "envoy HTTP": 400, "envoy gRPC": 400}, "/public#/../admin": {"haproxy": 400, "envoy HTTP": 400, "envoy gRPC": 400},
	}
	for name, target := range map[string]string{
		"dot segments":                            "/public/../admin/x",
		"K02 escaped dot segments":                "/public/%2e%2e/admin/x",
		"K02 escaped dot segments, capitals":      "/public/%2E%2E/admin/x",
		"K02 half-escaped dot segments":           "/public/.%2e/admin/x",
		"K02 half-escaped dot segments, reversed": "/public/%2E./admin/x",
		"K02 doubly escaped dot segments":         "/public/%252e%252e/admin/x",
		"a single dot segment":                    "/public/./x",
		"K03 an escaped slash after dots":         "/public/..%2fadmin/x",
		"K03 an escaped slash before dots":        "/public%2f..%2fadmin/x",
		"K03 an escaped slash":                    "/public%2fx",
		"K04 backslashes":                         `/public\..\admin`,
		"K04 an escaped backslash after dots":     "/public/..%5cadmin",
		"K04 an escaped backslash before dots":    "/public/%5c../admin",
		"a doubled slash at the start":            "//public/x",
		"a doubled slash":                         "/public//x",
		"a path parameter on dots":                "/public/..;/admin",
		"a path parameter":                        "/public/x;a=b",
		"K11 a fragment":                          "/admin/x#/public/",
		"K11 a fragment after what is public":     "/public#/../admin",
		"K11 an escaped question mark":            "/public/x%3fy",
		"K11 an escaped fragment":                 "/public%23/../admin",
		"an escaped line break":                   "/public/x%0d%0aX-Auth-Request-User:%20admin",
		"invalid UTF-8":                           "/public/%ff%fe",
		"an overlong encoding of dots":            "/public/%c0%ae%c0%ae/admin",
	} {
		cases[name+": nobody is refused"] = Case{Target: target, Want: 401, Proxy: differs[target]}
		cases[name+": a viewer is refused"] = Case{As: Viewer, Target: target, Want: 403, Proxy: differs[target], Identity: true}
	}
	return cases
}

// hosts are requests that are unclear about the host that they are for. The tenant may read on open.example.com only.
func hosts() map[string]Case {
	const open, other = "open.example.com", "other.example.com"
	cases := map[string]Case{
		"K17 a port is not part of the host": {As: Tenant, Target: "/tenant/x", Hosts: []string{open + ":8443"}, Want: 200, Identity: true},
		"K18 a trailing dot and capitals are the same host": {
			As: Tenant, Target: "/tenant/x", Hosts: []string{"OPEN.Example.com."}, Want: 200, Identity: true,
		},
		"K18 two trailing dots are no host":        {As: Tenant, Target: "/tenant/x", Hosts: []string{open + ".."}, Want: 403, Proxy: map[string]int{"nginx": 400}},
		"K20 a percent sign is no host":            {As: Tenant, Target: "/tenant/x", Hosts: []string{"open%2eexample.com"}, Want: 403},
		"K21 an underscore is no host":             {As: Tenant, Target: "/tenant/x", Hosts: []string{"open_example.com"}, Want: 403},
		"K22 an IPv6 literal is another host":      {As: Tenant, Target: "/tenant/x", Hosts: []string{"[::1]"}, Want: 403},
		"a subdomain of the host is another":       {As: Tenant, Target: "/tenant/x", Hosts: []string{"evil." + open}, Want: 403},
		"a host that only ends like it is another": {As: Tenant, Target: "/tenant/x", Hosts: []string{"evil-" + open}, Want: 403},
		"a doubled Host is refused":                {Target: "/public/x", Hosts: []string{open, other}, Want: 400},
		"an empty Host is refused":                 {Target: "/public/x", Hosts: []string{""}, Want: 400, Proxy: map[string]int{"haproxy": 403, "traefik": 403, "envoy HTTP": 403, "envoy gRPC": 403}},
	}
	for name, host := range map[string]string{
		"K38 a role in the Host":             "x&role=admin,y",
		"K38 the host parameter in the Host": "x&host=" + open,
		"K21 a list of hosts":                open + ",evil",
		"K37 a semicolon in the Host":        "a;x",
		"K37 a malformed escape in the Host": "a%zz",
		"a plus sign in the Host":            open + "+x",
		"a port that is none":                open + ":99999",
		"a quote in the Host":                "open'example.com",
	} {
		cases[name+": nobody is refused"] = Case{Target: "/public/x", Hosts: []string{host}, Want: 403}
		cases[name+": an admin is refused"] = Case{As: Admin, Target: "/reports/q3", Hosts: []string{host}, Want: 403}
	}
	return cases
}

// absoluteForm are requests whose request line names a host, too.
func absoluteForm() map[string]Case {
	const open, other = "open.example.com", "other.example.com"
	return map[string]Case{
		"an absolute-form request to the host of its Host header passes": {
			As: Tenant, Authority: open, Target: "/tenant/x", Hosts: []string{open}, Want: 200, Identity: true,
		},
		"an absolute-form request to another host isn't described by its Host header": {
			As: Tenant, Authority: other, Target: "/tenant/x", Hosts: []string{open}, Want: 403, Proxy: map[string]int{"haproxy": 400},
		},
		// nginx describes one host and routes by the other, so Latchkey can't tell; Caddy, Traefik and Envoy do both by
		// the request line; HAProxy takes two hosts for none.
		"an absolute-form request isn't described by its request line alone": {
			As: Tenant, Authority: open, Target: "/tenant/x", Hosts: []string{other}, Want: 403, Identity: true, Proxy: map[string]int{"caddy": 200, "haproxy": 400, "traefik": 200, "envoy HTTP": 200, "envoy gRPC": 200},
		},
		"an absolute-form request for what is public on another host is refused by nginx": {
			Authority: other, Target: "/public/x", Hosts: []string{open}, Want: 403, Proxy: map[string]int{"caddy": 200, "haproxy": 400, "traefik": 200, "envoy HTTP": 200, "envoy gRPC": 200},
		},
	}
}

// credentials are requests with unclear credentials.
func credentials() map[string]Case {
	authorization := func(values ...string) []Header {
		var lines []Header
		for _, v := range values {
			lines = append(lines, Header{"Authorization", v})
		}
		return lines
	}
	return map[string]Case{
		"a forged token is nobody's": {As: Forger, Target: "/reports/q3", Want: 401},
		"J64 a second Authorization after the right one is refused": {
			As: Viewer, Target: "/reports/q3", Headers: authorization("Bearer junk"), Want: 401, Proxy: map[string]int{"nginx": 400},
		},
		"J63 another scheme is no credential":   {Target: "/reports/q3", Headers: authorization("Basic dmVyYTp4"), Want: 401},
		"J63 a bare token is no credential":     {Target: "/reports/q3", Headers: authorization("e30.e30.e30"), Want: 401},
		"J63 an empty bearer is no credential":  {Target: "/reports/q3", Headers: authorization("Bearer"), Want: 401},
		"a token in the query is no credential": {Target: "/reports/q3?access_token=e30.e30.e30", Want: 401},
		"J18 a kid of 100 kB is refused":        {Target: "/reports/q3", Headers: authorization("Bearer " + long(100_000) + ".e30.e30"), Want: 401, Proxy: map[string]int{"nginx": 400, "caddy": 431, "haproxy": 400, "traefik": 431, "envoy HTTP": 431, "envoy gRPC": 431}},
		"a token of 5 KiB is refused":           {Target: "/reports/q3", Headers: authorization("Bearer e30." + long(5000) + ".e30"), Want: 401},
		"J18 a forged kid with line breaks is refused": {
			// {"alg":"ES256","typ":"at+jwt","kid":"k\u0000\r\nX: y"}
			Target: "/reports/q3", Want: 401,
			Headers: authorization("Bearer eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6ImtcdTAwMDBcclxuWDogeSJ9.e30.e30"),
		},
		"alg none is refused": {
			// {"alg":"none","typ":"at+jwt"} . {"sub":"admin"} .
			Target: "/reports/q3", Headers: authorization("Bearer eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.eyJzdWIiOiJhZG1pbiJ9."), Want: 401,
		},
	}
}

// long is a text of n characters.
func long(n int) string {
	text := make([]byte, n)
	for i := range text {
		text[i] = 'a'
	}
	return string(text)
}
