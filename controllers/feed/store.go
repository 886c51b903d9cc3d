package feed

import (
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"

	"k8s.io/client-go/tools/cache"

	"github.com/latchkey-auth/latchkey/webhook/directory"
)

// entry is what an object says to the directory.
type entry[T any] struct {
	directory.Item[T]
	absent bool  // it doesn't count, as if it were deleted
	err    error // why it can't be read; Value denies then
}

// store is what a reflector writes to: a table of the directory, or a part of one.
//
// Nothing here returns an error about an object: client-go would log the object
// with it, or drop it silently.
type store[T any] struct {
	kind      string // the resource, in logs and metrics
	namespace string // "" for all
	table     *directory.Table[T]
	translate func(any) (entry[T], bool) // false for what is no object of the kind

	// replace and follow are those of table, for the part that this store is of.
	replace func([]directory.Item[T], directory.Version)
	follow  func(directory.Version)

	// What else is to be told, after the table; nil for nobody.
	onPut     func(directory.Item[T])
	onDelete  func(directory.Item[T])
	onReplace func([]directory.Item[T])

	log        *slog.Logger
	effect     string      // what becomes of an object that can't be read
	heard      func()      // the API server said something
	listed     func()      // a list came to its end
	unreadable func()      // an object can't be read
	progress   *progress   // how far the watch has come
	awaited    func()      // an object appeared that somebody may wait for; nil: nobody does
	synced     atomic.Bool // there was a list
	stopping   sync.Mutex  // held while the table is written
	stopped    bool

	awaitsChanges bool // changes of an object are awaited, too
}

var (
	_ cache.TransformingStore      = (*store[any])(nil)
	_ cache.ReflectorBookmarkStore = (*store[any])(nil)
)

// Transformer makes entries of a streamed list as it arrives, so that the list is
// never held as objects.
func (s *store[T]) Transformer() cache.TransformFunc {
	return func(o any) (any, error) {
		s.heard()
		if e, ok := s.translate(o); ok {
			return e, nil
		}
		return o, nil
	}
}

// entry returns what o says, which may have been through the Transformer.
func (s *store[T]) entry(o any) (entry[T], bool) {
	e, ok := o.(entry[T])
	if !ok {
		e, ok = s.translate(o)
	}
	if !ok {
		s.log.Info("an unexpected object was ignored", "kind", s.kind, "type", fmt.Sprintf("%T", o))
		return e, false
	}
	if e.err != nil {
		s.unreadable()
		s.log.Info("an object can't be read", "kind", s.kind, "realm", e.Namespace, "name", e.Name, "effect", s.effect, "error", e.err)
	}
	return e, true
}

// Add takes an object that the watch says was made.
func (s *store[T]) Add(o any) error {
	s.take(o)
	s.tellWhoWaits()
	return nil
}

// Update takes an object that the watch says was changed.
func (s *store[T]) Update(o any) error {
	s.take(o)
	if s.awaitsChanges {
		s.tellWhoWaits()
	}
	return nil
}

func (s *store[T]) take(o any) {
	s.heard()
	e, ok := s.entry(o)
	if ok && e.absent {
		s.delete(e)
	} else if ok {
		s.write(func() { s.table.Put(e.Item); tell(s.onPut, e.Item) })
	}
	s.progress.reached(e.Version)
}

func (s *store[T]) tellWhoWaits() {
	if s.awaited != nil {
		s.awaited()
	}
}

// Delete takes an object that the watch says was deleted.
func (s *store[T]) Delete(o any) error {
	s.heard()
	if e, ok := s.translate(o); ok {
		s.delete(e)
		s.progress.reached(e.Version)
	}
	return nil
}

func (s *store[T]) delete(e entry[T]) {
	s.write(func() { s.table.Delete(e.Namespace, e.Name, e.UID, e.Version); tell(s.onDelete, e.Item) })
}

// Replace takes a whole list, objects or entries. It fails, and the reflector
// tries again, only if the list has no version.
func (s *store[T]) Replace(list []any, resourceVersion string) error {
	s.heard()
	version, err := parseVersion(resourceVersion)
	if err != nil {
		return fmt.Errorf("list of %s: %w", s.kind, err)
	}
	items := make([]directory.Item[T], 0, len(list))
	for _, o := range list {
		if e, ok := s.entry(o); ok && !e.absent {
			items = append(items, e.Item)
		}
	}
	s.write(func() { s.replace(items, version); tell(s.onReplace, items) })
	s.progress.replaced(version)
	s.listed()
	s.tellWhoWaits()
	if !s.synced.Swap(true) {
		s.log.Info("feed is synced", "kind", s.kind, "realm", s.namespace, "objects", len(items))
	}
	return nil
}

// Bookmark takes the version up to which the watch has delivered everything.
func (s *store[T]) Bookmark(resourceVersion string) error {
	s.heard()
	if version, err := parseVersion(resourceVersion); err == nil {
		s.write(func() { s.follow(version) })
		s.progress.reached(version)
	}
	return nil
}

// Resync does nothing: the directory has no use for it.
func (*store[T]) Resync() error { return nil }

// write writes to the table, unless the store was stopped.
func (s *store[T]) write(change func()) {
	s.stopping.Lock()
	defer s.stopping.Unlock()
	if !s.stopped {
		change()
	}
}

// stop ends all writes, then runs last.
func (s *store[T]) stop(last func()) {
	s.stopping.Lock()
	defer s.stopping.Unlock()
	s.stopped = true
	last()
}

func tell[T any](listener func(T), of T) {
	if listener != nil {
		listener(of)
	}
}

// formatVersion is the reverse of parseVersion.
func formatVersion(v directory.Version) string { return strconv.FormatUint(uint64(v), 10) }

// parseVersion reads a resourceVersion. Since Kubernetes 1.35 they are ordered
// numbers by contract (KEP-5504).
func parseVersion(resourceVersion string) (directory.Version, error) {
	version, err := strconv.ParseUint(resourceVersion, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("resourceVersion %q is not a number", resourceVersion)
	}
	return directory.Version(version), nil
}
