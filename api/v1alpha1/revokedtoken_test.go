package v1alpha1_test

import (
	"strings"

	. "github.com/onsi/ginkgo/v2"
)

// aRevokedToken is a RevokedToken with these fields in its spec, as YAML in flow style.
func aRevokedToken(spec string) string { return named("RevokedToken", "stolen-laptop", spec) }

// tokenIDPattern is what the schema demands of a jti.
const tokenIDPattern = `^[A-Za-z0-9_-]+$`

var _ = Describe("RevokedToken", func() {
	DescribeTable("is refused", refuse, refusalEntries(revokedTokenRefusals))
	DescribeTable("is accepted", accept,
		Entry("when it names a token", aRevokedToken("tokenID: 0aZ_-")),
		Entry("when it names a login", aRevokedToken("sessionID: 6f1b, expiresAt: '2026-01-02T15:04:05Z'")),
		Entry("when it names a user", aRevokedToken("user: {name: ada}")),
		Entry("when it names logins of a user until a moment", aRevokedToken("user: {name: ada, uid: 1-2, issuedBefore: '2026-01-02T15:04:05Z'}, reason: 'lost her laptop'")),
	)
})

var revokedTokenRefusals = []refusal{
	{"when its name has 64 characters", named("RevokedToken", strings.Repeat("a", 64), "tokenID: a"), []string{
		`metadata: Invalid value: the name of a RevokedToken has at most 63 characters, lower-case letters, digits and hyphens`,
	}},
	{"when its name has a dot", named("RevokedToken", "a.b", "tokenID: a"), []string{
		`metadata: Invalid value: the name of a RevokedToken has at most 63 characters, lower-case letters, digits and hyphens`,
	}},
	{"when it has no spec", "{apiVersion: auth.latchkey.dev/v1alpha1, kind: RevokedToken, metadata: {name: a}}", []string{
		`spec: Required value`,
	}},
	{"when it names nothing", aRevokedToken(""), []string{
		`spec: Invalid value: name exactly one of tokenID, sessionID and user`,
	}},
	{"when it names a token and a login", aRevokedToken("tokenID: a, sessionID: b"), []string{
		`spec: Invalid value: name exactly one of tokenID, sessionID and user`,
	}},
	{"when it names a login and a user", aRevokedToken("sessionID: b, user: {name: ada}"), []string{
		`spec: Invalid value: name exactly one of tokenID, sessionID and user`,
	}},
	{"when it names all three", aRevokedToken("tokenID: a, sessionID: b, user: {name: ada}"), []string{
		`spec: Invalid value: name exactly one of tokenID, sessionID and user`,
	}},
	{"when the token's ID is empty", aRevokedToken("tokenID: ''"), []string{
		`spec.tokenID: Invalid value: "": spec.tokenID in body should be at least 1 chars long`,
	}},
	{"when the token's ID is a whole token", aRevokedToken("tokenID: e30.e30.c2ln"), []string{
		mismatch(`spec.tokenID`, `"e30.e30.c2ln"`, tokenIDPattern),
	}},
	{"when the token's ID is too long", aRevokedToken("tokenID: " + strings.Repeat("a", 129)), []string{
		`spec.tokenID: Too long: may not be more than 128 bytes`,
	}},
	{"when the login's ID is empty", aRevokedToken("sessionID: ''"), []string{
		`spec.sessionID: Invalid value: "": spec.sessionID in body should be at least 1 chars long`,
	}},
	{"when the login's ID is in upper case", aRevokedToken("sessionID: ABC"), []string{
		mismatch(`spec.sessionID`, `"ABC"`, namePattern),
	}},
	{"when the login's ID is too long", aRevokedToken("sessionID: " + strings.Repeat("a", 64)), []string{
		`spec.sessionID: Too long: may not be more than 63 bytes`,
	}},
	{"when the user has no name", aRevokedToken("user: {uid: a}"), []string{
		`spec.user.name: Required value`,
	}},
	{"when the user's name is empty", aRevokedToken("user: {name: ''}"), []string{
		`spec.user.name: Invalid value: "": spec.user.name in body should be at least 1 chars long`,
	}},
	{"when the user's name is none", aRevokedToken("user: {name: '*'}"), []string{
		mismatch(`spec.user.name`, `"*"`, namePattern),
	}},
	{"when the user's name is too long", aRevokedToken("user: {name: " + strings.Repeat("a", 64) + "}"), []string{
		`spec.user.name: Too long: may not be more than 63 bytes`,
	}},
	{"when the user's UID is empty", aRevokedToken("user: {name: ada, uid: ''}"), []string{
		`spec.user.uid: Invalid value: "": spec.user.uid in body should be at least 1 chars long`,
	}},
	{"when the user's UID is too long", aRevokedToken("user: {name: ada, uid: " + strings.Repeat("a", 129) + "}"), []string{
		`spec.user.uid: Too long: may not be more than 128 bytes`,
	}},
	{"when issuedBefore is a date", aRevokedToken("user: {name: ada, issuedBefore: '2026-01-02'}"), []string{
		`spec.user.issuedBefore: Invalid value: "2026-01-02": spec.user.issuedBefore in body must be of type date-time: "2026-01-02"`,
		mismatch(`spec.user.issuedBefore`, `"2026-01-02"`, timePattern),
	}},
	{"when issuedBefore has a fraction", aRevokedToken("user: {name: ada, issuedBefore: '2026-01-02T15:04:05.5Z'}"), []string{
		mismatch(`spec.user.issuedBefore`, `"2026-01-02T15:04:05.5Z"`, timePattern),
	}},
	{"when issuedBefore has an offset", aRevokedToken("user: {name: ada, issuedBefore: '2026-01-02T15:04:05+00:00'}"), []string{
		mismatch(`spec.user.issuedBefore`, `"2026-01-02T15:04:05+00:00"`, timePattern),
	}},
	{"when issuedBefore is a list", aRevokedToken("user: {name: ada, issuedBefore: []}"), []string{
		notATime("spec.user.issuedBefore", isAList),
	}},
	{"when the reason is empty", aRevokedToken("tokenID: a, reason: ''"), []string{
		`spec.reason: Invalid value: "": spec.reason in body should be at least 1 chars long`,
	}},
	{"when the reason is too long", aRevokedToken("tokenID: a, reason: " + strings.Repeat("a", 513)), []string{
		`spec.reason: Too long: may not be more than 512 bytes`,
	}},
	{"when expiresAt is in lower case", aRevokedToken("tokenID: a, expiresAt: '2026-01-02t15:04:05z'"), []string{
		mismatch(`spec.expiresAt`, `"2026-01-02t15:04:05z"`, timePattern),
		notATime("spec.expiresAt", isLowerCase),
	}},
	{"when expiresAt is a list", aRevokedToken("tokenID: a, expiresAt: []"), []string{
		notATime("spec.expiresAt", isAList),
	}},
	{"when expiresAt is on no calendar", aRevokedToken("tokenID: a, expiresAt: '2026-02-30T00:00:00Z'"), []string{
		`spec.expiresAt: Invalid value: "2026-02-30T00:00:00Z": spec.expiresAt in body must be of type date-time: "2026-02-30T00:00:00Z"`,
	}},
	{"when expiresAt is a leap second", aRevokedToken("tokenID: a, expiresAt: '2016-12-31T23:59:60Z'"), []string{
		`spec.expiresAt: Invalid value: "2016-12-31T23:59:60Z": spec.expiresAt in body must be of type date-time: "2016-12-31T23:59:60Z"`,
	}},
	{"when expiresAt has a fraction", aRevokedToken("tokenID: a, expiresAt: '2026-01-02T15:04:05.5Z'"), []string{
		mismatch(`spec.expiresAt`, `"2026-01-02T15:04:05.5Z"`, timePattern),
	}},
}
