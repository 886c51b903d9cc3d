package policy

import "strings"

// Decision is the answer to a Request. The zero value denies.
type Decision struct {
	Allowed bool
	// Reason is why not; empty if Allowed.
	Reason Reason
	// Role is an effective role that allows it, Anonymous and Authenticated
	// included; empty unless Allowed. Of several it is the same one each time.
	Role string
}

// Decide reports whether a rule of an effective role allows the request. It
// takes no locks, and allocates only where rules overlap so much that a path is
// in more than 16 places at a time.
func Decide(g Grant, r Request) Decision {
	if g.holder == nil || r.path == "" {
		return Decision{Reason: ReasonNoRule}
	}
	if role, ok := g.holder.match(r); ok {
		return Decision{Allowed: true, Role: g.holder.policy.names[role]}
	}
	if r.ambiguous {
		return Decision{Reason: ReasonPathAmbiguous}
	}
	return Decision{Reason: ReasonNoRule}
}

// usualWidth is how many places a path may lead to at a time before their list
// leaves the stack.
const usualWidth = 16

// match returns an effective role whose rules match r.
//
// It goes down the trees of the host segment by segment, at each depth in all
// places at once that the path so far leads to. Nothing is tried and taken back:
// the work is at most one look-up for each rule's segment that the path matches.
func (h *holder) match(r Request) (role int, ok bool) {
	var here, there [usualWidth]place
	rules := &h.policy.rules
	places := rules.roots(here[:0], r.host)
	if role, ok = h.below(places, r.method); ok || r.ambiguous {
		return role, ok
	}
	next := there[:0]
	for rest, more := r.path[1:], true; more && len(places) > 0; {
		var segment string
		segment, rest, more = strings.Cut(rest, "/")
		places, next = rules.next(next[:0], places, segment), places
		if role, ok = h.below(places, r.method); ok {
			return role, true
		}
	}
	return h.exact(places, r.method)
}

// below returns an effective role that allows all that is below one of places.
func (h *holder) below(places []place, method string) (role int, ok bool) {
	rules := &h.policy.rules
	for _, p := range places {
		if id := rules.nodes[p].below; id != 0 {
			if role, ok = rules.leaves[id].role(h.effective, method); ok {
				return role, true
			}
		}
	}
	return 0, false
}

// exact returns an effective role that allows what ends at one of places.
func (h *holder) exact(places []place, method string) (role int, ok bool) {
	rules := &h.policy.rules
	for _, p := range places {
		if role, ok = rules.leaves[rules.nodes[p].exact].role(h.effective, method); ok {
			return role, true
		}
	}
	return 0, false
}
