package decision

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/latchkey-auth/latchkey/webhook/policy"
)

// maxClosest bounds how many rules that don't allow a request are told.
const maxClosest = 5

// What a rule may differ in from a request.
const (
	differsMethod = "method"
	differsRole   = "role"
	differsPath   = "path"
	differsHost   = "host"
)

// far is how much each matters: another method of the right page is nearer than another page.
var far = map[string]int{differsMethod: 1, differsRole: 2, differsPath: 3, differsHost: 4}

// tellClosest lists the rules that differ least from a request that none allows, and says in what.
func (r *Realm) tellClosest(e *Explanation, who caller, request policy.Request) {
	effective := who.effective()
	var all []Rule
	for _, name := range r.roleNames() {
		role := r.roles[name]
		for i, p := range role.probes() {
			differs := p.differs(request)
			if !slices.Contains(effective, name) {
				differs = append([]string{differsRole}, differs...)
			}
			if p.problem == nil && len(differs) < 3 {
				all = append(all, role.rule(i, differs...))
			}
		}
	}
	slices.SortStableFunc(all, func(a, b Rule) int { return cmp.Compare(a.distance(), b.distance()) })
	for _, rule := range all {
		if len(rule.Differs) > len(all[0].Differs) || len(e.Closest) == maxClosest {
			break
		}
		e.Closest = append(e.Closest, rule)
		e.Hints = append(e.Hints, rule.nearly(who, request))
	}
	if len(all) == 0 {
		e.Hints = append(e.Hints, fmt.Sprintf("no rule in this realm comes near: none is for host %s, or none of those for such a path", request.Host()))
	}
}

func (r Rule) distance() (sum int) {
	for _, part := range r.Differs {
		sum += far[part]
	}
	return sum
}

// differs lists what of a request the rule isn't for.
func (p *probe) differs(request policy.Request) []string {
	var differs []string
	for _, part := range []struct {
		name  string
		grant policy.Grant
	}{{differsHost, p.host}, {differsPath, p.path}, {differsMethod, p.method}} {
		if !policy.Decide(part.grant, request).Allowed {
			differs = append(differs, part.name)
		}
	}
	return differs
}

// nearly says what would have to be otherwise for the rule to allow the request.
func (r Rule) nearly(who caller, request policy.Request) string {
	var otherwise []string
	for _, part := range r.Differs {
		switch part {
		case differsRole:
			if who.valid {
				otherwise = append(otherwise, fmt.Sprintf("%s doesn't hold Role %s", who, r.Role))
			} else {
				otherwise = append(otherwise, "holding that Role needs a login")
			}
		case differsHost:
			otherwise = append(otherwise, fmt.Sprintf("its hosts are %s", strings.Join(r.Hosts, ", ")))
		case differsPath:
			ending := ""
			if request.Ambiguous() {
				ending = ", and an ambiguous path needs /**"
			}
			otherwise = append(otherwise, fmt.Sprintf("its paths are %s%s", strings.Join(r.Paths, ", "), ending))
		case differsMethod:
			otherwise = append(otherwise, fmt.Sprintf("its methods are %s", strings.Join(r.Methods, ", ")))
		}
	}
	return fmt.Sprintf("%s would allow it, but %s", r.Name(), strings.Join(otherwise, ", and "))
}
