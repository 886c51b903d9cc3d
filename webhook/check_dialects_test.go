package webhook_test

import (
	"fmt"
	"net/http"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// dialects write a check about a request, byte for byte, each as its proxy would: nginx's and Envoy's
// below prefix, with header lines of the client behind it.
func dialects() map[string]func(prefix, method, host, target string, lines ...string) string {
	request := func(line string, own []string, client []string) string {
		return line + " HTTP/1.1\r\n" + strings.Join(append(append(own, client...), "Connection: close", "", ""), "\r\n")
	}
	all := map[string]func(prefix, method, host, target string, lines ...string) string{
		"nginx": func(prefix, method, host, target string, lines ...string) string {
			return request("GET "+prefix+"/check/nginx?host="+host, []string{"Host: latchkey", "X-Original-URL: https://" + host + target, "X-Original-Method: " + method}, lines)
		},
		"envoy": func(prefix, method, host, target string, lines ...string) string {
			return request(method+" "+prefix+"/check/envoy"+target, []string{"Host: " + host}, lines)
		},
	}
	for _, name := range []string{"traefik", "caddy", "haproxy"} {
		all[name] = func(prefix, method, host, target string, lines ...string) string {
			return request("GET "+prefix+"/check/"+name, []string{
				"Host: latchkey", "X-Forwarded-Method: " + method, "X-Forwarded-Proto: https", "X-Forwarded-Host: " + host, "X-Forwarded-Uri: " + target,
			}, lines)
		}
	}
	return all
}

// letsNobodyPass matches an answer that no proxy takes for an allow. A request that isn't HTTP gets
// its 400 before there is a check.
func letsNobodyPass() OmegaMatcher {
	return WithTransform(func(a answer) error {
		for _, h := range identityHeaders {
			if _, found := a.Header[h]; found {
				return fmt.Errorf("a refusal carries %s", h)
			}
		}
		if a.Status != http.StatusBadRequest && a.Status != http.StatusUnauthorized && a.Status != http.StatusForbidden {
			return fmt.Errorf("status %d", a.Status)
		}
		return nil
	}, Succeed())
}

var _ = Describe("Every dialect", Ordered, func() {
	const host = "app.example.com"
	var r realm
	var viewer tokens

	BeforeAll(func(ctx SpecContext) {
		r = aRealm(ctx)
		r.role(ctx, "tenant", rule(host, "/tenant/**", "GET"))
		r.user(ctx, "theo", "tenant")
		viewer = r.in("theo")
	})

	for name, writes := range dialects() {
		asks := func(method, host, target string, lines ...string) answer {
			GinkgoHelper()
			return raw(baseURL, writes("/realms/"+r.namespace, method, host, target, append(lines, "Authorization: Bearer "+viewer.access)...))
		}

		DescribeTable("knows a host however it is written: "+name,
			func(host string) { Expect(asks("GET", host, "/tenant/x").Status).To(Equal(http.StatusOK)) },
			Entry("as it is", host),
			Entry("K17 with a port", host+":443"),
			Entry("K17 with another port", host+":8443"),
			Entry("K18 with a trailing dot", host+"."),
			Entry("K18 in capitals", "APP.Example.COM"),
		)

		DescribeTable("takes no other host for it: "+name,
			func(host string) { Expect(asks("GET", host, "/tenant/x")).To(letsNobodyPass()) },
			Entry("K17 a port that is none", host+":99999"),
			Entry("K17 a port without a number", host+":"),
			Entry("K18 two trailing dots", host+".."),
			Entry("K20 punycode that looks like it", "xn--pp-xia.example.com"),
			Entry("K20 full-width letters", "ａpp.example.com"),
			Entry("K20 an escaped dot", "app%2eexample.com"),
			Entry("K20 an escaped NUL", host+"%00.evil"),
			Entry("K21 a list", host+", evil"),
			Entry("K21 a list without a space", host+",evil"),
			Entry("K21 a space", host+" evil"),
			Entry("K21 an underscore", "app_example.com"),
			Entry("K22 an IPv6 literal", "[::1]"),
			Entry("K22 an IPv6 literal with a zone", "[fe80::1%25eth0]"),
			Entry("K22 an IPv4 address within an IPv6 literal", "[::ffff:127.0.0.1]:80"),
			Entry("user information", host+"@evil.example"),
			Entry("none", ""),
		)

		It("K23 K24 K25 reads nothing that its proxy doesn't write: "+name, func() {
			others := []string{
				"X-Original-URI: /tenant/x", "X-Rewrite-URL: /tenant/x", "X-Forwarded-Prefix: /tenant", "X-Forwarded-Path: /tenant/x", "Forwarded: host=" + host,
			}
			if name != "nginx" {
				others = append(others, "X-Original-URL: https://"+host+"/tenant/x", "X-Original-URL: https://"+host+"/tenant/y", "X-Original-Method: GET")
			}
			if name == "nginx" || name == "envoy" {
				others = append(others, "X-Forwarded-Uri: /tenant/x", "X-Forwarded-Uri: /tenant/y", "X-Forwarded-Host: "+host, "X-Forwarded-Method: GET", "X-Forwarded-Proto: https")
			}
			Expect(asks("GET", host, "/admin", others...)).To(beADenial(403, "no_rule"))
			Expect(asks("GET", host, "/tenant/x", others...).Status).To(Equal(http.StatusOK))
		})

		It("K30 is overridden by no header or parameter: "+name, func() {
			Expect(asks("DELETE", host, "/tenant/x?_method=GET", "X-HTTP-Method-Override: GET", "X-Method-Override: GET", "X-HTTP-Method: GET")).To(beADenial(403, "no_rule"))
		})

		It("K41 asks nobody's question: "+name, func() {
			Expect(raw(baseURL, writes("/realms/"+r.namespace, "GET", host, "/tenant/x"))).To(beADenial(401, "no_credentials"))
		})

		if name == "envoy" {
			continue // its method and its query are the request's own
		}

		It("K32 is a check by any method, whose body nobody reads: "+name, func() {
			for _, method := range []string{"POST", "PUT", "OPTIONS", "PATCH"} {
				request := strings.Replace(writes("/realms/"+r.namespace, "GET", host, "/tenant/x", "Authorization: Bearer "+viewer.access, "Content-Length: 9"), "GET ", method+" ", 1)
				Expect(raw(baseURL, request+"role=admin").Status).To(Equal(http.StatusOK), method)
			}
		})

		It("K37 K38 K39 takes no parameter but its own: "+name, func() {
			asked := writes("/realms/"+r.namespace, "GET", host, "/tenant/x", "Authorization: Bearer "+viewer.access)
			line, rest, _ := strings.Cut(asked, " HTTP/1.1")
			for _, more := range []string{"x=1", "roles=tenant", "a;x", "a=%zz", "host=" + host} {
				separator := "?"
				if strings.Contains(line, "?") {
					separator = "&"
				}
				Expect(raw(baseURL, line+separator+more+" HTTP/1.1"+rest)).To(beADenial(403, ""), more)
			}
		})

		It("K41 is refused when it says nothing: "+name, func() {
			Expect(get(r.url("/check/"+name), bearer(viewer.access)...)).To(beADenial(403, ""))
		})
	}
})
