package policy

import (
	"slices"
	"strings"
)

// trie holds the rules of all roles: for each host pattern a tree of path
// segments. Which rules match a request is then a matter of which places its
// host and path lead to.
//
// It is kept in a few flat tables, in which a step costs one look-up, however
// many rules there are.
type trie struct {
	named  map[string]place // roots by host
	under  map[string]place // roots by the domain of `*.domain`
	any    place            // the root for `*`, or nowhere
	words  map[string]word  // every literal segment
	steps  map[step]place   // from a place by a literal segment
	nodes  []node           // by place
	leaves []leaf           // by leafID
}

// place is where a sequence of literal segments and wildcards leads from a root.
// Zero is nowhere.
type place uint32

// word stands for a literal segment. Zero is a segment that no rule names.
type word uint32

type step struct {
	from place
	by   word
}

type leafID uint32

// node is what there is at a place.
type node struct {
	open  place  // by any one non-empty segment
	exact leafID // what rules allow that end here
	below leafID // what rules allow that end here with `**`
}

// leaf says which roles allow which methods. Leaf zero allows nothing.
type leaf struct {
	always  roleSet // for every method
	methods []methodRoles
}

type methodRoles struct {
	method string // unique and ascending within a leaf
	roles  roleSet
}

// roots appends to found the roots, three at most, of the trees for host.
func (t *trie) roots(found []place, host string) []place {
	if p := t.named[host]; p != 0 {
		found = append(found, p)
	}
	if _, domain, dotted := strings.Cut(host, "."); dotted {
		if p := t.under[domain]; p != 0 {
			found = append(found, p)
		}
	}
	if t.any != 0 {
		found = append(found, t.any)
	}
	return found
}

// next appends to found the places, two at most for each of from, that segment
// leads to.
func (t *trie) next(found, from []place, segment string) []place {
	by := t.words[segment]
	for _, p := range from {
		var literal place
		if by != 0 {
			literal = t.steps[step{p, by}]
		}
		if literal != 0 {
			found = append(found, literal)
		}
		if open := t.nodes[p].open; open != 0 && open != literal && segment != "" {
			found = append(found, open)
		}
	}
	return found
}

// role returns an effective role that allows method.
func (l *leaf) role(effective roleBits, method string) (role int, ok bool) {
	if role, ok = l.always.first(effective); ok {
		return role, true
	}
	if i, found := l.find(method); found {
		return l.methods[i].roles.first(effective)
	}
	return 0, false
}

func (l *leaf) find(method string) (int, bool) {
	return slices.BinarySearchFunc(l.methods, method, func(m methodRoles, method string) int {
		return strings.Compare(m.method, method)
	})
}
