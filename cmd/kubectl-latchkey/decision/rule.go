package decision

import (
	"errors"
	"fmt"
	"strings"

	"github.com/latchkey-auth/latchkey/webhook/policy"
)

// Rule is a rule of a Role object.
type Rule struct {
	Role            string   `json:"role"`
	Generation      int64    `json:"generation,omitempty"`
	ResourceVersion string   `json:"resourceVersion,omitempty"`
	Index           int      `json:"index"` // in spec.rules, from 0
	Hosts           []string `json:"hosts"`
	Paths           []string `json:"paths"`
	Methods         []string `json:"methods"`
	// Differs says what of the request the rule isn't for: role (nobody who asks holds it), host, path, method.
	Differs []string `json:"differs,omitempty"`
}

// Name is how the rule is called in messages: by the place where it stands.
func (r Rule) Name() string { return fmt.Sprintf("rules[%d] of Role %s", r.Index, r.Role) }

func (r *role) rule(index int, differs ...string) Rule {
	is := r.grants.Rules[index]
	return Rule{
		Role: r.name, Generation: r.meta.Generation, ResourceVersion: r.meta.ResourceVersion,
		Index: index, Hosts: is.Hosts, Paths: is.Paths, Methods: is.Methods, Differs: differs,
	}
}

// probe asks the code that decides about one rule alone, and about its parts with the others left open.
type probe struct {
	problem                   error // why the rule grants nothing; nil if it grants something
	whole, host, path, method policy.Grant
}

// probes returns one for each rule of r.
func (r *role) probes() []*probe {
	if r.probed == nil {
		for _, rule := range r.grants.Rules {
			r.probed = append(r.probed, newProbe(rule))
		}
	}
	return r.probed
}

func newProbe(rule policy.Rule) *probe {
	anything, below := []string{"*"}, []string{"/**"}
	p := &probe{}
	if p.whole, p.problem = alone(rule); p.problem != nil {
		return p // the parts must not seem to grant what the whole doesn't
	}
	p.host, _ = alone(policy.Rule{Hosts: rule.Hosts, Paths: below, Methods: anything})
	p.path, _ = alone(policy.Rule{Hosts: anything, Paths: rule.Paths, Methods: anything})
	p.method, _ = alone(policy.Rule{Hosts: anything, Paths: below, Methods: rule.Methods})
	return p
}

// alone is what somebody may reach by this rule and no other.
func alone(rule policy.Rule) (policy.Grant, error) {
	const holder = "holder"
	compiled, problems := policy.Compile([]policy.Role{{Name: holder, Rules: []policy.Rule{rule}}})
	var said []string
	for _, problem := range problems {
		var of *policy.RoleError
		if errors.As(problem, &of) {
			problem = of.Problem // the holder is nobody's
		}
		said = append(said, problem.Error())
	}
	if len(said) > 0 {
		return policy.Grant{}, errors.New(strings.Join(said, "; "))
	}
	return compiled.Grant([]string{holder}), nil
}

// allowing returns all rules of these Roles that allow the request, in this order.
func (r *Realm) allowing(names []string, request policy.Request) []Rule {
	var rules []Rule
	for _, name := range names {
		role := r.roles[name]
		if role == nil {
			continue // a reserved one that nobody wrote
		}
		for i, p := range role.probes() {
			if policy.Decide(p.whole, request).Allowed {
				rules = append(rules, role.rule(i))
			}
		}
	}
	return rules
}
