package admission

import (
	"context"
	"fmt"
	"strings"

	"golang.org/x/sync/errgroup"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
)

// Verbs on roles.auth.latchkey.dev that only admission asks for, as RBAC's own bind and escalate.
const (
	verbGrant    = "grant"    // give the Role to somebody
	verbEscalate = "escalate" // write kubernetesRules beyond what one may do oneself
)

const (
	// maxReviews bounds what is asked about one object.
	maxReviews = 256
	// atOnce is how many questions are out at a time.
	atOnce = 8
)

// author is who writes an object, as far as the API server lets them do things.
type author struct {
	who       authenticationv1.UserInfo
	namespace string
	reviews   reviewer
}

func (h *handler) author(who authenticationv1.UserInfo, namespace string) author {
	return author{who: who, namespace: namespace, reviews: h.Reviews}
}

// may asks the API server, which has the one word on it. No opinion is a no.
func (a author) may(ctx context.Context, p permission) (bool, error) {
	review := &authorizationv1.SubjectAccessReview{Spec: p.spec()}
	review.Spec.User, review.Spec.UID, review.Spec.Groups = a.who.Username, a.who.UID, a.who.Groups
	review.Spec.Extra = make(map[string]authorizationv1.ExtraValue, len(a.who.Extra))
	for key, values := range a.who.Extra {
		review.Spec.Extra[key] = authorizationv1.ExtraValue(values)
	}
	if err := a.reviews.Create(ctx, review); err != nil {
		return false, fmt.Errorf("create subject access review: %w", err)
	}
	return review.Status.Allowed && !review.Status.Denied, nil
}

// on is a permission on a Role of the author's namespace; without a name it is one on all of them.
func (a author) on(verb, role string) permission {
	return permission{verb: verb, group: v1alpha1.GroupName, resource: "roles", namespace: a.namespace, name: role}
}

// lacking are those of ps that the author hasn't, in their order.
func (a author) lacking(ctx context.Context, ps []permission) ([]permission, error) {
	has := make([]bool, len(ps))
	asking, ctx := errgroup.WithContext(ctx)
	asking.SetLimit(atOnce)
	for i, p := range ps {
		asking.Go(func() (err error) {
			has[i], err = a.may(ctx, p)
			return err
		})
	}
	if err := asking.Wait(); err != nil {
		return nil, err
	}
	var missing []permission
	for i, p := range ps {
		if !has[i] {
			missing = append(missing, p)
		}
	}
	return missing, nil
}

// How a change gives Roles, as a refusal begins.
const (
	givenBySpec     = "this gives"
	givenByPassword = "spec.passwordSecretRef: this gives whoever knows that password"
)

// mayGrant says why the author may not grant these Roles to whoever gets them by this change, or "".
func (a author) mayGrant(ctx context.Context, by string, names []string) (refusal string, err error) {
	if len(names) == 0 {
		return "", nil
	}
	if every, err := a.may(ctx, a.on(verbGrant, "")); every || err != nil {
		return "", err
	}
	if len(names) > maxReviews {
		return fmt.Sprintf("%s %d roles: it needs verb grant on all roles.%s of namespace %q, without resourceNames",
			by, len(names), v1alpha1.GroupName, a.namespace), nil
	}
	wanted := make([]permission, len(names))
	for i, name := range names {
		wanted[i] = a.on(verbGrant, name)
	}
	missing, err := a.lacking(ctx, wanted)
	if err != nil || len(missing) == 0 {
		return "", err
	}
	names = nil
	for _, p := range missing {
		names = append(names, p.name)
	}
	return fmt.Sprintf("%s the roles %s: it needs verb grant on each of them, on roles.%s in namespace %q",
		by, listed(names), v1alpha1.GroupName, a.namespace), nil
}

// maxListed bounds the names in a sentence.
const maxListed = 8

// listed are names, quoted, the first few of them.
func listed(names []string) string {
	var quoted []string
	for i, name := range names {
		if i == maxListed {
			return strings.Join(quoted, ", ") + fmt.Sprintf(" and %d more", len(names)-i)
		}
		quoted = append(quoted, fmt.Sprintf("%q", name))
	}
	return strings.Join(quoted, ", ")
}
