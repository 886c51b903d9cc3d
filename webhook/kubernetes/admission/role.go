package admission

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	cradmission "sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/webhook/policy"
)

// judgeRole judges what a Role allows that it didn't before. What it no longer allows concerns nobody here, so that
// also who may grant nothing can narrow a Role.
func (h *handler) judgeRole(ctx context.Context, request cradmission.Request) (verdict, error) {
	role, old := &v1alpha1.Role{}, &v1alpha1.Role{}
	if _, err := decode(request, role, old); err != nil {
		return verdict{}, err
	}
	name := role.Name
	if name == "" {
		name = request.Name
	}
	change := roleChange{
		name:            name,
		rules:           uncovered(role.Spec.Rules, old.Spec.Rules, coversRule),
		includes:        added(role.Spec.Includes, old.Spec.Includes),
		kubernetesRules: newKubernetesRules(role.Spec.KubernetesRules, old.Spec.KubernetesRules, request.Namespace),
	}
	var v verdict
	if len(change.rules) > 0 {
		v.invalid = unmatchable(name, role.Spec.Rules)
	}
	roles, author := h.rolesOf(request.Namespace), h.author(request.UserInfo, request.Namespace)
	gained, err := change.include(ctx, roles, texts(old.Spec.Includes), &v)
	if err != nil {
		return verdict{}, err
	}
	if len(v.invalid) > 0 {
		return v, nil
	}
	if len(change.rules) > 0 { // the holders of this very Role gain
		gained = append(gained, name)
	}
	refusal, err := author.mayGrant(ctx, givenBySpec, gained)
	if err != nil {
		return verdict{}, err
	}
	if refusal != "" {
		v.forbidden = append(v.forbidden, refusal)
	}
	if err := change.reach(ctx, author, &v); err != nil {
		return verdict{}, err
	}
	return v, nil
}

// roleChange is what a Role has that it hadn't before.
type roleChange struct {
	name            string
	rules           []v1alpha1.Rule
	includes        []string
	kubernetesRules []kubernetesRule
}

// kubernetesRule is one of a Role, with its field.
type kubernetesRule struct {
	field string
	v1alpha1.KubernetesRule
}

// include returns the Roles whose grants the holders of the changed one get, and says what is wrong with its includes.
func (c roleChange) include(ctx context.Context, roles *roles, before []string, v *verdict) (gained []string, err error) {
	if len(c.includes) == 0 {
		return nil, nil
	}
	unknown, err := roles.missing(ctx, slices.DeleteFunc(slices.Clone(c.includes), func(s string) bool { return s == c.name }))
	if err != nil {
		return nil, err
	}
	now, err := roles.follow(ctx, c.includes)
	if err != nil {
		return nil, err
	}
	had, err := roles.follow(ctx, before)
	if err != nil {
		return nil, err
	}
	if now.has(c.name) {
		way := append([]string{c.name}, now.wayTo(c.name)...)
		v.invalid = append(v.invalid, fmt.Sprintf("spec.includes: %s leads back to where it began: remove one of these includes", wayText(way)))
	}
	for _, name := range unknown {
		v.warnings = append(v.warnings, fmt.Sprintf("spec.includes: there is no Role %q in this namespace: including it grants nothing until there is one", name))
	}
	return now.without(had), nil
}

// reach refuses kubernetesRules with a permission that the author hasn't, unless they may escalate.
func (c roleChange) reach(ctx context.Context, author author, v *verdict) error {
	if len(c.kubernetesRules) == 0 {
		return nil
	}
	for _, rule := range c.kubernetesRules {
		if count(rule.KubernetesRule) == 0 {
			v.warnings = append(v.warnings, rule.field+" allows nothing: it needs apiGroups and resources, or nonResourceURLs")
		}
	}
	if escalates, err := author.may(ctx, author.on(verbEscalate, c.name)); escalates || err != nil {
		return err
	}
	var wanted []permission
	total := 0
	for _, rule := range c.kubernetesRules {
		if total += count(rule.KubernetesRule); total > maxReviews {
			v.forbidden = append(v.forbidden, fmt.Sprintf("%s: more than %d new permissions at once are not looked into: write fewer, or %s",
				rule.field, maxReviews, fmt.Sprintf(escalation, c.name, author.namespace)))
			return nil
		}
		wanted = append(wanted, permissions(rule.KubernetesRule, author.namespace)...)
	}
	missing, err := author.lacking(ctx, wanted)
	if err != nil || len(missing) == 0 {
		return err
	}
	v.forbidden = append(v.forbidden, fmt.Sprintf("spec.kubernetesRules: you may not %s yourself: writing this needs that, or %s",
		missing[0], fmt.Sprintf(escalation, c.name, author.namespace)))
	return nil
}

// escalation is the other way, with the Role's name and namespace.
const escalation = "verb escalate on roles." + v1alpha1.GroupName + " %q in namespace %q"

// unmatchable says what of rules the evaluator would leave out. Hosts, paths and methods are looked at apart, so that
// nobody multiplies what 64 rules of 32 entries each may have of them.
func unmatchable(name string, rules []v1alpha1.Rule) []string {
	hosts, paths, methods := policy.Role{Name: name}, policy.Role{Name: name}, policy.Role{Name: name}
	for _, r := range rules {
		hosts.Rules = append(hosts.Rules, policy.Rule{Hosts: texts(r.Hosts), Paths: []string{"/"}, Methods: []string{"*"}})
		paths.Rules = append(paths.Rules, policy.Rule{Hosts: []string{"*"}, Paths: texts(r.Paths), Methods: []string{"*"}})
		methods.Rules = append(methods.Rules, policy.Rule{Hosts: []string{"*"}, Paths: []string{"/"}, Methods: texts(r.Methods)})
	}
	var sentences []string
	for _, part := range []policy.Role{hosts, paths, methods} {
		_, problems := policy.Compile([]policy.Role{part})
		for _, problem := range problems {
			if bad := (*policy.RoleError)(nil); errors.As(problem, &bad) {
				sentences = append(sentences, fmt.Sprintf("spec.%s: %v", bad.Field, bad.Problem))
			}
		}
	}
	return sentences[:min(len(sentences), maxListed)]
}

// uncovered are the rules of now that no single one of before covers.
func uncovered[R any](now, before []R, covers func(old, rule R) bool) []R {
	return slices.DeleteFunc(slices.Clone(now), func(rule R) bool {
		return slices.ContainsFunc(before, func(old R) bool { return covers(old, rule) })
	})
}

func coversRule(old, rule v1alpha1.Rule) bool {
	return within(rule.Hosts, old.Hosts) && within(rule.Paths, old.Paths) && within(rule.Methods, old.Methods)
}

// newKubernetesRules are those that allow what none of before did, with their fields.
func newKubernetesRules(now, before []v1alpha1.KubernetesRule, namespace string) []kubernetesRule {
	var fresh []kubernetesRule
	for i, rule := range now {
		known := slices.ContainsFunc(before, func(old v1alpha1.KubernetesRule) bool { return covers(old, rule, namespace) })
		if !known {
			fresh = append(fresh, kubernetesRule{fmt.Sprintf("spec.kubernetesRules[%d]", i), rule})
		}
	}
	return fresh
}

// maxWay bounds the Roles of a cycle that are named.
const maxWay = 16

func wayText(way []string) string {
	if len(way) > maxWay {
		way = slices.Concat(way[:maxWay-2], []string{"…"}, way[len(way)-1:])
	}
	return strings.Join(way, " → ")
}
