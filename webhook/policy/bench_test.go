package policy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/latchkey-auth/latchkey/webhook/policy"
)

// sizes are numbers of rules; performance.md's figure is the last to the first.
var sizes = []int{10, 1_000, 10_000}

// manyRules spreads n rules, each with a path of its own, over five hosts and
// up to a hundred roles, and returns with them the names of the roles and for
// each rule a request that only it allows.
func manyRules(tb testing.TB, n int) (roles []policy.Role, names []string, allowed []policy.Request) {
	tb.Helper()
	roles = make([]policy.Role, min(n, 100))
	for i := range roles {
		roles[i].Name = fmt.Sprintf("role-%d", i)
		names = append(names, roles[i].Name)
	}
	for i := range n {
		host := fmt.Sprintf("app-%d.example.test", i%5)
		role := &roles[i%len(roles)]
		role.Rules = append(role.Rules, policy.Rule{
			Hosts:   []string{host},
			Paths:   []string{fmt.Sprintf("/teams/team-%d/reports/*/pdf", i)},
			Methods: []string{"GET", "POST"},
		})
		allowed = append(allowed, request(tb, "GET", host, fmt.Sprintf("/teams/team-%d/reports/2031/pdf", i)))
	}
	return roles, names, allowed
}

func BenchmarkDecide(b *testing.B) {
	for _, n := range sizes {
		roles, names, allowed := manyRules(b, n)
		grant := mustCompile(b, roles).Grant(names)
		run := func(name string, want bool, requests []policy.Request) {
			b.Run(fmt.Sprintf("rules=%d/%s", n, name), func(b *testing.B) {
				b.ReportAllocs()
				i := 0
				for b.Loop() {
					if policy.Decide(grant, requests[i]).Allowed != want {
						b.Fatal("wrong decision")
					}
					if i++; i == len(requests) {
						i = 0
					}
				}
			})
		}
		run("one allowed", true, allowed[:1])
		run("ten allowed", true, allowed[:10])
		run("all allowed in turn", true, allowed)
		run("one denied", false, []policy.Request{request(b, "GET", "app-1.example.test", "/teams/team-1/reports/2031/csv")})
		run("one ambiguous", false, []policy.Request{request(b, "GET", "app-1.example.test", "/teams/team-1/reports//pdf")})
	}
}

// BenchmarkDecideHostile has rules that overlap in every way, and a request that
// follows all of them to the end, where none matches: rules of one role, which
// share all they can, and of a role each, which share nothing.
func BenchmarkDecideHostile(b *testing.B) {
	for _, depth := range []int{4, 8, 12} {
		var one policy.Role
		var each []policy.Role
		for i, path := range everyMix(depth) {
			rule := policy.Rule{Hosts: []string{"*"}, Paths: []string{path + "/end"}, Methods: []string{"GET"}}
			one.Rules = append(one.Rules, rule)
			each = append(each, policy.Role{Name: fmt.Sprintf("role-%d", i), Rules: []policy.Rule{rule}})
		}
		one.Name = "viewer"
		path := strings.Repeat("/a", depth) + "/no"
		benchmarkDenied(b, fmt.Sprintf("rules=%d/one role", 1<<depth), []policy.Role{one}, path)
		benchmarkDenied(b, fmt.Sprintf("rules=%d/a role each", 1<<depth), each, path)
	}
	deep := policy.Rule{Hosts: []string{"*"}, Paths: []string{strings.Repeat("/*", 255)}, Methods: []string{"GET"}}
	benchmarkDenied(b, "path of 8 KiB", []policy.Role{{Name: "viewer", Rules: []policy.Rule{deep}}}, strings.Repeat("/a", 4<<10))
}

func benchmarkDenied(b *testing.B, name string, roles []policy.Role, path string) {
	grant := mustCompile(b, roles).Grant([]string{roles[0].Name})
	r := request(b, "GET", "app.example.test", path)
	b.Run(name, func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if policy.Decide(grant, r).Allowed {
				b.Fatal("wrong decision")
			}
		}
	})
}

func BenchmarkNewRequest(b *testing.B) {
	for name, target := range map[string]string{
		"plain":      "/teams/team-1/reports/2031/pdf?page=2",
		"escaped":    "/teams/team%201/reports/2031/pdf?page=2",
		"ambiguous":  "/teams/team-1/../reports/2031/pdf",
		"of 8 KiB":   strings.Repeat("/a", 4<<10),
		"of 200 KiB": "/" + strings.Repeat("a", 200<<10),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = policy.NewRequest("GET", "app.example.test", target)
			}
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	for _, n := range sizes {
		roles, _, _ := manyRules(b, n)
		b.Run(fmt.Sprintf("rules=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				policy.Compile(roles)
			}
		})
	}
}

func BenchmarkGrant(b *testing.B) {
	roles, names, _ := manyRules(b, 10_000)
	p := mustCompile(b, roles)
	for _, held := range []int{0, 3, 32} {
		b.Run(fmt.Sprintf("roles=%d", held), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p.Grant(names[:held])
			}
		})
	}
}
