package policy_test

import (
	"fmt"

	"github.com/latchkey-auth/latchkey/webhook/policy"
)

func Example() {
	compiled, problems := policy.Compile([]policy.Role{
		{Name: policy.Anonymous, Rules: []policy.Rule{{Hosts: []string{"*"}, Paths: []string{"/public/**"}, Methods: []string{"GET"}}}},
		{Name: "viewer", Rules: []policy.Rule{{Hosts: []string{"*.example.test"}, Paths: []string{"/reports/*/pdf"}, Methods: []string{"GET"}}}},
		{Name: "editor", Includes: []string{"viewer"}, Rules: []policy.Rule{{Hosts: []string{"*"}, Paths: []string{"reports"}, Methods: []string{"POST"}}}},
	})
	for _, problem := range problems {
		fmt.Println(problem)
	}

	editor := compiled.Grant([]string{"editor"})
	fmt.Println(editor.Roles())
	for _, target := range []string{"/public/logo", "/reports/2031/pdf?page=2", "/reports/2031", "/public/../reports/2031/pdf"} {
		asked, err := policy.NewRequest("GET", "App.example.test:443", target)
		fmt.Printf("%s: %+v %v\n", target, policy.Decide(editor, asked), err)
	}
	// Output:
	// role "editor": rules[0].paths[0]: "reports" is not absolute: begin it with a slash
	// [editor viewer]
	// /public/logo: {Allowed:true Reason: Role:anonymous} <nil>
	// /reports/2031/pdf?page=2: {Allowed:true Reason: Role:viewer} <nil>
	// /reports/2031: {Allowed:false Reason:no_rule Role:} <nil>
	// /public/../reports/2031/pdf: {Allowed:false Reason:path_ambiguous Role:} <nil>
}
