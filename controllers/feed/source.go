package feed

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/utils/clock"
)

// errStreamStalled makes a reflector list instead of streaming the list.
var errStreamStalled = errors.New("the API server's streamed list never came to its end")

// source is where a reflector reads one resource from.
//
// It differs from client-go's in four ways. Lists are always the newest: by
// default the first may be served from a cache that lags behind, in which a
// revocation can be missing. A streamed list that has gone silent is given up for
// an ordinary one: its end is a bookmark, and something in between may drop that.
// A failure is logged once, until it is another or over. And it knows how far
// it has come, and until when that was everything (progress.go).
type source struct {
	client    rest.Interface
	kind      string // the resource
	namespace string // "" for all
	selector  string // of fields
	patience  time.Duration
	clock     clock.WithDelayedExecution
	log       *slog.Logger
	failed    func(error) // nil for nobody

	progress progress

	mu      sync.Mutex
	last    time.Time // when the API server last said something
	stalled bool
	silence clock.Timer // runs during a streamed list
	failure string      // what was logged
}

// listerWatcher reads until ctx ends.
func (s *source) listerWatcher(ctx context.Context) cache.ListerWatcher {
	return &cache.ListWatch{
		// client-go passes a context that never ends.
		ListWithContextFunc: func(_ context.Context, o metav1.ListOptions) (runtime.Object, error) {
			list, err := s.list(ctx, o)
			return list, s.note(ctx, err)
		},
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			w, err := s.watch(ctx, o)
			if o.SendInitialEvents != nil && err != nil {
				return nil, err // a list follows, and says what is wrong
			}
			return w, s.note(ctx, err)
		},
	}
}

func (s *source) request(o *metav1.ListOptions) *rest.Request {
	o.FieldSelector = s.selector
	return s.client.Get().NamespaceIfScoped(s.namespace, s.namespace != "").Resource(s.kind).VersionedParams(o, metav1.ParameterCodec)
}

func (s *source) list(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
	o.ResourceVersion, o.ResourceVersionMatch = "", ""
	s.progress.listing(s.clock.Now())
	return s.request(&o).Do(ctx).Get()
}

func (s *source) watch(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
	o.Watch = true
	streamed := o.SendInitialEvents != nil && *o.SendInitialEvents
	if !streamed && s.progress.lost() {
		return nil, errTooLongAway()
	}
	ctx, cancel := context.WithCancel(ctx)
	if streamed {
		if !s.wait(cancel) {
			cancel()
			return nil, errStreamStalled
		}
		s.progress.listing(s.clock.Now())
	}
	w, err := s.request(&o).Watch(ctx)
	if err != nil {
		s.listed()
		cancel()
		return nil, err
	}
	s.progress.connected(s.clock.Now(), cancel)
	return watched{w, func() { cancel(); s.progress.disconnected() }}, nil
}

// watched is a watch whose end is noticed.
type watched struct {
	watch.Interface
	end func()
}

func (w watched) Stop() {
	w.end()
	w.Interface.Stop()
}

// heard says that the API server has said something.
func (s *source) heard() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = s.clock.Now()
}

// staleness is for how long nothing is known for certain; false before anything was.
func (s *source) staleness() (time.Duration, bool) {
	fresh, known := s.progress.freshness()
	return s.clock.Since(fresh), known
}

// wait calls stop once a streamed list has been silent for too long. It reports
// whether streaming makes sense, which it doesn't after that.
func (s *source) wait(stop func()) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stalled {
		return false
	}
	s.stopWaiting()
	began, seen := s.clock.Now(), s.last
	var timer clock.Timer
	timer = s.clock.AfterFunc(s.patience, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		switch {
		case s.silence != timer: // it came to its end
		case s.last.After(seen):
			seen = s.last
			timer.Reset(s.patience)
		default:
			s.silence, s.stalled = nil, true
			s.log.Info("a streamed list never came to its end: listing instead, as an API server without WatchList would be; "+
				"if a proxy stands before the API server, let it pass bookmarks", "kind", s.kind, "realm", s.namespace, "after", s.clock.Since(began))
			stop()
		}
	})
	s.silence = timer
	return true
}

// listed says that a list came to its end.
func (s *source) listed() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopWaiting()
}

func (s *source) stopWaiting() {
	if s.silence != nil {
		s.silence.Stop()
		s.silence = nil
	}
}

// note logs a failure, or that it is over, and returns err.
func (s *source) note(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return err
	}
	failure := ""
	if err != nil {
		failure = err.Error()
	}
	s.mu.Lock()
	changed := failure != s.failure
	s.failure = failure
	s.mu.Unlock()
	switch {
	case changed && err != nil:
		s.log.Info("feed is interrupted and tries again: what is known stays in force", "kind", s.kind, "realm", s.namespace, "error", err, "hint", hint(err))
	case changed:
		s.log.Info("feed goes on", "kind", s.kind, "realm", s.namespace)
	}
	if err != nil && s.failed != nil {
		s.failed(err) // last: whoever waits for it finds the line
	}
	return err
}

// hint is what an operator can do about a failure.
func hint(err error) string {
	switch {
	case apierrors.IsForbidden(err):
		return "let this ServiceAccount get, list and watch it"
	case apierrors.IsUnauthorized(err):
		return "the API server doesn't know these credentials"
	case apierrors.IsNotFound(err):
		return "install Latchkey's CRDs"
	}
	return "see whether the API server can be reached"
}
