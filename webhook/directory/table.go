package directory

import (
	"iter"
	"sync"
)

// Version is the resourceVersion of an object or a list. Versions of one kind can
// be compared, also between objects.
type Version uint64

// Item is one object of a kind.
type Item[T any] struct {
	Namespace, Name, UID string
	Version              Version
	Value                T
}

// Table holds every object of one kind and owns the rules by which the newest
// version wins, wherever it comes from: the watch, which delivers everything in
// order but late, or this replica's own writes, which are known at once but in no
// order. After all of them have arrived, the Table holds what the API server
// does. Methods may be called from any goroutine.
//
// Two things make up for what an answer of the API server doesn't say. A DELETE
// is answered without a version, so a local deletion leaves a tombstone: nothing
// older can bring that UID back. And what was deleted leaves nothing to compare
// with, so the Table remembers how far the watch has come: what is no newer than
// that and isn't here is no more.
type Table[T any] struct {
	open  func(namespace string) rows[T] // begins to keep a namespace
	close func(namespace string)         // ends it

	mu         sync.Mutex
	namespaces map[string]rows[T]
	tombstones map[string]tombstone // by UID
	followed   Version              // every change up to this one is known
	followedIn map[string]Version   // and in one namespace up to this one
}

// rows keep the objects of one kind in one namespace, and make their effect
// visible to readers: at once, or with the next apply.
type rows[T any] interface {
	get(name string) (key, bool)
	put(Item[T])
	remove(name string)
	apply()
	all() iter.Seq2[string, key] // by name
	len() int
}

// key is what the rules know an object by.
type key struct {
	uid     string
	version Version
}

// tombstone stands for an object that this replica knows to be deleted although
// the watch may still deliver it.
type tombstone struct {
	namespace string
	version   Version // the newest that is known of the object
}

func newTable[T any](open func(string) rows[T], end func(string)) *Table[T] {
	return &Table[T]{
		open: open, close: end,
		namespaces: map[string]rows[T]{},
		tombstones: map[string]tombstone{},
		followedIn: map[string]Version{},
	}
}

// Put adds or replaces an object, whether the watch or an answer of the API server
// tells of it. It does nothing if a version is known that is newer or the same, or
// if the object is known to be deleted.
func (t *Table[T]) Put(i Item[T]) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if i.Version <= t.progress(i.Namespace) || t.superseded(i) {
		return
	}
	t.rows(i.Namespace).put(i)
	t.settle(i.Namespace)
}

// Delete removes an object that the watch says was deleted with version v. It does
// nothing to another object of that name that is newer. Everything up to v counts
// as delivered.
func (t *Table[T]) Delete(namespace, name, uid string, v Version) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.tombstones, uid)
	t.followedIn[namespace] = max(v, t.followedIn[namespace])
	r, ok := t.namespaces[namespace]
	if !ok {
		return
	}
	if known, ok := r.get(name); ok && (known.uid == uid || known.version <= v) {
		r.remove(name)
		t.settle(namespace)
	}
}

// Forget removes the object of that UID, which this replica has just deleted in
// the API server. No version of it comes back. last is the newest version of it
// that the caller has seen. Zero is none: then the tombstone stays until the watch
// delivers the deletion or a list comes without the object.
func (t *Table[T]) Forget(namespace, name, uid string, last Version) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if uid == "" {
		return
	}
	found := false
	if r, ok := t.namespaces[namespace]; ok {
		var known key
		if known, found = r.get(name); found {
			found = known.uid == uid
		}
		if found {
			last = max(last, known.version)
			r.remove(name)
			t.settle(namespace)
		}
	}
	if !found && last > 0 && last <= t.progress(namespace) {
		return // the watch has delivered the deletion already
	}
	t.tombstones[uid] = tombstone{namespace, last}
}

// Follow says that the watch has delivered everything up to v, in all namespaces.
func (t *Table[T]) Follow(v Version) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.follow(v)
}

// Len is the number of objects.
func (t *Table[T]) Len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := 0
	for _, r := range t.namespaces {
		n += r.len()
	}
	return n
}

// superseded reports whether i is known to be deleted, or at least this new.
func (t *Table[T]) superseded(i Item[T]) bool {
	if _, deleted := t.tombstones[i.UID]; deleted {
		return true
	}
	r, ok := t.namespaces[i.Namespace]
	if !ok {
		return false
	}
	known, ok := r.get(i.Name)
	return ok && known.version >= i.Version
}

// progress is the version up to which everything of a namespace is known.
func (t *Table[T]) progress(namespace string) Version {
	return max(t.followed, t.followedIn[namespace])
}

// follow notes that everything up to v is known. What namespaces say for
// themselves is dropped once it adds nothing.
func (t *Table[T]) follow(v Version) {
	t.followed = max(v, t.followed)
	for namespace, further := range t.followedIn {
		if further <= t.followed {
			delete(t.followedIn, namespace)
		}
	}
}

// rows returns the rows of a namespace, which it begins to keep.
func (t *Table[T]) rows(namespace string) rows[T] {
	r, ok := t.namespaces[namespace]
	if !ok {
		r = t.open(namespace)
		t.namespaces[namespace] = r
	}
	return r
}

// settle makes a change of a namespace visible, and ends the namespace with its
// last object.
func (t *Table[T]) settle(namespace string) {
	r := t.namespaces[namespace]
	r.apply()
	if r.len() == 0 {
		delete(t.namespaces, namespace)
		t.close(namespace)
	}
}
