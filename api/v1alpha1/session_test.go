package v1alpha1_test

import (
	"strings"

	. "github.com/onsi/ginkgo/v2"
)

const (
	sessionUser = "user: {name: ada, uid: 1-2}, "
	sessionEnd  = "expiresAt: '2026-01-02T15:04:05Z', "
)

// aSession is a Session with these further fields in its spec, as YAML in flow style.
func aSession(spec string) string { return named("Session", "6f1b", sessionUser+sessionEnd+spec) }

var _ = Describe("Session", func() {
	DescribeTable("is refused", refuse, refusalEntries(sessionRefusals))
	DescribeTable("is accepted", accept,
		Entry("when it is an application's", aSession("")),
		Entry("when it is a browser's", aSession("cookieExpiresAt: '2026-01-02T15:04:05Z', client: {userAgent: curl, address: '::1'}")),
		Entry("when it was refreshed", aSession("refresh: {generation: 3, tokenID: a, at: '2026-01-02T15:04:05Z'}, passwordFingerprint: "+strings.Repeat("a", 32))),
	)
})

var sessionRefusals = []refusal{
	{"when its name has 64 characters", named("Session", strings.Repeat("a", 64), sessionUser+sessionEnd), []string{
		`metadata: Invalid value: the name of a Session has at most 63 characters, lower-case letters, digits and hyphens`,
	}},
	{"when its name has a dot", named("Session", "a.b", sessionUser+sessionEnd), []string{
		`metadata: Invalid value: the name of a Session has at most 63 characters, lower-case letters, digits and hyphens`,
	}},
	{"when it has no spec", "{apiVersion: auth.latchkey.dev/v1alpha1, kind: Session, metadata: {name: a}}", []string{
		`spec: Required value`,
	}},
	{"when it is nobody's and endless", named("Session", "6f1b", ""), []string{
		`spec.expiresAt: Required value`,
		`spec.user: Required value`,
	}},
	{"when its user is empty", named("Session", "6f1b", "user: {}, "+sessionEnd), []string{
		`spec.user.name: Required value`,
		`spec.user.uid: Required value`,
	}},
	{"when its user's name is empty", named("Session", "6f1b", "user: {name: '', uid: '1'}, "+sessionEnd), []string{
		`spec.user.name: Invalid value: "": spec.user.name in body should be at least 1 chars long`,
	}},
	{"when its user's name is none", named("Session", "6f1b", "user: {name: A, uid: '1'}, "+sessionEnd), []string{
		mismatch(`spec.user.name`, `"A"`, namePattern),
	}},
	{"when its user's name is too long", named("Session", "6f1b", "user: {name: "+strings.Repeat("a", 64)+", uid: '1'}, "+sessionEnd), []string{
		`spec.user.name: Too long: may not be more than 63 bytes`,
	}},
	{"when its user's UID is empty", named("Session", "6f1b", "user: {name: ada, uid: ''}, "+sessionEnd), []string{
		`spec.user.uid: Invalid value: "": spec.user.uid in body should be at least 1 chars long`,
	}},
	{"when its user's UID is too long", named("Session", "6f1b", "user: {name: ada, uid: "+strings.Repeat("a", 129)+"}, "+sessionEnd), []string{
		`spec.user.uid: Too long: may not be more than 128 bytes`,
	}},
	{"when expiresAt is in words", named("Session", "6f1b", sessionUser+"expiresAt: tomorrow"), []string{
		`spec.expiresAt: Invalid value: "tomorrow": spec.expiresAt in body must be of type date-time: "tomorrow"`,
		mismatch(`spec.expiresAt`, `"tomorrow"`, timePattern),
	}},
	{"when expiresAt is a list", named("Session", "6f1b", sessionUser+"expiresAt: []"), []string{
		notATime("spec.expiresAt", isAList),
	}},
	{"when expiresAt has a fraction", named("Session", "6f1b", sessionUser+"expiresAt: '2026-01-02T15:04:05.5Z'"), []string{
		mismatch(`spec.expiresAt`, `"2026-01-02T15:04:05.5Z"`, timePattern),
	}},
	{"when cookieExpiresAt has an offset", aSession("cookieExpiresAt: '2026-01-02T15:04:05+01:00'"), []string{
		mismatch(`spec.cookieExpiresAt`, `"2026-01-02T15:04:05+01:00"`, timePattern),
	}},
	{"when cookieExpiresAt is in words", aSession("cookieExpiresAt: tomorrow"), []string{
		`spec.cookieExpiresAt: Invalid value: "tomorrow": spec.cookieExpiresAt in body must be of type date-time: "tomorrow"`,
		mismatch(`spec.cookieExpiresAt`, `"tomorrow"`, timePattern),
	}},
	{"when cookieExpiresAt is a list", aSession("cookieExpiresAt: []"), []string{
		notATime("spec.cookieExpiresAt", isAList),
	}},
	{"when the user agent is too long", aSession("client: {userAgent: " + strings.Repeat("a", 257) + "}"), []string{
		`spec.client.userAgent: Too long: may not be more than 256 bytes`,
	}},
	{"when the address is too long", aSession("client: {address: " + strings.Repeat("a", 65) + "}"), []string{
		`spec.client.address: Too long: may not be more than 64 bytes`,
	}},
	{"when the fingerprint is too long", aSession("passwordFingerprint: " + strings.Repeat("a", 65)), []string{
		`spec.passwordFingerprint: Too long: may not be more than 64 bytes`,
	}},
	{"when the generation is negative", aSession("refresh: {generation: -1}"), []string{
		`spec.refresh.generation: Invalid value: -1: spec.refresh.generation in body should be greater than or equal to 0`,
	}},
	{"when the token's ID is too long", aSession("refresh: {tokenID: " + strings.Repeat("a", 129) + "}"), []string{
		`spec.refresh.tokenID: Too long: may not be more than 128 bytes`,
	}},
	{"when the moment of refresh has an offset", aSession("refresh: {at: '2026-01-02T15:04:05+01:00'}"), []string{
		mismatch(`spec.refresh.at`, `"2026-01-02T15:04:05+01:00"`, timePattern),
	}},
	{"when the moment of refresh is in words", aSession("refresh: {at: soon}"), []string{
		`spec.refresh.at: Invalid value: "soon": spec.refresh.at in body must be of type date-time: "soon"`,
		mismatch(`spec.refresh.at`, `"soon"`, timePattern),
	}},
	{"when the moment of refresh is a list", aSession("refresh: {at: []}"), []string{
		notATime("spec.refresh.at", isAList),
	}},
}
