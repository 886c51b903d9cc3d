package v1alpha1_test

import (
	"fmt"
	"strings"

	. "github.com/onsi/ginkgo/v2"
)

// aUser is a User with these fields in its spec, as YAML in flow style.
func aUser(spec string) string { return named("User", "ada", spec) }

// named is an object of a kind and name with these fields in its spec.
func named(kind, name, spec string) string {
	return fmt.Sprintf("{apiVersion: auth.latchkey.dev/v1alpha1, kind: %s, metadata: {name: %s}, spec: {%s}}", kind, name, spec)
}

// What a User's texts have to be.
const (
	displayNameSentence = "a display name is one line of text, without control characters such as tabs"
	emailSentence       = "an email address looks like ada@example.com: one address, in ASCII, at most 64 characters before the @"
	secretNameSentence  = "the name of a Secret has lower-case letters, digits and, between them, hyphens and dots, such as ada-password"
)

var _ = Describe("User", func() {
	DescribeTable("is refused", refuse, refusalEntries(userRefusals))
	DescribeTable("is accepted", accept,
		Entry("when it says nothing", aUser("")),
		Entry("when its name has 63 characters", named("User", strings.Repeat("a", 63), "")),
		Entry("when its display name is in another script", aUser("displayName: 'Ада Лавлейс 🦉'")),
		Entry("when its email has all that RFC 5322 allows in an atom", aUser("email: \"a.!#$%&'*+/=?^_`{|}~-b@example.com\"")),
		Entry("when its email is on a single label", aUser("email: root@localhost")),
		Entry("when it holds 32 roles", aUser("roles: ["+numbered("r%d", 32)+"]")),
		Entry("when it holds none, explicitly", aUser("roles: []")),
	)
})

// noSubdomain is what Kubernetes itself says of a name that no object may have.
func noSubdomain(name string) string {
	return fmt.Sprintf(`metadata.name: Invalid value: %q: a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, `+
		`'-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is `+
		`'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`, name)
}

var userRefusals = []refusal{
	{"when its name has 64 characters", named("User", strings.Repeat("a", 64), ""), []string{
		`metadata: Invalid value: a user name has at most 63 characters, lower-case letters, digits and hyphens`,
	}},
	{"when its name has a dot", named("User", "ada.l", ""), []string{
		`metadata: Invalid value: a user name has at most 63 characters, lower-case letters, digits and hyphens`,
	}},
	{"when its name is in upper case (Q21)", named("User", "Ada", ""), []string{
		noSubdomain("Ada"),
		`metadata: Invalid value: a user name has at most 63 characters, lower-case letters, digits and hyphens`,
	}},
	{"when its name looks like another (Q21)", named("User", "аda", ""), []string{
		noSubdomain("аda"),
		`metadata: Invalid value: a user name has at most 63 characters, lower-case letters, digits and hyphens`,
	}},
	{"when the display name has a line break", aUser(`displayName: "a\nb"`), []string{
		misses(`spec.displayName`, `"a\nb"`, displayNameSentence),
	}},
	{"when the display name has a control of the upper half", aUser(`displayName: "a\u0085b"`), []string{
		misses(`spec.displayName`, `"a\u0085b"`, displayNameSentence),
	}},
	{"when the display name is too long", aUser("displayName: " + strings.Repeat("a", 129)), []string{
		`spec.displayName: Too long: may not be more than 128 bytes`,
	}},
	{"when the email has no @", aUser("email: ada"), []string{
		misses(`spec.email`, `"ada"`, emailSentence),
	}},
	{"when the email has a line break", aUser(`email: "ada@example.com\nbcc:eve@example.com"`), []string{
		misses(`spec.email`, `"ada@example.com\nbcc:eve@example.com"`, emailSentence),
	}},
	{"when the email has two addresses", aUser("email: 'ada@example.com,eve@example.com'"), []string{
		misses(`spec.email`, `"ada@example.com,eve@example.com"`, emailSentence),
	}},
	{"when the email isn't ASCII", aUser("email: adä@example.com"), []string{
		misses(`spec.email`, `"adä@example.com"`, emailSentence),
	}},
	{"when the email is empty", aUser("email: ''"), []string{
		misses(`spec.email`, `""`, emailSentence),
	}},
	{"when the email's local part has 65 characters", aUser("email: " + strings.Repeat("a", 65) + "@example.com"), []string{
		misses(`spec.email`, `"`+strings.Repeat("a", 65)+`@example.com"`, emailSentence),
	}},
	{"when the email is too long", aUser("email: a@" + strings.Repeat("a.", 125) + "com"), []string{
		`spec.email: Too long: may not be more than 254 bytes`,
	}},
	{"when passwordSecretRef names nothing", aUser("passwordSecretRef: {}"), []string{
		`spec.passwordSecretRef.name: Required value`,
	}},
	{"when passwordSecretRef names no Secret", aUser("passwordSecretRef: {name: ../ada}"), []string{
		misses(`spec.passwordSecretRef.name`, `"../ada"`, secretNameSentence),
	}},
	{"when passwordSecretRef has an empty name", aUser("passwordSecretRef: {name: ''}"), []string{
		`spec.passwordSecretRef.name: Invalid value: "": spec.passwordSecretRef.name in body should be at least 1 chars long`,
		misses(`spec.passwordSecretRef.name`, `""`, secretNameSentence),
	}},
	{"when passwordSecretRef has too long a name", aUser("passwordSecretRef: {name: " + strings.Repeat("a", 254) + "}"), []string{
		`spec.passwordSecretRef.name: Too long: may not be more than 253 bytes`,
	}},
	{"when it would hold anonymous", aUser("roles: [anonymous]"), []string{
		`spec.roles[0]: Invalid value: "anonymous": anonymous and authenticated are reserved: everybody holds them already, so leave the name out`,
	}},
	{"when it would hold authenticated beside others", aUser("roles: [viewer, authenticated]"), []string{
		`spec.roles[1]: Invalid value: "authenticated": anonymous and authenticated are reserved: everybody holds them already, so leave the name out`,
	}},
	{"when a role has no role's name", aUser("roles: [Viewer]"), []string{
		misses(`spec.roles[0]`, `"Viewer"`, roleNameSentence),
	}},
	{"when a role is empty", aUser("roles: ['']"), []string{
		`spec.roles[0]: Invalid value: "": spec.roles[0] in body should be at least 1 chars long`,
		misses(`spec.roles[0]`, `""`, roleNameSentence),
	}},
	{"when a role's name is too long", aUser("roles: [" + strings.Repeat("a", 64) + "]"), []string{
		`spec.roles[0]: Too long: may not be more than 63 bytes`,
	}},
	{"when it holds a role twice", aUser("roles: [a, a]"), []string{
		`spec.roles[1]: Duplicate value: "a"`,
	}},
	{"when it holds 33 roles", aUser("roles: [" + numbered("r%d", 33) + "]"), []string{
		`spec.roles: Too many: 33: must have at most 32 items`,
	}},
}
