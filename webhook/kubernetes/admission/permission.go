package admission

import (
	"fmt"
	"slices"
	"strings"

	authorizationv1 "k8s.io/api/authorization/v1"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
)

// all is every value of a list in a KubernetesRule.
const all = "*"

// permission is one thing to be allowed in the API server. A wildcard stands for itself: RBAC answers yes to it only for
// who has the wildcard. Either url is set or resource.
type permission struct {
	verb, group, resource, namespace, name string // no namespace: all, and cluster-scoped; no name: all

	url string
}

// spec is the permission as a question.
func (p permission) spec() authorizationv1.SubjectAccessReviewSpec {
	if p.url != "" {
		return authorizationv1.SubjectAccessReviewSpec{NonResourceAttributes: &authorizationv1.NonResourceAttributes{Verb: p.verb, Path: p.url}}
	}
	resource, subresource, _ := strings.Cut(p.resource, "/")
	return authorizationv1.SubjectAccessReviewSpec{ResourceAttributes: &authorizationv1.ResourceAttributes{
		Verb: p.verb, Group: p.group, Version: all, Resource: resource, Subresource: subresource, Namespace: p.namespace, Name: p.name,
	}}
}

// String is the permission for its author: get secrets "x" in namespace "team-a".
func (p permission) String() string {
	if p.url != "" {
		return p.verb + " " + p.url
	}
	text := p.verb + " " + p.resource
	if p.group != "" {
		text += "." + p.group
	}
	if p.name != "" {
		text += fmt.Sprintf(" %q", p.name)
	}
	if p.namespace == "" {
		return text + " in all namespaces"
	}
	return text + fmt.Sprintf(" in namespace %q", p.namespace)
}

// count is how many permissions a rule of a Role is, found without making them: there may be millions.
func count(rule v1alpha1.KubernetesRule) int {
	resources := len(rule.APIGroups) * len(rule.Resources) * max(1, len(rule.Namespaces)) * max(1, len(rule.ResourceNames))
	return len(rule.Verbs) * (resources + len(rule.NonResourceURLs))
}

// permissions are what a rule of a Role of a namespace allows.
func permissions(rule v1alpha1.KubernetesRule, namespace string) []permission {
	var ps []permission
	for _, verb := range rule.Verbs {
		for _, url := range rule.NonResourceURLs {
			ps = append(ps, permission{verb: verb, url: url})
		}
		for _, group := range rule.APIGroups {
			for _, resource := range rule.Resources {
				for _, in := range namespacesOf(rule, namespace) {
					if in == all {
						in = ""
					}
					for _, name := range orAny(rule.ResourceNames) {
						ps = append(ps, permission{verb: verb, group: group, resource: resource, namespace: in, name: name})
					}
				}
			}
		}
	}
	return ps
}

func namespacesOf(rule v1alpha1.KubernetesRule, own string) []string {
	if len(rule.Namespaces) == 0 {
		return []string{own}
	}
	return rule.Namespaces
}

func orAny(names []string) []string {
	if len(names) == 0 {
		return []string{""}
	}
	return names
}

// covers reports whether old, a rule of the same Role, allows whatever rule does. It compares entries and knows no
// wildcards: if it says no too often, somebody is asked for more than is new.
func covers(old, rule v1alpha1.KubernetesRule, own string) bool {
	return within(rule.Verbs, old.Verbs) && within(rule.APIGroups, old.APIGroups) && within(rule.Resources, old.Resources) &&
		within(rule.NonResourceURLs, old.NonResourceURLs) && within(namespacesOf(rule, own), namespacesOf(old, own)) &&
		(len(old.ResourceNames) == 0 || len(rule.ResourceNames) > 0 && within(rule.ResourceNames, old.ResourceNames))
}

// within reports whether each of entries is one of those.
func within[S ~string](entries, those []S) bool {
	return !slices.ContainsFunc(entries, func(s S) bool { return !slices.Contains(those, s) })
}
