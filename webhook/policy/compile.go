package policy

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Policy is all Roles of a realm, compiled. It is immutable: a change of a Role
// makes another Policy. The zero value and nil allow nothing.
type Policy struct {
	names    []string       // by role index: the reserved ones, then those of Roles, ascending
	index    map[string]int // the role indexes of Roles; reserved names are not in it
	includes [][]int        // by role index: the Roles that it includes directly
	rules    trie
	everyone Grant
}

// The role indexes that the reserved names have in every Policy.
const (
	anonymousIndex = iota
	authenticatedIndex
)

// RoleError says what of a Role grants nothing, and why.
type RoleError struct {
	Role    string // the Role's name
	Field   string // what is wrong, as `rules[0].paths[2]`
	Problem error  // why, and what to write instead
}

// Error returns `role "<name>": <field>: <problem>`.
func (e *RoleError) Error() string { return fmt.Sprintf("role %q: %s: %v", e.Role, e.Field, e.Problem) }

// Unwrap returns the problem.
func (e *RoleError) Unwrap() error { return e.Problem }

// Compile turns all Roles of a realm into a Policy. It relies on no schema, and
// never fails as a whole: a rule that can't be read, a name that is missing or
// given twice, and a reserved name where it doesn't belong grant nothing, and
// each is reported as a *RoleError. The order of roles makes no difference.
func Compile(roles []Role) (*Policy, []error) {
	c := compiler{policy: &Policy{index: map[string]int{}, rules: newTrie()}}
	byName := c.nameAll(roles)
	for index, name := range c.policy.names {
		role := byName[name] // without rules if nobody wrote one for a reserved name
		c.includeAll(index, role.Includes)
		for i, rule := range role.Rules {
			c.allow(index, i, rule)
		}
	}
	c.policy.rules.share()
	c.policy.everyone = Grant{newHolder(c.policy)}
	return c.policy, c.errs
}

// compiler fills a Policy and collects what doesn't fit into it.
type compiler struct {
	policy *Policy
	errs   []error
}

func (c *compiler) report(role, field string, problem error) {
	c.errs = append(c.errs, &RoleError{Role: role, Field: field, Problem: problem})
}

// nameAll gives every name its index and returns the one Role of each.
func (c *compiler) nameAll(roles []Role) map[string]Role {
	byName, count := map[string]Role{}, map[string]int{}
	for _, role := range roles {
		byName[role.Name] = role
		count[role.Name]++
	}
	for _, name := range slices.Sorted(maps.Keys(count)) {
		switch {
		case name == "":
			c.report(name, "name", errors.New("a role needs a name"))
			delete(byName, name)
		case count[name] > 1:
			c.report(name, "name", fmt.Errorf("%d roles have this name, so none of them counts", count[name]))
			delete(byName, name)
		}
	}
	c.policy.names = append(c.policy.names, Anonymous, Authenticated)
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		if !Reserved(name) {
			c.policy.index[name] = len(c.policy.names)
			c.policy.names = append(c.policy.names, name)
		}
	}
	return byName
}

// includeAll notes which Roles the role of this index includes directly.
func (c *compiler) includeAll(role int, includes []string) {
	name := c.policy.names[role]
	var known []int
	for i, include := range includes {
		switch index, found := c.policy.index[include]; {
		case Reserved(name):
			c.report(name, fmt.Sprintf("includes[%d]", i), errors.New("a reserved role holds rules only"))
		case Reserved(include):
			c.report(name, fmt.Sprintf("includes[%d]", i), fmt.Errorf("%q is reserved: everybody it is for holds it anyway", include))
		case found:
			known = append(known, index)
		}
	}
	c.policy.includes = append(c.policy.includes, known)
}

// allow puts rule i of a role into the trie: whole, or not at all.
func (c *compiler) allow(role, i int, rule Rule) {
	before := len(c.errs)
	hosts := parseAll(c, role, i, "hosts", rule.Hosts, parseHostPattern)
	paths := parseAll(c, role, i, "paths", rule.Paths, parsePathPattern)
	methods := parseAll(c, role, i, "methods", rule.Methods, parseMethod)
	if len(c.errs) > before {
		return
	}
	for _, host := range hosts {
		for _, path := range paths {
			leaf := c.policy.rules.leaf(host, path)
			for _, method := range methods {
				leaf.allow(role, method)
			}
		}
	}
}

// parseAll parses one list of rule i of a role, and reports what it can't read.
func parseAll[T any](c *compiler, role, i int, list string, entries []string, parse func(string) (T, error)) []T {
	name := c.policy.names[role]
	if len(entries) == 0 {
		c.report(name, fmt.Sprintf("rules[%d].%s", i, list), errors.New("at least one entry is needed"))
	}
	parsed := make([]T, 0, len(entries))
	for j, entry := range entries {
		value, err := parse(entry)
		if err != nil {
			c.report(name, fmt.Sprintf("rules[%d].%s[%d]", i, list, j), err)
		}
		parsed = append(parsed, value)
	}
	return parsed
}
