package webhook_test

import (
	"net/http"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
)

var _ = Describe("Metadata", func() {
	It("names the issuer and its keys, in both forms and at both places", func(ctx SpecContext) {
		r := aRealm(ctx)
		issuer := externalURL + "/realms/" + r.namespace
		for _, to := range []string{
			r.url("/.well-known/openid-configuration"),
			baseURL + "/.well-known/oauth-authorization-server/realms/" + r.namespace,
		} {
			a := get(to)
			Expect(a.Status).To(Equal(http.StatusOK), a.Body)
			Expect(a.json()).To(And(
				HaveKeyWithValue("issuer", issuer), HaveKeyWithValue("jwks_uri", issuer+"/jwks"),
				HaveKeyWithValue("id_token_signing_alg_values_supported", ConsistOf("ES256")),
				HaveKeyWithValue("introspection_endpoint", issuer+"/introspect"),
			))
			Expect(a.Header.Get("Cache-Control")).To(ContainSubstring("max-age="))
		}
		Expect(get(baseURL + "/.well-known/openid-configuration").json()).To(HaveKeyWithValue("issuer", externalURL))
	})

	It("publishes public keys alone (H17)", func(ctx SpecContext) {
		r := aRealm(ctx)
		keys := get(r.url("/jwks")).json()["keys"].([]any)
		Expect(keys).To(HaveLen(1))
		Expect(keys[0]).To(And(HaveKey("x"), HaveKey("y"), HaveKeyWithValue("kty", "EC")))
		for _, private := range []string{"d", "p", "q", "dp", "dq", "qi", "k"} {
			Expect(keys[0]).NotTo(HaveKey(private))
		}
	})

	It("publishes nothing of an HS256 realm, whose tokens work all the same (H17)", func(ctx SpecContext) {
		r := aRealm(ctx, func(s *v1alpha1.RealmSpec) { s.Tokens.Algorithm = "HS256" })
		r.user(ctx, "alice", "viewer")
		Expect(get(r.url("/jwks")).Body).To(MatchJSON(`{"keys":[]}`))
		Expect(get(r.url("/check/role/viewer"), bearer(r.in("alice").access)...).Status).To(Equal(http.StatusOK))
	})
})

var _ = Describe("The public listener", func() {
	DescribeTable("refuses what isn't served (H09)",
		func(method, path string, status int, allow string) {
			a := do(method, baseURL+path, "")
			Expect(a.Status).To(Equal(status), a.Body)
			Expect(a.Header.Get("Allow")).To(Equal(allow))
			Expect(a.text("error")).NotTo(BeEmpty())
		},
		Entry("PUT /token", "PUT", "/token", 405, "POST"),
		Entry("DELETE /jwks", "DELETE", "/jwks", 405, "GET"),
		Entry("TRACE /token, without an echo", "TRACE", "/token", 405, "POST"),
		Entry("TRACE /, without an echo", "TRACE", "/", 405, "DELETE, GET, PATCH, POST"),
		Entry("nothing at the root", "GET", "/", 404, ""),
		Entry("a path with a slash too many", "POST", "/token/", 404, ""),
		Entry("a doubled slash, which no router cleans", "POST", "//token", 404, ""),
		Entry("a dot segment, which no router resolves", "POST", "/x/../token", 404, ""),
		Entry("an unknown realm", "GET", "/realms/nosuch/jwks", 404, ""),
		Entry("a realm without a path", "GET", "/realms/"+defaultRealm, 404, ""),
		Entry("metrics, which are for the operations listener", "GET", "/metrics", 404, ""),
		Entry("profiles, which are for the operations listener", "GET", "/debug/pprof/", 404, ""),
	)

	It("answers OPTIONS * and absolute-form requests like anything that isn't served", func() {
		Expect(raw(baseURL, "OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").Status).To(Equal(http.StatusMethodNotAllowed))
		Expect(raw(baseURL, "GET http://x/jwks HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").Status).To(Equal(http.StatusNotFound))
	})

	It("closes on a body that drips (H02)", func(ctx SpecContext) {
		began := time.Now()
		a := raw(baseURL, "POST /token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\ng")
		Expect(a.Status).To(Equal(http.StatusBadRequest))
		AddReportEntry("a dripping body was refused after", time.Since(began).String())
	}, SpecTimeout(30*time.Second))

	It("refuses a bare line feed in a chunk size (H04)", func() {
		a := raw(baseURL, "POST /token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n1\nx\r\n0\r\n\r\n")
		Expect(a.Status).To(Equal(http.StatusBadRequest))
	})

	It("gives every answer outside of /check an id under which the log has it", func() {
		Expect(get(baseURL + "/jwks").Header.Get("X-Request-Id")).NotTo(BeEmpty())
		Expect(get(baseURL+"/jwks", "X-Request-Id", "abcdefgh-1234").Header.Get("X-Request-Id")).To(Equal("abcdefgh-1234"))
		Expect(get(baseURL+"/jwks", "X-Request-Id", "evil value").Header.Get("X-Request-Id")).NotTo(ContainSubstring("evil"))
	})
})

var _ = Describe("The operations listener", func() {
	It("serves health, readiness and metrics whose series no client can add to (P15)", func() {
		Expect(get(opsURL + "/healthz").Status).To(Equal(http.StatusOK))
		Expect(get(opsURL + "/readyz").Status).To(Equal(http.StatusOK))
		series := func() int { return strings.Count(get(opsURL+"/metrics").Body, "\n") }
		before := series()
		for _, path := range []string{"/check/role/aaa", "/check/x1", "/check/x2", "/realms/r1/check/role/x", "/y1", "/y2", "/realms/r2/jwks"} {
			get(baseURL + path)
			get(baseURL+path, bearer("junk")...)
		}
		Expect(series() - before).To(BeNumerically("<", 50))
		Expect(get(opsURL + "/metrics").Body).To(ContainSubstring(`latchkey_checks_total{reason="realm_unknown"}`))
		Expect(get(opsURL + "/metrics").Body).To(ContainSubstring("latchkey_panics_total 0"))
	})
})

var _ = AfterSuite(func() {
	// P10, H19: no input of all of the above made a handler panic.
	Expect(get(opsURL + "/metrics").Body).To(ContainSubstring("latchkey_panics_total 0"))
	// P13, G02: after all of the above, at debug level.
	for _, canary := range []string{goodPassword, "another-horse-battery", "$argon2id$v", "$2b$31", "PRIVATE KEY", "signingKey", "eyJ"} {
		Expect(string(logged.Contents())).NotTo(ContainSubstring(canary))
	}
})
