package policy

import "slices"

func newTrie() trie {
	return trie{
		named:  map[string]place{},
		under:  map[string]place{},
		words:  map[string]word{},
		steps:  map[step]place{},
		nodes:  make([]node, 1),
		leaves: make([]leaf, 1),
	}
}

// leaf returns the leaf for host and path, and grows the trie until it has one.
// It is valid until the next call.
func (t *trie) leaf(host hostPattern, path pathPattern) *leaf {
	p := t.root(host)
	for _, segment := range path.segments {
		if segment == wildcard {
			p = t.open(p)
		} else {
			p = grow(t, t.steps, step{p, t.word(segment)})
		}
	}
	id := &t.nodes[p].exact
	if path.below {
		id = &t.nodes[p].below
	}
	if *id == 0 {
		*id = leafID(len(t.leaves))
		t.leaves = append(t.leaves, leaf{})
	}
	return &t.leaves[*id]
}

func (t *trie) root(host hostPattern) place {
	switch {
	case !host.open:
		return grow(t, t.named, host.name)
	case host.name != "":
		return grow(t, t.under, host.name)
	}
	if t.any == 0 {
		t.any = t.newPlace()
	}
	return t.any
}

func (t *trie) open(p place) place {
	if t.nodes[p].open == 0 {
		to := t.newPlace()
		t.nodes[p].open = to
	}
	return t.nodes[p].open
}

func (t *trie) newPlace() place {
	t.nodes = append(t.nodes, node{})
	return place(len(t.nodes) - 1)
}

func (t *trie) word(segment string) word {
	w, found := t.words[segment]
	if !found {
		w = word(len(t.words) + 1)
		t.words[segment] = w
	}
	return w
}

// grow returns the place in table for key, a new one if there is none.
func grow[K comparable](t *trie, table map[K]place, key K) place {
	p := table[key]
	if p == 0 {
		p = t.newPlace()
		table[key] = p
	}
	return p
}

// allow lets role use method here.
func (l *leaf) allow(role int, method string) {
	if method == wildcard {
		l.always = l.always.with(role)
		return
	}
	i, found := l.find(method)
	if !found {
		l.methods = slices.Insert(l.methods, i, methodRoles{method: method})
	}
	l.methods[i].roles = l.methods[i].roles.with(role)
	if method == "GET" {
		l.allow(role, "HEAD") // RFC 9110 section 9.3.2: GET without the content
	}
}
