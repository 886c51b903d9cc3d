package policy

import (
	"slices"
	"strings"
)

// KubernetesRule allows requests to the API server, with the meaning of RBAC's
// PolicyRule. The zero value allows nothing.
type KubernetesRule struct {
	// APIGroups are API groups: "" is the core group, `*` all.
	APIGroups []string
	// Resources are plural names, with a subresource where that is meant (`pods/log`);
	// `*/scale` is that subresource of each, `*` everything.
	Resources []string
	// ResourceNames are the only objects meant; none: all.
	ResourceNames []string
	// Namespaces are where the rule holds, `*` everywhere and outside of namespaces;
	// none: the Role's own.
	Namespaces []string
	// Verbs are of the API, in lower case, or `*`.
	Verbs []string
	// NonResourceURLs are paths that are no resources; a last `*` is all that begins so.
	NonResourceURLs []string
}

// KubernetesRequest is what somebody wants of the API server: something with a
// resource or, if Resource is empty, with the path NonResourceURL.
type KubernetesRequest struct {
	Verb                  string
	APIGroup              string
	Resource, Subresource string
	Namespace             string // "" outside of namespaces, and for all of them at once
	Name                  string // "" where no object is named
	NonResourceURL        string
}

// Allows reports whether r allows q as a rule of RBAC would, were it bound where q is
// made: Namespaces are not looked at.
func (r *KubernetesRule) Allows(q KubernetesRequest) bool {
	if !anyOf(r.Verbs, q.Verb) {
		return false
	}
	if q.Resource == "" {
		return slices.ContainsFunc(r.NonResourceURLs, func(path string) bool { return coversPath(path, q.NonResourceURL) })
	}
	return anyOf(r.APIGroups, q.APIGroup) && r.hasResource(q) &&
		(len(r.ResourceNames) == 0 || slices.Contains(r.ResourceNames, q.Name))
}

// HoldsIn reports whether r holds in namespace ("" is outside of namespaces), being a
// rule of a Role of the namespace own.
func (r *KubernetesRule) HoldsIn(namespace, own string) bool {
	switch {
	case len(r.Namespaces) == 0:
		return namespace == own && own != ""
	case namespace == "":
		return slices.Contains(r.Namespaces, wildcard)
	}
	return anyOf(r.Namespaces, namespace)
}

// Names reports whether r says of itself that it holds in namespace, own being its
// Role's: by saying nothing or by that very name. What is meant for all doesn't count.
func (r *KubernetesRule) Names(namespace, own string) bool {
	if len(r.Namespaces) == 0 {
		return namespace == own && own != ""
	}
	return namespace != wildcard && slices.Contains(r.Namespaces, namespace)
}

func (r *KubernetesRule) hasResource(q KubernetesRequest) bool {
	if q.Subresource == "" {
		return anyOf(r.Resources, q.Resource)
	}
	return anyOf(r.Resources, q.Resource+"/"+q.Subresource) || slices.Contains(r.Resources, "*/"+q.Subresource)
}

func anyOf(entries []string, wanted string) bool {
	return slices.Contains(entries, wildcard) || slices.Contains(entries, wanted)
}

// coversPath says what RBAC says: every `*` at the end counts as one.
func coversPath(entry, path string) bool {
	return entry == path || strings.HasSuffix(entry, wildcard) && strings.HasPrefix(path, strings.TrimRight(entry, wildcard))
}
