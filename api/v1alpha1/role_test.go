package v1alpha1_test

import (
	"strings"

	. "github.com/onsi/ginkgo/v2"
)

// aRole is a Role with these fields in its spec, as YAML in flow style.
func aRole(spec string) string { return named("Role", "viewer", spec) }

// A Role with one rule of which one list is as said.
func aRoleWithHosts(hosts string) string {
	return aRole("rules: [{hosts: [" + hosts + "], paths: ['/**'], methods: [GET]}]")
}
func aRoleWithPaths(paths string) string {
	return aRole("rules: [{hosts: ['*'], paths: [" + paths + "], methods: [GET]}]")
}
func aRoleWithMethods(methods string) string {
	return aRole("rules: [{hosts: ['*'], paths: ['/**'], methods: [" + methods + "]}]")
}

// A Role with one Kubernetes rule that has also these fields.
func aRoleInKubernetes(fields string) string {
	return aRole("kubernetesRules: [{verbs: [get], " + fields + "}]")
}

// What a Role's texts have to be.
const (
	hostSentence   = "a host looks like app.example.com, *.example.com (one label), * (all) or [2001:db8::1]: lower case, no port, labels of at most 63 characters"
	blankSentence  = "a path has no segment of dots and spaces only, and none that begins like (S(: write the path that the app sees"
	pathSentence   = "a path looks like /reports/*/pdf or /api/**: it begins with /, * is a whole segment, ** only the last, without //, ?, #, ;, %, backslash, look-alike of a slash or control character"
	methodSentence = "a method is in upper case, such as GET, or * for all"
)

var _ = Describe("Role", func() {
	DescribeTable("is refused", refuse, refusalEntries(roleRefusals))
	DescribeTable("is accepted", accept,
		Entry("when it says nothing", aRole("")),
		Entry("when its lists are empty", aRole("includes: [], rules: [], kubernetesRules: []")),
		Entry("when anonymous has rules, and says that it includes nothing", named("Role", "anonymous",
			"rules: [{hosts: ['*'], paths: [/], methods: [GET]}], includes: [], kubernetesRules: []")),
		Entry("when authenticated has rules", named("Role", "authenticated", "rules: [{hosts: ['*'], paths: [/], methods: [GET]}]")),
		Entry("when hosts are of each form", aRoleWithHosts("app.example.com, '*.example.com', '*', localhost, 10.0.0.1, '[::1]', '[2001:db8::1]'")),
		Entry("when a label has 63 characters", aRoleWithHosts(strings.Repeat("a", 63)+".example.com")),
		Entry("when paths are of each form", aRoleWithPaths("/, '/**', /a, /a/, /a/b.c, '/*/b', '/a/*', '/a/*/', '/a/**', '/*/**', '/a b', /ä, /a.../b, /+, /.well-known/x, /a..b, /(x)")),
		Entry("when a path has 512 characters of two bytes", aRoleWithPaths("/"+strings.Repeat("ä", 511))),
		Entry("when methods are of each form", aRoleWithMethods("GET, POST, VERSION-CONTROL, '*'")),
		Entry("when it is as large as it may be", aRole("rules: ["+strings.Repeat("{hosts: ["+
			numbered("h%d.example.com", 32)+"], paths: ["+numbered("/p%d/**", 32)+"], methods: ["+letters(32)+"]}, ", 64)+"]")),
		Entry("when it is as large as it may be, of texts as long as they may be", aRole("rules: ["+strings.Repeat("{hosts: ["+
			numbered(strings.Repeat("a.", 119)+"h%02d.example.com", 32)+"], paths: ["+numbered("/p%02d"+strings.Repeat("/*", 254), 32)+"], methods: ["+letters(32)+"]}, ", 64)+"]")),
	)
})

// letters is a YAML flow list's inside of n upper-case words.
func letters(n int) string {
	var words []string
	for i := range n {
		words = append(words, "M"+strings.Repeat("X", i%26)+string(rune('A'+i/26)))
	}
	return strings.Join(words, ", ")
}
