package directory

import (
	"hash/maphash"
	"iter"
	"math/bits"
	"sync/atomic"
)

// index finds entries by their key. Any number of goroutines may read while one
// writes; readers take no lock and never wait. Make one with newIndex.
//
// It is an open-addressed table of pointers, at most half full, so that an entry
// costs 16 to 32 bytes beyond itself and a look-up is one hash and about one and a
// half comparisons. Entries are replaced in place, so one that is in the index
// before and after a write is never missing in between. An entry's key must not
// change.
type index[E any] struct {
	key   func(*E) string
	seed  maphash.Seed
	gone  *E // stands where an entry was removed, so that searches go on behind it
	slots atomic.Pointer[[]atomic.Pointer[E]]

	// Only for writers.
	live int // entries
	used int // slots that aren't nil
}

// smallest is the least number of slots of an index that ever held something.
const smallest = 8

func newIndex[E any](key func(*E) string) *index[E] {
	return &index[E]{key: key, seed: maphash.MakeSeed(), gone: new(E)}
}

// get returns the entry with that key, or nil.
func (x *index[E]) get(key string) *E {
	slots := x.slots.Load()
	if slots == nil {
		return nil
	}
	e, _ := x.find(*slots, key)
	return e
}

// find returns the entry with that key and its slot, or nil and the slot where it
// would go. It ends because half of the slots are nil.
func (x *index[E]) find(slots []atomic.Pointer[E], key string) (*E, *atomic.Pointer[E]) {
	mask := uint64(len(slots) - 1)
	var free *atomic.Pointer[E]
	for i := maphash.String(x.seed, key); ; i++ {
		slot := &slots[i&mask]
		switch e := slot.Load(); {
		case e == nil && free != nil:
			return nil, free
		case e == nil:
			return nil, slot
		case e == x.gone:
			if free == nil {
				free = slot
			}
		case x.key(e) == key:
			return e, slot
		}
	}
}

// put adds e, in place of the entry with its key if there is one.
func (x *index[E]) put(e *E) {
	slots := x.slots.Load()
	if slots == nil || 2*(x.used+1) > len(*slots) {
		slots = x.rebuild()
	}
	known, slot := x.find(*slots, x.key(e))
	if known == nil {
		x.live++
		if slot.Load() == nil {
			x.used++
		}
	}
	slot.Store(e)
}

// remove removes the entry with that key, if there is one.
func (x *index[E]) remove(key string) {
	slots := x.slots.Load()
	if slots == nil {
		return
	}
	known, slot := x.find(*slots, key)
	if known == nil {
		return
	}
	slot.Store(x.gone)
	x.live--
	if len(*slots) > smallest && 16*x.live < len(*slots) {
		x.rebuild()
	}
}

// rebuild copies all entries into as many slots as they need with room to grow,
// and then shows those to readers.
func (x *index[E]) rebuild() *[]atomic.Pointer[E] {
	slots := make([]atomic.Pointer[E], max(smallest, 1<<bits.Len(uint(3*x.live))))
	for e := range x.all() {
		_, slot := x.find(slots, x.key(e))
		slot.Store(e)
	}
	x.used = x.live
	x.slots.Store(&slots)
	return &slots
}

// all iterates over the entries, in no order. One that is put or removed
// meanwhile may be among them or not.
func (x *index[E]) all() iter.Seq[*E] {
	return func(yield func(*E) bool) {
		slots := x.slots.Load()
		if slots == nil {
			return
		}
		for i := range *slots {
			if e := (*slots)[i].Load(); e != nil && e != x.gone && !yield(e) {
				return
			}
		}
	}
}
