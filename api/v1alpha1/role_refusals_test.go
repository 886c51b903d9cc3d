package v1alpha1_test

import "strings"

// What the API server says of each Role that it refuses.
var roleRefusals = []refusal{
	{"when its name has 64 characters", named("Role", strings.Repeat("a", 64), ""), []string{
		`metadata: Invalid value: a role name has at most 63 characters, lower-case letters, digits and hyphens`,
	}},
	{"when its name has a dot", named("Role", "a.b", ""), []string{
		`metadata: Invalid value: a role name has at most 63 characters, lower-case letters, digits and hyphens`,
	}},
	{"when the description is too long", aRole("description: " + strings.Repeat("a", 513)), []string{
		`spec.description: Too long: may not be more than 512 bytes`,
	}},

	{"when anonymous includes a role", named("Role", "anonymous", "includes: [viewer]"), []string{
		`spec.includes: Invalid value: anonymous and authenticated hold rules only: write the rules here instead of including roles`,
	}},
	{"when authenticated includes a role", named("Role", "authenticated", "includes: [viewer]"), []string{
		`spec.includes: Invalid value: anonymous and authenticated hold rules only: write the rules here instead of including roles`,
	}},
	{"when anonymous has kubernetesRules", named("Role", "anonymous", "kubernetesRules: [{verbs: [get]}]"), []string{
		`spec.kubernetesRules: Invalid value: anonymous and authenticated hold rules only: put kubernetesRules in a Role that is given to users`,
	}},
	{"when authenticated has kubernetesRules", named("Role", "authenticated", "kubernetesRules: [{verbs: [get]}]"), []string{
		`spec.kubernetesRules: Invalid value: anonymous and authenticated hold rules only: put kubernetesRules in a Role that is given to users`,
	}},
	{"when it includes anonymous", aRole("includes: [anonymous]"), []string{
		`spec.includes[0]: Invalid value: "anonymous": anonymous and authenticated are reserved: everybody holds them already, so leave the name out`,
	}},
	{"when it includes authenticated", aRole("includes: [authenticated]"), []string{
		`spec.includes[0]: Invalid value: "authenticated": anonymous and authenticated are reserved: everybody holds them already, so leave the name out`,
	}},
	{"when an included name is empty", aRole("includes: ['']"), []string{
		`spec.includes[0]: Invalid value: "": spec.includes[0] in body should be at least 1 chars long`,
		misses(`spec.includes[0]`, `""`, roleNameSentence),
	}},
	{"when it includes no role's name", aRole("includes: [a/b]"), []string{
		misses(`spec.includes[0]`, `"a/b"`, roleNameSentence),
	}},
	{"when an included name is too long", aRole("includes: [" + strings.Repeat("a", 64) + "]"), []string{
		`spec.includes[0]: Too long: may not be more than 63 bytes`,
	}},
	{"when it includes a role twice", aRole("includes: [a, a]"), []string{
		`spec.includes[1]: Duplicate value: "a"`,
	}},
	{"when it includes 33 roles", aRole("includes: [" + numbered("r%d", 33) + "]"), []string{
		`spec.includes: Too many: 33: must have at most 32 items`,
	}},

	{"when there are 65 rules", aRole("rules: [" + strings.Repeat("{hosts: ['*'], paths: [/], methods: [GET]}, ", 65) + "]"), []string{
		`spec.rules: Too many: 65: must have at most 64 items`,
	}},
	{"when a rule says nothing", aRole("rules: [{}]"), []string{
		`spec.rules[0].hosts: Required value`,
		`spec.rules[0].methods: Required value`,
		`spec.rules[0].paths: Required value`,
	}},
	{"when hosts are empty", aRoleWithHosts(""), []string{
		`spec.rules[0].hosts: Invalid value: 0: spec.rules[0].hosts in body should have at least 1 items`,
	}},
	{"when paths are empty", aRoleWithPaths(""), []string{
		`spec.rules[0].paths: Invalid value: 0: spec.rules[0].paths in body should have at least 1 items`,
	}},
	{"when methods are empty", aRoleWithMethods(""), []string{
		`spec.rules[0].methods: Invalid value: 0: spec.rules[0].methods in body should have at least 1 items`,
	}},
	{"when there are 33 hosts", aRoleWithHosts(numbered("h%d", 33)), []string{
		`spec.rules[0].hosts: Too many: 33: must have at most 32 items`,
	}},
	{"when there are 33 paths", aRoleWithPaths(numbered("/p%d", 33)), []string{
		`spec.rules[0].paths: Too many: 33: must have at most 32 items`,
	}},
	{"when there are 33 methods", aRoleWithMethods(letters(33)), []string{
		`spec.rules[0].methods: Too many: 33: must have at most 32 items`,
	}},
	{"when a host is there twice", aRoleWithHosts("a, a"), []string{
		`spec.rules[0].hosts[1]: Duplicate value: "a"`,
	}},
	{"when a path is there twice", aRoleWithPaths("/a, /a"), []string{
		`spec.rules[0].paths[1]: Duplicate value: "/a"`,
	}},
	{"when a method is there twice", aRoleWithMethods("GET, GET"), []string{
		`spec.rules[0].methods[1]: Duplicate value: "GET"`,
	}},

	{"when a host is empty", aRoleWithHosts("''"), []string{
		`spec.rules[0].hosts[0]: Invalid value: "": spec.rules[0].hosts[0] in body should be at least 1 chars long`,
		misses(`spec.rules[0].hosts[0]`, `""`, hostSentence),
	}},
	{"when a host is in upper case", aRoleWithHosts("App.example.com"), []string{
		misses(`spec.rules[0].hosts[0]`, `"App.example.com"`, hostSentence),
	}},
	{"when a host has a port", aRoleWithHosts("'app.example.com:8080'"), []string{
		misses(`spec.rules[0].hosts[0]`, `"app.example.com:8080"`, hostSentence),
	}},
	{"when a host ends in a dot", aRoleWithHosts("app.example.com."), []string{
		misses(`spec.rules[0].hosts[0]`, `"app.example.com."`, hostSentence),
	}},
	{"when a wildcard is part of a label", aRoleWithHosts("'a*.example.com'"), []string{
		misses(`spec.rules[0].hosts[0]`, `"a*.example.com"`, hostSentence),
	}},
	{"when a wildcard isn't first", aRoleWithHosts("'app.*.com'"), []string{
		misses(`spec.rules[0].hosts[0]`, `"app.*.com"`, hostSentence),
	}},
	{"when a label has 64 characters", aRoleWithHosts(strings.Repeat("a", 64) + ".example.com"), []string{
		misses(`spec.rules[0].hosts[0]`, `"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example.com"`, hostSentence),
	}},
	{"when a host is too long", aRoleWithHosts(strings.Repeat("a.", 127) + "a"), []string{
		`spec.rules[0].hosts[0]: Too long: may not be more than 253 bytes`,
	}},
	{"when brackets hold no address", aRoleWithHosts("'[:::]'"), []string{
		`spec.rules[0].hosts[0]: Invalid value: "[:::]": in brackets stands an IPv6 address`,
	}},
	{"when a bracket stands alone", aRoleWithHosts("'['"), []string{
		misses(`spec.rules[0].hosts[0]`, `"["`, hostSentence),
	}},
	{"when a bracket isn't closed", aRoleWithHosts("'[::1'"), []string{
		misses(`spec.rules[0].hosts[0]`, `"[::1"`, hostSentence),
	}},
	{"when a host ends in a line break", aRoleWithHosts(`"app.example.com\n"`), []string{
		misses(`spec.rules[0].hosts[0]`, `"app.example.com\n"`, hostSentence),
	}},
	{"when brackets hold an IPv4 address", aRoleWithHosts("'[10.0.0.1]'"), []string{
		misses(`spec.rules[0].hosts[0]`, `"[10.0.0.1]"`, hostSentence),
	}},

	{"when a path is empty", aRoleWithPaths("''"), []string{
		`spec.rules[0].paths[0]: Invalid value: "": spec.rules[0].paths[0] in body should be at least 1 chars long`,
		misses(`spec.rules[0].paths[0]`, `""`, pathSentence),
	}},
	{"when a path is relative", aRoleWithPaths("reports"), []string{
		misses(`spec.rules[0].paths[0]`, `"reports"`, pathSentence),
	}},
	{"when a path has a double slash", aRoleWithPaths("/a//b"), []string{
		misses(`spec.rules[0].paths[0]`, `"/a//b"`, pathSentence),
	}},
	{"when a wildcard is part of a segment", aRoleWithPaths("'/a*'"), []string{
		misses(`spec.rules[0].paths[0]`, `"/a*"`, pathSentence),
	}},
	{"when ** isn't last", aRoleWithPaths("'/**/a'"), []string{
		misses(`spec.rules[0].paths[0]`, `"/**/a"`, pathSentence),
	}},
	{"when a path has a query", aRoleWithPaths("'/a?b'"), []string{
		misses(`spec.rules[0].paths[0]`, `"/a?b"`, pathSentence),
	}},
	{"when a path has a fragment", aRoleWithPaths("'/a#b'"), []string{
		misses(`spec.rules[0].paths[0]`, `"/a#b"`, pathSentence),
	}},
	{"when a path has parameters", aRoleWithPaths("'/a;b'"), []string{
		misses(`spec.rules[0].paths[0]`, `"/a;b"`, pathSentence),
	}},
	{"when a path is escaped", aRoleWithPaths("/a%20b"), []string{
		misses(`spec.rules[0].paths[0]`, `"/a%20b"`, pathSentence),
	}},
	{"when a path has a backslash", aRoleWithPaths(`'/a\b'`), []string{
		misses(`spec.rules[0].paths[0]`, `"/a\\b"`, pathSentence),
	}},
	{"when a path has a control", aRoleWithPaths(`"/a\nb"`), []string{
		misses(`spec.rules[0].paths[0]`, `"/a\nb"`, pathSentence),
	}},
	{"when a path has a control of the upper half", aRoleWithPaths(`"/a\u0085b"`), []string{
		misses(`spec.rules[0].paths[0]`, `"/a\u0085b"`, pathSentence),
	}},
	{"when a path has a NUL", aRoleWithPaths(`"/a\0b"`), []string{
		misses(`spec.rules[0].paths[0]`, `"/a\x00b"`, pathSentence),
	}},
	{"when a path has a dot segment", aRoleWithPaths("/a/./b"), []string{
		misses(`spec.rules[0].paths[0]`, `"/a/./b"`, blankSentence),
	}},
	{"when a path ends in dot segments", aRoleWithPaths("/a/.."), []string{
		misses(`spec.rules[0].paths[0]`, `"/a/.."`, blankSentence),
	}},
	{"when a path has a segment of dots and spaces", aRoleWithPaths(`"/a/.. +/b"`), []string{
		misses(`spec.rules[0].paths[0]`, `"/a/.. +/b"`, blankSentence),
	}},
	{"when a path has a cookieless session", aRoleWithPaths(`"/a/(S(x))b"`), []string{
		misses(`spec.rules[0].paths[0]`, `"/a/(S(x))b"`, blankSentence),
	}},
	{"when a path has a full-width slash", aRoleWithPaths("/a／b"), []string{
		misses(`spec.rules[0].paths[0]`, `"/a／b"`, pathSentence),
	}},
	{"when a path is too long", aRoleWithPaths("/" + strings.Repeat("a", 512)), []string{
		`spec.rules[0].paths[0]: Too long: may not be more than 512 bytes`,
	}},

	{"when a method is empty", aRoleWithMethods("''"), []string{
		`spec.rules[0].methods[0]: Invalid value: "": spec.rules[0].methods[0] in body should be at least 1 chars long`,
		misses(`spec.rules[0].methods[0]`, `""`, methodSentence),
	}},
	{"when a method is in lower case", aRoleWithMethods("get"), []string{
		misses(`spec.rules[0].methods[0]`, `"get"`, methodSentence),
	}},
	{"when a method has a space", aRoleWithMethods("'GET '"), []string{
		misses(`spec.rules[0].methods[0]`, `"GET "`, methodSentence),
	}},
	{"when a method is too long", aRoleWithMethods(strings.Repeat("A", 33)), []string{
		`spec.rules[0].methods[0]: Too long: may not be more than 32 bytes`,
	}},

	{"when there are 9 kubernetesRules", aRole("kubernetesRules: [" + strings.Repeat("{verbs: [get]}, ", 9) + "]"), []string{
		`spec.kubernetesRules: Too many: 9: must have at most 8 items`,
	}},
	{"when a Kubernetes rule has no verbs", aRole("kubernetesRules: [{}]"), []string{
		`spec.kubernetesRules[0].verbs: Required value`,
	}},
	{"when verbs are empty", aRole("kubernetesRules: [{verbs: []}]"), []string{
		`spec.kubernetesRules[0].verbs: Invalid value: 0: spec.kubernetesRules[0].verbs in body should have at least 1 items`,
	}},
	{"when there are 33 verbs", aRole("kubernetesRules: [{verbs: [" + numbers(33) + "]}]"), []string{
		`spec.kubernetesRules[0].verbs: Too many: 33: must have at most 32 items`,
	}},
	{"when a verb is too long", aRole("kubernetesRules: [{verbs: [" + strings.Repeat("a", 64) + "]}]"), []string{
		`spec.kubernetesRules[0].verbs[0]: Too long: may not be more than 63 bytes`,
	}},
	{"when a verb is there twice", aRole("kubernetesRules: [{verbs: [get, get]}]"), []string{
		`spec.kubernetesRules[0].verbs[1]: Duplicate value: "get"`,
	}},
	{"when there are 33 apiGroups", aRoleInKubernetes("apiGroups: [" + numbers(33) + "]"), []string{
		`spec.kubernetesRules[0].apiGroups: Too many: 33: must have at most 32 items`,
	}},
	{"when an API group is too long", aRoleInKubernetes("apiGroups: [" + strings.Repeat("a", 254) + "]"), []string{
		`spec.kubernetesRules[0].apiGroups[0]: Too long: may not be more than 253 bytes`,
	}},
	{"when an API group is there twice", aRoleInKubernetes("apiGroups: [a, a]"), []string{
		`spec.kubernetesRules[0].apiGroups[1]: Duplicate value: "a"`,
	}},
	{"when there are 33 resources", aRoleInKubernetes("resources: [" + numbers(33) + "]"), []string{
		`spec.kubernetesRules[0].resources: Too many: 33: must have at most 32 items`,
	}},
	{"when a resource is too long", aRoleInKubernetes("resources: [" + strings.Repeat("a", 254) + "]"), []string{
		`spec.kubernetesRules[0].resources[0]: Too long: may not be more than 253 bytes`,
	}},
	{"when a resource is there twice", aRoleInKubernetes("resources: [a, a]"), []string{
		`spec.kubernetesRules[0].resources[1]: Duplicate value: "a"`,
	}},
	{"when there are 33 resourceNames", aRoleInKubernetes("resourceNames: [" + numbers(33) + "]"), []string{
		`spec.kubernetesRules[0].resourceNames: Too many: 33: must have at most 32 items`,
	}},
	{"when a resource's name is too long", aRoleInKubernetes("resourceNames: [" + strings.Repeat("a", 254) + "]"), []string{
		`spec.kubernetesRules[0].resourceNames[0]: Too long: may not be more than 253 bytes`,
	}},
	{"when a resource's name is there twice", aRoleInKubernetes("resourceNames: [a, a]"), []string{
		`spec.kubernetesRules[0].resourceNames[1]: Duplicate value: "a"`,
	}},
	{"when there are 33 namespaces", aRoleInKubernetes("namespaces: [" + numbers(33) + "]"), []string{
		`spec.kubernetesRules[0].namespaces: Too many: 33: must have at most 32 items`,
	}},
	{"when a namespace is too long", aRoleInKubernetes("namespaces: [" + strings.Repeat("a", 64) + "]"), []string{
		`spec.kubernetesRules[0].namespaces[0]: Too long: may not be more than 63 bytes`,
	}},
	{"when a namespace is there twice", aRoleInKubernetes("namespaces: [a, a]"), []string{
		`spec.kubernetesRules[0].namespaces[1]: Duplicate value: "a"`,
	}},
	{"when there are 33 nonResourceURLs", aRoleInKubernetes("nonResourceURLs: [" + numbers(33) + "]"), []string{
		`spec.kubernetesRules[0].nonResourceURLs: Too many: 33: must have at most 32 items`,
	}},
	{"when a non-resource URL is too long", aRoleInKubernetes("nonResourceURLs: [/" + strings.Repeat("a", 512) + "]"), []string{
		`spec.kubernetesRules[0].nonResourceURLs[0]: Too long: may not be more than 512 bytes`,
	}},
	{"when a non-resource URL is there twice", aRoleInKubernetes("nonResourceURLs: [/a, /a]"), []string{
		`spec.kubernetesRules[0].nonResourceURLs[1]: Duplicate value: "/a"`,
	}},
}
