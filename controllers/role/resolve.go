package role

import (
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/webhook/policy"
)

// closure is what the includes of a Role come to.
type closure struct {
	effective []string // the Role and all that it includes, sorted; only Roles that exist
	unknown   []string // direct includes that don't exist, in the order of the spec
	cycle     []string // the shortest way from the Role back to itself, both ends included; nil: none
}

// effectiveIncludes leaves out what the schema refuses and the evaluator ignores: reserved names, either way.
func effectiveIncludes(role *v1alpha1.Role) []string {
	if policy.Reserved(role.Name) {
		return nil
	}
	return slices.DeleteFunc(includes(role), policy.Reserved)
}

// resolve walks breadth first, so that no depth of includes is too deep and a cycle is the shortest.
func resolve(name string, lookup func(name string) (includes []string, exists bool)) closure {
	direct, _ := lookup(name)
	var c closure
	from := map[string]string{name: ""} // who included it first
	queue := []string{name}
	for ; len(queue) > 0; queue = queue[1:] {
		current := queue[0]
		included := direct
		if current != name {
			var exists bool
			if included, exists = lookup(current); !exists {
				if from[current] == name {
					c.unknown = append(c.unknown, current)
				}
				continue
			}
		}
		c.effective = append(c.effective, current)
		for _, next := range included {
			if next == name && c.cycle == nil {
				c.cycle = wayBack(from, current, name)
			}
			if _, seen := from[next]; !seen {
				from[next] = current
				queue = append(queue, next)
			}
		}
	}
	slices.Sort(c.effective)
	return c
}

// wayBack is the way by which last was found from name, and on to name.
func wayBack(from map[string]string, last, name string) []string {
	way := []string{name}
	for at := last; at != ""; at = from[at] {
		way = append(way, at)
	}
	slices.Reverse(way)
	return way
}

// judge says whether the includes hold. What is unknown comes first: something is missing, while
// within a cycle everybody has everything.
func (c closure) judge() (ready metav1.ConditionStatus, reason, message string) {
	switch {
	case len(c.unknown) > 0:
		return metav1.ConditionFalse, v1alpha1.ReasonUnknownInclude, fmt.Sprintf(
			"there is no Role %s in this namespace, so including it grants nothing: create it, or remove it from spec.includes",
			strings.Join(quoted(c.unknown), ", "))
	case c.cycle != nil:
		return metav1.ConditionFalse, v1alpha1.ReasonIncludeCycle, fmt.Sprintf(
			"the includes %s lead back to where they began, so these roles are all one: remove one of the includes",
			way(c.cycle))
	default:
		return metav1.ConditionTrue, v1alpha1.ReasonReady, "every included Role exists"
	}
}

// maxNamed bounds the names in a message: a condition has at most 32768 characters.
const maxNamed = 16

func way(names []string) string {
	if len(names) > maxNamed {
		names = slices.Concat(names[:maxNamed-2], []string{"…"}, names[len(names)-1:])
	}
	return strings.Join(names, " → ")
}

func quoted(names []string) []string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = fmt.Sprintf("%q", name)
	}
	return out
}
