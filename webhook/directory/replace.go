package directory

import "maps"

// Replace makes the Table hold what a list of all namespaces says as of version v.
// Objects that are newer than the list are kept: this replica wrote them since. So
// are tombstones of what is listed still.
//
// A list that is older than what the Table knows can only mean that the history of
// the API server was rewritten, as by restoring a backup: versions mean nothing
// any more, and the list is taken as it is.
func (t *Table[T]) Replace(items []Item[T], v Version) {
	t.mu.Lock()
	defer t.mu.Unlock()
	progress := t.followed
	for _, further := range t.followedIn {
		progress = max(progress, further)
	}
	t.replace(items, v, v < progress, func(string) bool { return true })
	t.followed = v
	clear(t.followedIn)
}

// ReplaceNamespace is Replace for a list of one namespace, for kinds that are
// watched namespace by namespace. Items of others are ignored.
func (t *Table[T]) ReplaceNamespace(namespace string, items []Item[T], v Version) {
	t.mu.Lock()
	defer t.mu.Unlock()
	within := func(n string) bool { return n == namespace }
	t.replace(items, v, v < t.progress(namespace), within)
	t.followedIn[namespace] = v
}

// DropNamespace removes all that is known of a namespace, because nobody follows
// it any more.
func (t *Table[T]) DropNamespace(namespace string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.replace(nil, 0, true, func(n string) bool { return n == namespace })
	delete(t.followedIn, namespace)
}

// replace first puts what is new and then removes what is gone, so that what one
// object stops to say and another begins to is said all the time. rewritten means
// that what is known has no claim against items.
func (t *Table[T]) replace(items []Item[T], v Version, rewritten bool, within func(namespace string) bool) {
	affected := map[string]bool{}
	for namespace := range t.namespaces {
		affected[namespace] = within(namespace)
	}
	var known list
	if len(affected) > 0 || len(t.tombstones) > 0 { // else there is nothing to compare with
		known = list{names: make(map[name]struct{}, len(items)), buried: map[string]bool{}}
	}
	if rewritten {
		maps.DeleteFunc(t.tombstones, func(_ string, s tombstone) bool { return within(s.namespace) })
	}
	for _, i := range items {
		if !within(i.Namespace) {
			continue
		}
		if known.names != nil {
			known.names[name{i.Namespace, i.Name}] = struct{}{}
		}
		if _, buried := t.tombstones[i.UID]; buried {
			known.buried[i.UID] = true
		}
		if rewritten || !t.superseded(i) {
			t.rows(i.Namespace).put(i)
			affected[i.Namespace] = true
		}
	}
	for namespace, yes := range affected {
		if yes {
			t.removeUnlisted(namespace, known, v, rewritten)
			t.settle(namespace)
		}
	}
	maps.DeleteFunc(t.tombstones, func(uid string, s tombstone) bool {
		return within(s.namespace) && s.version <= v && !known.buried[uid] // the watch won't deliver it from here on
	})
}

// list is what is remembered of the items of a list.
type list struct {
	names  map[name]struct{}
	buried map[string]bool // UIDs that have a tombstone
}

// name is what an object is called among all of its kind.
type name struct{ namespace, name string }

// removeUnlisted removes from a namespace what a list of version v should have
// held and didn't.
func (t *Table[T]) removeUnlisted(namespace string, listed list, v Version, rewritten bool) {
	if listed.names == nil {
		return
	}
	r := t.namespaces[namespace]
	var unlisted []string
	for n, known := range r.all() {
		if _, ok := listed.names[name{namespace, n}]; !ok && (rewritten || known.version <= v) {
			unlisted = append(unlisted, n)
		}
	}
	for _, n := range unlisted {
		r.remove(n)
	}
}
