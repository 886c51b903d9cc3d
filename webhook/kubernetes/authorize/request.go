package authorize

import (
	"strings"

	authorizationv1 "k8s.io/api/authorization/v1"

	"github.com/latchkey-auth/latchkey/webhook/policy"
)

// request reads what is wanted of the API server, or says why there can be no opinion.
// Label and field selectors are left aside, as RBAC does: a rule allows a whole list.
func request(spec authorizationv1.SubjectAccessReviewSpec) (asked policy.KubernetesRequest, why string) {
	resource, path := spec.ResourceAttributes, spec.NonResourceAttributes
	switch {
	case resource != nil && path != nil, resource == nil && path == nil:
		return asked, "exactly one of resourceAttributes and nonResourceAttributes says what is wanted"
	case path != nil:
		asked = policy.KubernetesRequest{Verb: path.Verb, NonResourceURL: path.Path}
	default:
		asked = policy.KubernetesRequest{
			Verb: resource.Verb, APIGroup: resource.Group, Resource: resource.Resource, Subresource: resource.Subresource,
			Namespace: resource.Namespace, Name: resource.Name,
		}
	}
	switch {
	case asked.Verb == "", asked.Resource == "" && asked.NonResourceURL == "":
		return asked, "it isn't said what is wanted"
	case impersonates(asked.Verb):
		return asked, "Roles never allow to impersonate anybody"
	}
	return asked, ""
}

// impersonates reports whether a verb is one of acting as somebody else. Who acts as
// another has all that the other has, so that no rule of a realm, which is about what its
// own users may do, can be meant to allow it; not by `*` either.
func impersonates(verb string) bool {
	verb, _, _ = strings.Cut(verb, ":")
	return verb == "impersonate" || strings.HasPrefix(verb, "impersonate-")
}
