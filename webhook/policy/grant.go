package policy

import "slices"

// Grant is what one caller may reach under one Policy. It is immutable and one
// pointer wide; callers who hold the same roles may share one. The zero value
// grants nothing.
type Grant struct{ holder *holder }

// holder is a caller as a Policy sees one.
type holder struct {
	policy    *Policy
	effective roleBits
	names     []string // of effective Roles, ascending
	valid     bool     // a user, not just anybody
}

// Grant returns what a valid user may reach who holds the Roles of these names:
// their rules, those of every Role that they include, and those of the reserved
// roles. Names without a Role and reserved names add nothing. The cost grows
// with the number of effective Roles: make a Grant once and keep it.
func (p *Policy) Grant(held []string) Grant {
	if p == nil {
		return Grant{}
	}
	h := newHolder(p)
	h.valid = true
	h.effective.add(authenticatedIndex)
	h.hold(held)
	return Grant{h}
}

// Everyone returns what a caller without an identity may reach: anonymous'
// rules. It costs nothing.
func (p *Policy) Everyone() Grant {
	if p == nil {
		return Grant{}
	}
	return p.everyone
}

// newHolder returns somebody of whom nothing is known.
func newHolder(p *Policy) *holder {
	h := &holder{policy: p, effective: newRoleBits(len(p.names))}
	h.effective.add(anonymousIndex)
	return h
}

// hold makes the Roles of these names effective, and what they include. Each
// Role is followed once, so that cycles end and a long chain needs no stack.
func (h *holder) hold(held []string) {
	var follow []int
	reach := func(role int) {
		if !h.effective.has(role) {
			h.effective.add(role)
			follow = append(follow, role)
		}
	}
	for _, name := range held {
		if role, found := h.policy.index[name]; found {
			reach(role)
		}
	}
	for i := 0; i < len(follow); i++ {
		for _, include := range h.policy.includes[follow[i]] {
			reach(include)
		}
	}
	if len(follow) == 0 {
		return
	}
	slices.Sort(follow) // indexes ascend as names do
	h.names = make([]string, len(follow))
	for i, role := range follow {
		h.names[i] = h.policy.names[role]
	}
}

// HasRole reports whether there is a Role of that name. Reserved names have
// none, whatever was compiled.
func (p *Policy) HasRole(role string) bool {
	if p == nil {
		return false
	}
	_, found := p.index[role]
	return found
}

// Roles returns the names of all effective Roles, ascending, without reserved
// ones. It is shared: callers must not change it.
func (g Grant) Roles() []string {
	if g.holder == nil {
		return nil
	}
	return g.holder.names
}

// Has reports whether the caller passes for role where a role alone decides:
// Authenticated is every valid user, Anonymous nobody (what is open to everyone
// is said by rules), all else an effective Role.
func (g Grant) Has(role string) bool {
	if g.holder == nil {
		return false
	}
	if role == Authenticated {
		return g.holder.valid
	}
	index, found := g.holder.policy.index[role]
	return found && g.holder.effective.has(index)
}
