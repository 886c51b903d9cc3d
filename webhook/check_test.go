package webhook_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
)

// nginxAsks is what nginx sends for a request; the URL is scheme://host/target.
func nginxAsks(method, url string, more ...string) []string {
	return append([]string{"X-Original-Method", method, "X-Original-Url", url}, more...)
}

// caddyAsks is what Caddy sends for a request.
func caddyAsks(method, host, uri string, more ...string) []string {
	return append([]string{"X-Forwarded-Method", method, "X-Forwarded-Proto", "https", "X-Forwarded-Host", host, "X-Forwarded-Uri", uri}, more...)
}

var identityHeaders = []string{"X-Auth-Request-User", "X-Auth-Request-Uid", "X-Auth-Request-Email", "X-Auth-Request-Groups"}

// beADenial matches an answer that no proxy can take for an allow.
func beADenial(status int, reason string) OmegaMatcher {
	return WithTransform(func(a answer) error {
		for _, h := range identityHeaders {
			if _, found := a.Header[h]; found {
				return fmt.Errorf("a refusal carries %s", h)
			}
		}
		switch {
		case a.Status != status:
			return fmt.Errorf("status %d, not %d: %s", a.Status, status, a.Body)
		case reason != "" && a.Header.Get("X-Latchkey-Reason") != reason:
			return fmt.Errorf("reason %q, not %q", a.Header.Get("X-Latchkey-Reason"), reason)
		case a.Header.Get("Cache-Control") != "no-store":
			return fmt.Errorf("may be cached: %q", a.Header.Get("Cache-Control"))
		case !strings.HasPrefix(a.Header.Get("WWW-Authenticate"), "Bearer realm="):
			return fmt.Errorf("no challenge: %q", a.Header.Get("WWW-Authenticate"))
		}
		return nil
	}, Succeed())
}

var _ = Describe("/check", Ordered, func() {
	var r realm
	var viewer, admin tokens
	var vera *v1alpha1.User

	BeforeAll(func(ctx SpecContext) {
		r = aRealm(ctx)
		vera = r.user(ctx, "vera", "viewer")
		r.user(ctx, "ada", "admin")
		viewer, admin = r.in("vera"), r.in("ada")
	})

	It("tells the app who calls, on every 200", func() {
		a := get(r.url("/check/role/viewer"), bearer(viewer.access)...)

		Expect(a.Status).To(Equal(http.StatusOK), a.Body)
		Expect(a.Header).To(And(
			HaveKeyWithValue("X-Auth-Request-User", []string{"vera"}),
			HaveKeyWithValue("X-Auth-Request-Uid", []string{string(vera.UID)}),
			HaveKeyWithValue("X-Auth-Request-Email", []string{"vera@example.com"}),
			HaveKeyWithValue("X-Auth-Request-Groups", []string{"viewer"}),
			HaveKeyWithValue("Cache-Control", []string{"no-store"}),
		))
		Expect(a.Body).To(BeEmpty())
	})

	It("sends every identity header empty where anonymous passes, whatever the client sent", func() {
		a := get(r.url("/check/nginx?host=app.example.com"), nginxAsks("GET", "https://app.example.com/public/x", "X-Auth-Request-User", "admin")...)

		Expect(a.Status).To(Equal(http.StatusOK), a.Body)
		for _, h := range identityHeaders {
			Expect(a.Header).To(HaveKeyWithValue(h, []string{""}))
		}
	})

	It("identifies a valid caller on an anonymous page, and nobody with a bad token", func() {
		asks := nginxAsks("GET", "https://app.example.com/public/x")
		Expect(get(r.url("/check/nginx?host=app.example.com"), append(asks, bearer(viewer.access)...)...).Header.Get("X-Auth-Request-User")).To(Equal("vera"))
		bad := get(r.url("/check/nginx?host=app.example.com"), append(asks, bearer("x.y.z")...)...)
		Expect(bad.Status).To(Equal(http.StatusOK))
		Expect(bad.Header).To(HaveKeyWithValue("X-Auth-Request-User", []string{""}))
	})

	DescribeTable("in role mode",
		func(path, as string, status int, reason string) {
			headers := map[string][]string{"nobody": nil, "viewer": bearer(viewer.access), "admin": bearer(admin.access)}[as]
			a := get(r.url(path), headers...)
			if status == http.StatusOK {
				Expect(a.Status).To(Equal(status), a.Body)
				return
			}
			Expect(a).To(beADenial(status, reason))
		},
		Entry("the role is enough", "/check/role/viewer", "viewer", 200, ""),
		Entry("any of the roles is enough", "/check/role/admin,viewer", "viewer", 200, ""),
		Entry("authenticated is any valid user", "/check/role/authenticated", "viewer", 200, ""),
		Entry("a known role beside an unknown one is enough", "/check/role/ghost,viewer", "viewer", 200, ""),
		Entry("another role is not", "/check/role/admin", "viewer", 403, "role_missing"),
		Entry("nobody has no role", "/check/role/viewer", "nobody", 401, "no_credentials"),
		Entry("nobody is not authenticated", "/check/role/authenticated", "nobody", 401, "no_credentials"),
		Entry("K36: no role at all", "/check/role/", "admin", 403, "role_malformed"),
		Entry("K36: no slash either", "/check/role", "admin", 403, "role_malformed"),
		Entry("K36: an unknown role", "/check/role/nosuch", "admin", 403, "role_unknown"),
		Entry("K36: another case", "/check/role/VIEWER", "viewer", 403, "role_malformed"),
		Entry("K36: a trailing comma", "/check/role/viewer,", "viewer", 403, "role_malformed"),
		Entry("K36: a leading comma", "/check/role/,viewer", "viewer", 403, "role_malformed"),
		Entry("K36: anonymous", "/check/role/anonymous", "admin", 403, "role_malformed"),
		Entry("K36: anonymous among others", "/check/role/anonymous,viewer", "viewer", 403, "role_malformed"),
		Entry("an escaped comma", "/check/role/admin%2Cviewer", "viewer", 403, "role_malformed"),
		Entry("a path below the role", "/check/role/viewer/admin", "viewer", 403, "role_malformed"),
		Entry("K37: a role in the query", "/check/role/admin?role=viewer", "viewer", 403, "parameter_unknown"),
		Entry("K39: an unknown parameter", "/check/role/viewer?Role=x", "viewer", 403, "parameter_unknown"),
		Entry("K41: no dialect", "/check", "admin", 403, "check_unknown"),
		Entry("K41: an unknown dialect", "/check/unknown", "admin", 403, "check_unknown"),
		Entry("K41: below a dialect", "/check/nginx/x", "admin", 403, "check_unknown"),
	)

	It("gives the same decision for any method of the check itself (K32)", func() {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"} {
			Expect(do(method, r.url("/check/role/viewer"), "", bearer(viewer.access)...).Status).To(Equal(http.StatusOK), method)
			Expect(do(method, r.url("/check/role/admin"), "", bearer(viewer.access)...).Status).To(Equal(http.StatusForbidden), method)
		}
		Expect(do("POST", r.url("/check/role/viewer"), "role=admin", append(bearer(viewer.access), "Content-Type", formType)...).Status).To(Equal(http.StatusOK))
	})

	It("answers an unknown realm with 403, and never with 404", func() {
		Expect(get(baseURL+"/realms/nosuch/check/role/viewer", bearer(viewer.access)...)).To(beADenial(403, "realm_unknown"))
	})

	DescribeTable("behind nginx",
		func(query string, headers []string, status int, reason string) {
			a := get(r.url("/check/nginx"+query), append(headers, bearer(viewer.access)...)...)
			if status == http.StatusOK {
				Expect(a.Status).To(Equal(status), a.Body)
				return
			}
			Expect(a).To(beADenial(status, reason))
		},
		Entry("a rule allows", "?host=app.example.com", nginxAsks("GET", "https://app.example.com/reports/1"), 200, ""),
		Entry("GET covers HEAD", "?host=app.example.com", nginxAsks("HEAD", "https://app.example.com/reports/1"), 200, ""),
		Entry("the query is not the path", "?host=app.example.com", nginxAsks("GET", "https://app.example.com/reports?/admin"), 200, ""),
		Entry("K17: port and case and dot are no difference", "?host=app.example.com", nginxAsks("GET", "https://APP.Example.com.:8443/reports/1"), 200, ""),
		Entry("no rule allows", "?host=app.example.com", nginxAsks("GET", "https://app.example.com/admin"), 403, "no_rule"),
		Entry("no rule allows the method", "?host=app.example.com", nginxAsks("POST", "https://app.example.com/reports/1"), 403, "no_rule"),
		Entry("K30: a method override is not read", "?host=app.example.com", nginxAsks("DELETE", "https://app.example.com/reports/1?_method=GET", "X-HTTP-Method-Override", "GET"), 403, "no_rule"),
		Entry("the method's case counts", "?host=app.example.com", nginxAsks("get", "https://app.example.com/reports/1"), 403, "no_rule"),
		Entry("K11: the query doesn't widen", "?host=app.example.com", nginxAsks("GET", "https://app.example.com/admin?/reports/"), 403, "no_rule"),
		Entry("K11: the fragment doesn't widen", "?host=app.example.com", nginxAsks("GET", "https://app.example.com/admin#/reports/"), 403, ""),
		Entry("K02: encoded dots", "?host=app.example.com", nginxAsks("GET", "https://app.example.com/reports/%2e%2e/admin"), 403, "path_ambiguous"),
		Entry("K03: an encoded slash", "?host=app.example.com", nginxAsks("GET", "https://app.example.com/reports/..%2fadmin"), 403, "path_ambiguous"),
		Entry("K04: a backslash", "?host=app.example.com", nginxAsks("GET", `https://app.example.com/reports\..\admin`), 403, ""),
		Entry("K10: another case", "?host=app.example.com", nginxAsks("GET", "https://app.example.com/Reports/1"), 403, "no_rule"),
		Entry("K14: a path of 60 kB is refused before the rules", "?host=app.example.com", nginxAsks("GET", "https://app.example.com/"+strings.Repeat("a", 20_000)), 403, "path_invalid"),
		Entry("another host than the one routed by", "?host=app.example.com", nginxAsks("GET", "https://open.example.com/reports/1"), 403, "host_mismatch"),
		Entry("K18: a different host with a trailing dot", "?host=app.example.com.", nginxAsks("GET", "https://app.example.org./reports/1"), 403, "host_mismatch"),
		Entry("no host parameter", "", nginxAsks("GET", "https://app.example.com/reports/1"), 403, "parameter_missing"),
		Entry("an empty host parameter", "?host=", nginxAsks("GET", "https://app.example.com/reports/1"), 403, "parameter_malformed"),
		Entry("K37: a semicolon", "?host=a;x", nginxAsks("GET", "https://a/reports/1"), 403, "parameter_malformed"),
		Entry("K37: a broken escape", "?host=a%zz", nginxAsks("GET", "https://a/reports/1"), 403, "parameter_malformed"),
		Entry("K37: a lone percent", "?host=%", nginxAsks("GET", "https://a/reports/1"), 403, "parameter_malformed"),
		Entry("K38: a doubled host", "?host=a&host=b", nginxAsks("GET", "https://a/reports/1"), 403, "parameter_malformed"),
		Entry("K38: an injected parameter", "?host=x&role=anonymous,y", nginxAsks("GET", "https://x/reports/1"), 403, "parameter_malformed"),
		Entry("K39: an unknown parameter", "?host=a&roles=admin", nginxAsks("GET", "https://a/reports/1"), 403, "parameter_malformed"),
		Entry("K39: only an unknown parameter", "?hosts=a", nginxAsks("GET", "https://a/reports/1"), 403, "parameter_unknown"),
		Entry("K20: a percent-encoded dot in the host", "?host=app.example.com", nginxAsks("GET", "https://app%2eexample.com/reports/1"), 403, "header_malformed"),
		Entry("K21: an underscore in the host", "?host=app_x.example.com", nginxAsks("GET", "https://app_x.example.com/reports/1"), 403, "parameter_malformed"),
		Entry("K22: an IPv6 zone", "?host=[fe80::1%25eth0]", nginxAsks("GET", "https://[fe80::1%25eth0]/reports/1"), 403, "parameter_malformed"),
		Entry("userinfo before the host", "?host=app.example.com", nginxAsks("GET", "https://app.example.com@evil.example/reports/1"), 403, "header_malformed"),
		Entry("no URL", "?host=app.example.com", []string{"X-Original-Method", "GET"}, 403, "header_missing"),
		Entry("an empty URL", "?host=app.example.com", nginxAsks("GET", ""), 403, "header_missing"),
		Entry("no method", "?host=app.example.com", []string{"X-Original-Url", "https://app.example.com/reports/1"}, 403, "header_missing"),
		Entry("a path for a URL", "?host=app.example.com", nginxAsks("GET", "/reports/1"), 403, "header_malformed"),
		Entry("a URL without a path", "?host=app.example.com", nginxAsks("GET", "https://app.example.com"), 403, "header_malformed"),
		Entry("K45: another scheme", "?host=app.example.com", nginxAsks("GET", "javascript://app.example.com/reports/1"), 403, "header_malformed"),
		Entry("K23: a doubled URL", "?host=app.example.com", nginxAsks("GET", "https://app.example.com/reports/1", "X-Original-Url", "https://app.example.com/admin"), 403, "header_repeated"),
		Entry("K23: a doubled URL, the other way round", "?host=app.example.com", nginxAsks("GET", "https://app.example.com/admin", "X-Original-Url", "https://app.example.com/reports/1"), 403, "header_repeated"),
		Entry("a doubled method", "?host=app.example.com", nginxAsks("GET", "https://app.example.com/reports/1", "X-Original-Method", "GET"), 403, "header_repeated"),
		Entry("K25: the other dialect's headers are not read", "?host=app.example.com", nginxAsks("GET", "https://app.example.com/admin", "X-Forwarded-Uri", "/reports/1"), 403, "no_rule"),
	)

	DescribeTable("behind Caddy, Traefik and HAProxy",
		func(query string, headers []string, status int, reason string) {
			for _, dialect := range []string{"caddy", "traefik", "haproxy"} {
				a := get(r.url("/check/"+dialect+query), append(headers, bearer(viewer.access)...)...)
				if status == http.StatusOK {
					Expect(a.Status).To(Equal(status), dialect+a.Body)
					continue
				}
				Expect(a).To(beADenial(status, reason), dialect)
			}
		},
		Entry("a rule allows", "", caddyAsks("GET", "app.example.com", "/reports/1?a=b,c"), 200, ""),
		Entry("no rule allows", "", caddyAsks("GET", "app.example.com", "/admin"), 403, "no_rule"),
		Entry("K25: the other dialect's headers are not read", "", caddyAsks("GET", "app.example.com", "/admin", "X-Original-Url", "https://app.example.com/reports/1"), 403, "no_rule"),
		Entry("K24: a doubled Uri", "", caddyAsks("GET", "app.example.com", "/reports/1", "X-Forwarded-Uri", "/admin"), 403, "header_repeated"),
		Entry("K24: a doubled Host", "", caddyAsks("GET", "app.example.com", "/reports/1", "X-Forwarded-Host", "b"), 403, "header_repeated"),
		Entry("K24: a doubled Method", "", caddyAsks("GET", "app.example.com", "/reports/1", "X-Forwarded-Method", "GET"), 403, "header_repeated"),
		Entry("K24: a joined Host", "", caddyAsks("GET", "app.example.com, evil", "/reports/1"), 403, "header_malformed"),
		Entry("K24: a joined Method", "", caddyAsks("GET,DELETE", "app.example.com", "/reports/1"), 403, "header_malformed"),
		Entry("K24: a joined Uri", "", caddyAsks("GET", "app.example.com", "/reports/1, /admin"), 403, "header_malformed"),
		Entry("K45: a joined Proto", "", []string{"X-Forwarded-Method", "GET", "X-Forwarded-Proto", "https,http", "X-Forwarded-Host", "a", "X-Forwarded-Uri", "/reports/1"}, 403, "header_malformed"),
		Entry("K45: another Proto", "", []string{"X-Forwarded-Method", "GET", "X-Forwarded-Proto", "javascript", "X-Forwarded-Host", "a", "X-Forwarded-Uri", "/reports/1"}, 403, "header_malformed"),
		Entry("K17: a bad port", "", caddyAsks("GET", "app.example.com:99999", "/reports/1"), 403, "host_invalid"),
		Entry("K21: a space in the host", "", caddyAsks("GET", "app.example.com evil", "/reports/1"), 403, "host_invalid"),
		Entry("no host", "", caddyAsks("GET", "", "/reports/1"), 403, "header_missing"),
		Entry("an absolute Uri", "", caddyAsks("GET", "app.example.com", "https://app.example.com/reports/1"), 403, "header_malformed"),
		Entry("K39: a parameter", "?x=1", caddyAsks("GET", "app.example.com", "/reports/1"), 403, "parameter_unknown"),
		Entry("no headers at all", "", nil, 403, "header_missing"),
	)

	It("judges by what a Role says now", func(ctx SpecContext) {
		asks := append(caddyAsks("GET", "app.example.com", "/later/x"), bearer(viewer.access)...)
		Expect(get(r.url("/check/caddy"), asks...)).To(beADenial(403, "no_rule"))

		r.role(ctx, "later", rule("app.example.com", "/later/**", "GET"))
		grant := &v1alpha1.Role{}
		Expect(api.Get(ctx, client.ObjectKey{Namespace: r.namespace, Name: "viewer"}, grant)).To(Succeed())
		grant.Spec.Includes = []v1alpha1.GrantableRoleName{"later"}
		Expect(api.Update(ctx, grant)).To(Succeed())

		Eventually(func() int { return get(r.url("/check/caddy"), asks...).Status }).WithContext(ctx).Should(Equal(http.StatusOK))
		Expect(get(r.url("/check/role/later"), bearer(viewer.access)...).Header.Get("X-Auth-Request-Groups")).To(Equal("later,viewer"))
	})

	It("names renamed identity headers, and no others", func(ctx SpecContext) {
		other := aRealm(ctx, func(s *v1alpha1.RealmSpec) { s.IdentityHeaders.User = "Remote-User" })
		other.user(ctx, "vera", "viewer")

		a := get(other.url("/check/role/viewer"), bearer(other.in("vera").access)...)

		Expect(a.Header).To(HaveKeyWithValue("Remote-User", []string{"vera"}))
		Expect(a.Header).NotTo(HaveKey("X-Auth-Request-User"))
		Expect(a.Header).To(HaveKey("X-Auth-Request-Uid"))
	})

	It("tells the operator in the log what to mend, and audits the denial", func() {
		Eventually(func() []byte {
			get(r.url("/check/nginx"), nginxAsks("GET", "https://app.example.com/reports/1")...)
			return logged.Contents()
		}).WithTimeout(20 * time.Second).Should(And(
			ContainSubstring(`"msg":"check can't be decided"`),
			ContainSubstring(`must end in /check/nginx?host=$host`),
			ContainSubstring(`"msg":"audit","event":"check_denied"`),
		))
	})

	It("stays right under concurrent checks of several users", func() {
		var all sync.WaitGroup
		for who, t := range map[string]tokens{"vera": viewer, "ada": admin} {
			for range 8 {
				all.Go(func() {
					defer GinkgoRecover()
					for range 50 {
						a := get(r.url("/check/role/authenticated"), bearer(t.access)...)
						Expect(a.Header.Get("X-Auth-Request-User")).To(Equal(who))
					}
				})
			}
		}
		all.Wait()
	})
})

var _ = Describe("A change that takes rights away", func() {
	It("refuses the next request after disabling, and enabling again revives nothing", func(ctx SpecContext) {
		r := aRealm(ctx)
		alice := r.user(ctx, "alice", "viewer")
		t := r.in("alice")
		check := func() answer { return get(r.url("/check/role/viewer"), bearer(t.access)...) }
		Expect(check().Status).To(Equal(http.StatusOK))

		Expect(api.Patch(ctx, alice, client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"disabled":true}}`)))).To(Succeed())
		Eventually(check).WithContext(ctx).Should(beADenial(401, "user_not_found_or_disabled"))

		revoked := &v1alpha1.RevokedTokenList{}
		Eventually(func() int {
			Expect(api.List(ctx, revoked, client.InNamespace(r.namespace))).To(Succeed())
			return len(revoked.Items)
		}).WithContext(ctx).WithTimeout(10 * time.Second).Should(BeNumerically(">", 0))
		Expect(api.Patch(ctx, alice, client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"disabled":false}}`)))).To(Succeed())
		Eventually(func() int { return r.login("alice", goodPassword).Status }).WithContext(ctx).WithTimeout(10 * time.Second).Should(Equal(http.StatusOK))
		Expect(check()).To(beADenial(401, "token_revoked"))
	})

	It("refuses a token whose jti is named by a RevokedToken, and leaves others alone", func(ctx SpecContext) {
		r := aRealm(ctx)
		r.user(ctx, "alice", "viewer")
		one, other := r.in("alice"), r.in("alice")
		Expect(api.Create(ctx, &v1alpha1.RevokedToken{
			ObjectMeta: metav1.ObjectMeta{Namespace: r.namespace, Name: "incident-1"},
			Spec:       v1alpha1.RevokedTokenSpec{TokenID: claims(one.access)["jti"].(string)},
		})).To(Succeed())

		Eventually(func() answer { return get(r.url("/check/role/viewer"), bearer(one.access)...) }).WithContext(ctx).Should(beADenial(401, "token_revoked"))
		Expect(get(r.url("/check/role/viewer"), bearer(other.access)...).Status).To(Equal(http.StatusOK))
	})

	It("gives a re-created user nothing of the old one", func(ctx SpecContext) {
		r := aRealm(ctx)
		alice := r.user(ctx, "alice", "viewer")
		t := r.in("alice")
		Expect(api.Delete(ctx, alice)).To(Succeed())
		r.userOf(ctx, "alice", "alice-password", "viewer")

		Eventually(func() answer { return get(r.url("/check/role/viewer"), bearer(t.access)...) }).WithContext(ctx).Should(beADenial(401, "user_not_found_or_disabled"))
		Consistently(func() answer { return get(r.url("/check/role/viewer"), bearer(t.access)...) }).WithContext(ctx).WithTimeout(200 * time.Millisecond).Should(beADenial(401, ""))
		Expect(get(r.url("/check/role/viewer"), bearer(r.in("alice").access)...).Status).To(Equal(http.StatusOK))
	})

	It("ends a user's logins when the password changes, and lets the new one in", func(ctx SpecContext) {
		r := aRealm(ctx)
		r.user(ctx, "alice", "viewer")
		t := r.in("alice")
		const fresh = "another-horse-battery"
		patch := fmt.Sprintf(`{"stringData":{"password":%q}}`, fresh)
		secret := &metav1.PartialObjectMetadata{}
		secret.SetGroupVersionKind(secretKind)
		secret.Namespace, secret.Name = r.namespace, "alice-password"
		Expect(api.Patch(ctx, secret, client.RawPatch("application/merge-patch+json", []byte(patch)))).To(Succeed())

		Eventually(func() answer { return get(r.url("/check/role/viewer"), bearer(t.access)...) }).WithContext(ctx).WithTimeout(10 * time.Second).Should(beADenial(401, "token_revoked"))
		form := url.Values{"grant_type": {"password"}, "username": {"alice"}, "password": {fresh}}.Encode()
		var a answer
		Eventually(func() int { a = postForm(r.url("/token"), form); return a.Status }).WithContext(ctx).WithTimeout(10 * time.Second).Should(Equal(http.StatusOK))
		Expect(get(r.url("/check/role/viewer"), bearer(a.text("access_token"))...).Status).To(Equal(http.StatusOK))
		Expect(r.login("alice", goodPassword).Body).To(Equal(wrongBody))
	})
})
