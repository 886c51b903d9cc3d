package v1alpha1_test

import (
	"fmt"
	"strings"

	. "github.com/onsi/ginkgo/v2"
)

// aRealm is a Realm with these fields in its spec, as YAML in flow style.
func aRealm(spec string) string {
	return fmt.Sprintf("{apiVersion: auth.latchkey.dev/v1alpha1, kind: Realm, metadata: {name: default}, spec: {%s}}", spec)
}

// What a Realm's texts have to be.
const (
	issuerSentence       = "an issuer is an http or https URL such as https://auth.example.com/realms/team-a, without credentials, query, fragment, // or escapes in the path"
	audienceSentence     = "an audience is printable ASCII without spaces, such as https://app.example.com"
	cookieDomainSentence = "cookieDomain looks like example.com: lower case, at least two labels, no dot or wildcard before it, no port"
	redirectSentence     = "a redirect is a host such as app.example.com or *.example.com: lower case, no scheme, port or path"
	headerSentence       = "a header name has letters, digits and hyphens, and no underscore, such as Remote-User"
	meaningSentence      = "this header has a meaning of its own in HTTP, to proxies or in Latchkey: choose another, such as Remote-User"
)

var _ = Describe("Realm", func() {
	DescribeTable("is refused", refuse, refusalEntries(realmRefusals))
	DescribeTable("is accepted", accept,
		Entry("when it has no spec", "{apiVersion: auth.latchkey.dev/v1alpha1, kind: Realm, metadata: {name: default}}"),
		Entry("when its spec is empty", aRealm("")),
		Entry("when its spec is null", "{apiVersion: auth.latchkey.dev/v1alpha1, kind: Realm, metadata: {name: default}, spec: null}"),
		Entry("when the issuer is a bare origin", aRealm("issuer: 'http://localhost:8080'")),
		Entry("when the issuer has a path", aRealm("issuer: https://auth.example.com/realms/team-a")),
		Entry("when the issuer ends in a slash", aRealm("issuer: https://auth.example.com/")),
		Entry("when the issuer is an IPv6 address", aRealm("issuer: 'https://[2001:db8::1]:8443'")),
		Entry("when every time is at its least", aRealm("tokens: {accessTTL: 1m, refreshTTL: 1h}, sessions: {cookieTTL: 1m, refreshLeeway: 2s}, keys: {rotationPeriod: 1h}, lockout: {window: 1m, duration: 1m}")),
		Entry("when every time is at its most", aRealm("tokens: {accessTTL: 24h, refreshTTL: 2160h}, sessions: {cookieTTL: 2160h, refreshLeeway: 60s}, keys: {rotationPeriod: 8760h}, lockout: {window: 24h, duration: 24h}")),
		Entry("when refreshTTL is 16 rotation periods", aRealm("tokens: {refreshTTL: 16h}, keys: {rotationPeriod: 1h}")),
		Entry("when times are as Go writes them", aRealm("tokens: {accessTTL: 0h30m0s, refreshTTL: 168h0m0s}")),
		Entry("when redirects are within cookieDomain", aRealm("sessions: {cookieDomain: example.com, allowedRedirects: [example.com, app.example.com, '*.example.com', '*.a.example.com']}")),
		Entry("when it says that there are no redirects", aRealm("sessions: {allowedRedirects: []}")),
		Entry("when identity headers have the names of oauth2-proxy", aRealm("identityHeaders: {user: X-Forwarded-Preferred-Username, uid: X-Forwarded-User, email: X-Forwarded-Email, groups: X-Forwarded-Groups}")),
		Entry("when identity headers are renamed", aRealm("identityHeaders: {user: Remote-User, uid: Remote-Uid, email: Remote-Email, groups: Remote-Groups}")),
		Entry("when two identity headers change places", aRealm("identityHeaders: {user: X-Auth-Request-Email, email: X-Auth-Request-User}")),
		Entry("when keys are distrusted", aRealm("keys: {distrustBefore: '2026-01-02T15:04:05Z'}")),
	)
})

// numbered is a YAML flow list's inside: n times the format.
func numbered(format string, n int) string {
	var items []string
	for i := range n {
		items = append(items, fmt.Sprintf(format, i))
	}
	return strings.Join(items, ", ")
}

// numbers is a YAML flow list's inside of n strings.
func numbers(n int) string { return numbered("'%d'", n) }
