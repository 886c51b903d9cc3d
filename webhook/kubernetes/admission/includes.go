package admission

import (
	"context"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
)

// roles are the Roles of a namespace, each read once.
type roles struct {
	objects, live reader
	namespace     string
	known         map[string]*v1alpha1.Role // nil: there is none
}

func (h *handler) rolesOf(namespace string) *roles {
	return &roles{objects: h.Objects, live: h.Live, namespace: namespace, known: map[string]*v1alpha1.Role{}}
}

// get returns a Role, or nil if there is none.
func (r *roles) get(ctx context.Context, name string) (*v1alpha1.Role, error) {
	if role, asked := r.known[name]; asked {
		return role, nil
	}
	return r.read(ctx, r.objects, name)
}

// missing returns those of names that have no Role. What the cache doesn't know is asked of the API server, so
// that a Role that was written just before is none of them.
func (r *roles) missing(ctx context.Context, names []string) ([]string, error) {
	var none []string
	for _, name := range names {
		role, err := r.get(ctx, name)
		if err == nil && role == nil {
			role, err = r.read(ctx, r.live, name)
		}
		if err != nil {
			return nil, err
		}
		if role == nil {
			none = append(none, name)
		}
	}
	return none, nil
}

func (r *roles) read(ctx context.Context, from reader, name string) (*v1alpha1.Role, error) {
	role := &v1alpha1.Role{}
	err := from.Get(ctx, client.ObjectKey{Namespace: r.namespace, Name: name}, role)
	switch {
	case apierrors.IsNotFound(err):
		role = nil
	case err != nil:
		return nil, fmt.Errorf("get role %q: %w", name, err)
	}
	r.known[name] = role
	return role, nil
}

// reach is what some Roles come to.
type reach struct {
	names []string          // they and all that they include, also names without a Role; breadth first
	from  map[string]string // which Role included a name first; "" where nobody had to
}

// follow walks breadth first and takes each Role once: no depth is too deep, cycles end, a way is the shortest.
func (r *roles) follow(ctx context.Context, begin []string) (reach, error) {
	all := reach{from: map[string]string{}}
	add := func(by string, names []string) {
		for _, name := range names {
			if _, seen := all.from[name]; !seen {
				all.from[name] = by
				all.names = append(all.names, name)
			}
		}
	}
	add("", begin)
	for at := 0; at < len(all.names); at++ {
		role, err := r.get(ctx, all.names[at])
		if err != nil {
			return reach{}, err
		}
		if err := ctx.Err(); err != nil {
			return reach{}, fmt.Errorf("follow includes: %w", err)
		}
		if role != nil {
			add(role.Name, texts(role.Spec.Includes))
		}
	}
	return all, nil
}

// has reports whether a name was reached.
func (a reach) has(name string) bool {
	_, found := a.from[name]
	return found
}

// without are the names that others don't reach, sorted.
func (a reach) without(others reach) []string {
	return slices.Sorted(slices.Values(slices.DeleteFunc(slices.Clone(a.names), others.has)))
}

// wayTo is how a name was reached, from where it began.
func (a reach) wayTo(name string) []string {
	var way []string
	for at := name; at != ""; at = a.from[at] {
		way = append(way, at)
	}
	slices.Reverse(way)
	return way
}

// texts are names as plain strings.
func texts[S ~string](names []S) []string {
	plain := make([]string, len(names))
	for i, name := range names {
		plain[i] = string(name)
	}
	return plain
}

// added are the entries of now that before hasn't.
func added[S ~string](now, before []S) []string {
	return texts(slices.DeleteFunc(slices.Clone(now), func(s S) bool { return slices.Contains(before, s) }))
}
