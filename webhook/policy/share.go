package policy

import (
	"cmp"
	"encoding/binary"
	"slices"
)

// share makes one of all leaves that say the same, then one of all places from
// which everything is the same. It changes no decision: most rules end alike, and
// what is shared stays in a processor's caches when there are thousands.
func (t *trie) share() {
	t.shareLeaves()
	t.sharePlaces()
}

func (t *trie) shareLeaves() {
	var kept []leaf
	byContent := map[string]leafID{}
	now := make([]leafID, len(t.leaves))
	var content []byte
	for i := range t.leaves {
		content = t.leaves[i].appendContent(content[:0])
		id, found := byContent[string(content)]
		if !found {
			id = leafID(len(kept))
			kept = append(kept, t.leaves[i])
			byContent[string(content)] = id
		}
		now[i] = id
	}
	t.leaves = kept
	for i := range t.nodes {
		n := &t.nodes[i]
		n.exact, n.below = now[n.exact], now[n.below]
	}
}

func (t *trie) sharePlaces() {
	kept, steps := make([]node, 1, len(t.nodes)), map[step]place{}
	byContent := map[string]place{}
	now := make([]place, len(t.nodes))
	children := t.children()
	var content []byte
	// A place is made after the one that it is reached from, so on the way down
	// the children are always done.
	for old := len(t.nodes) - 1; old > 0; old-- {
		n := t.nodes[old]
		n.open = now[n.open]
		for i := range children[old] {
			children[old][i].to = now[children[old][i].to]
		}
		content = n.appendContent(content[:0], children[old])
		p, found := byContent[string(content)]
		if !found {
			p = place(len(kept))
			kept = append(kept, n)
			byContent[string(content)] = p
			for _, c := range children[old] {
				steps[step{p, c.by}] = c.to
			}
		}
		now[old] = p
	}
	t.nodes, t.steps = kept, steps
	t.any = now[t.any]
	for _, roots := range []map[string]place{t.named, t.under} {
		for name, old := range roots {
			roots[name] = now[old]
		}
	}
}

// child is where a literal segment leads to.
type child struct {
	by word
	to place
}

// children returns, by place, the children by literal segments in the order of
// their words.
func (t *trie) children() [][]child {
	all := make([][]child, len(t.nodes))
	for s, to := range t.steps {
		all[s.from] = append(all[s.from], child{s.by, to})
	}
	for _, children := range all {
		slices.SortFunc(children, func(a, b child) int { return cmp.Compare(a.by, b.by) })
	}
	return all
}

// The contents below are equal for equal things only: every number ends by
// itself, and every list and text is preceded by its length or is the last.

func (n *node) appendContent(b []byte, children []child) []byte {
	b = binary.AppendUvarint(b, uint64(n.open))
	b = binary.AppendUvarint(b, uint64(n.exact))
	b = binary.AppendUvarint(b, uint64(n.below))
	for _, c := range children {
		b = binary.AppendUvarint(b, uint64(c.by))
		b = binary.AppendUvarint(b, uint64(c.to))
	}
	return b
}

func (l *leaf) appendContent(b []byte) []byte {
	b = l.always.appendContent(b)
	for _, m := range l.methods {
		b = binary.AppendUvarint(b, uint64(len(m.method)))
		b = append(b, m.method...)
		b = m.roles.appendContent(b)
	}
	return b
}

func (s roleSet) appendContent(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	for _, w := range s {
		b = binary.AppendUvarint(b, uint64(w.at))
		b = binary.AppendUvarint(b, w.bits)
	}
	return b
}
