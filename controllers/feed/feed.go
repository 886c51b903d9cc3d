package feed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"

	"github.com/latchkey-auth/latchkey/webhook/directory"
)

// Config is what a Feed needs.
type Config struct {
	REST      *rest.Config         // the API server; rate limit and timeout are ignored
	Directory *directory.Directory // what is written
	Logger    *slog.Logger

	// ExternalURL and DefaultRealm make the issuer of realms that don't say theirs
	// (see directory.Issuer).
	ExternalURL, DefaultRealm string

	// HTTP reaches the API server; nil makes one from REST. Whoever keeps the Lease
	// should use the same, so that its renewals show whether this connection lives.
	HTTP *http.Client

	// WithoutTokens is for who verifies no token: neither key Secrets nor RevokedTokens are
	// followed. The realms of Directory have no keys then, so it vouches for nobody.
	WithoutTokens bool

	// Lease is this replica's own, whose renewals are the clock for staleness.
	// Without one nothing is known to be fresh but what was just listed.
	Lease Lease

	// MaxStaleness is after how long out of touch Stale is true; 0 is never.
	MaxStaleness time.Duration

	// SyncDeadline is how long the first sync may take before the log says what it
	// waits for, and how long a streamed list may be silent before an ordinary one
	// is tried. 0 is a minute.
	SyncDeadline time.Duration

	// Registerer takes the feed's metrics; nil is nobody.
	Registerer prometheus.Registerer

	// Clock is nil for the real one.
	Clock clock.WithDelayedExecution
}

// Feed keeps a directory like the API server. Make one with New.
type Feed struct {
	config  Config
	clients clients
	feeds   []follower // of the kinds
	keys    *realmKeys
	metrics *metrics
	latched atomic.Bool // Synced was true once
	awaited chan struct{}
	fresh   atomic.Pointer[time.Time] // until when all kinds are known; nil: nothing is

	users       *store[directory.User]
	revocations *store[directory.Revocation] // nil WithoutTokens
}

// follower is the feed of one kind, whichever that is.
type follower struct {
	source *source
	run    func(context.Context)
	synced func() bool
	count  func() int
}

// New returns a Feed that Run starts. It fails if c lacks something, or holds
// credentials that can't be used.
func New(c Config) (*Feed, error) {
	if c.REST == nil || c.Directory == nil || c.Logger == nil {
		return nil, errors.New("make feed: REST, Directory and Logger are needed")
	}
	if c.SyncDeadline <= 0 {
		c.SyncDeadline = time.Minute
	}
	if c.Clock == nil {
		c.Clock = clock.RealClock{}
	}
	clients, err := newClients(c.REST, c.HTTP)
	if err != nil {
		return nil, fmt.Errorf("make feed: %w", err)
	}
	f := &Feed{config: c, clients: clients, awaited: make(chan struct{}, 1)}
	f.metrics = newMetrics(f)
	f.keys = newRealmKeys(f)
	realms := follow(f, "realms", c.Directory.Settings(), realmDecoder(c.ExternalURL, c.DefaultRealm))
	realms.translate = onlyTheOne(realms.translate)
	f.users = follow(f, "users", c.Directory.Users(), decodeUser)
	roles := follow(f, "roles", c.Directory.Roles(), decodeRole)
	realms.awaited, roles.awaited = f.await, f.await
	realms.awaitsChanges, roles.awaitsChanges = true, true
	if !c.WithoutTokens {
		realms.onPut, realms.onDelete, realms.onReplace = f.keys.appeared, f.keys.disappeared, f.keys.replaced
		f.revocations = follow(f, "revokedtokens", c.Directory.Revocations(), decodeRevocation)
		f.revocations.awaited = f.await
	}
	if c.Registerer != nil {
		if err := c.Registerer.Register(f.metrics); err != nil {
			return nil, fmt.Errorf("make feed: register metrics: %w", err)
		}
	}
	return f, nil
}

// follow adds the feed of one of our kinds, in all namespaces. decode never fails:
// with an error it returns what denies.
func follow[T any](f *Feed, kind string, table *directory.Table[T], decode func(*metav1.ObjectMeta, json.RawMessage) (T, error)) *store[T] {
	source := f.newSource(kind)
	source.client = f.clients.kinds
	s := newStore(f, source, table)
	s.effect = "it denies what it names"
	s.replace, s.follow = table.Replace, table.Follow
	s.translate = translator(decode)
	f.metrics.unreadable.WithLabelValues(kind)
	f.feeds = append(f.feeds, follower{
		source: source,
		run:    func(ctx context.Context) { f.reflect(ctx, source, s, &object{}) },
		synced: s.synced.Load,
		count:  table.Len,
	})
	return s
}

// translator makes entries of objects, by what decode says of their specs.
func translator[T any](decode func(*metav1.ObjectMeta, json.RawMessage) (T, error)) func(any) (entry[T], bool) {
	return func(o any) (entry[T], bool) {
		object, ok := o.(*object)
		if !ok {
			return entry[T]{}, false
		}
		e := newEntry[T](&object.ObjectMeta)
		value, err := decode(&object.ObjectMeta, object.Spec)
		e.Value, e.err = value, errors.Join(e.err, err)
		return e, true
	}
}

func (f *Feed) newSource(kind string) *source {
	return &source{kind: kind, patience: f.config.SyncDeadline, clock: f.config.Clock, log: f.config.Logger}
}

func newStore[T any](f *Feed, s *source, table *directory.Table[T]) *store[T] {
	return &store[T]{kind: s.kind, namespace: s.namespace, table: table, log: f.config.Logger,
		heard: s.heard, listed: func() { s.listed(); f.refresh() }, progress: &s.progress,
		unreadable: func() { f.metrics.unreadable.WithLabelValues(s.kind).Inc() }}
}

// reflect follows a source until ctx ends.
func (f *Feed) reflect(ctx context.Context, s *source, into cache.ReflectorStore, example any) {
	log := clientGoLogger(f.config.Logger)
	ctx = klog.NewContext(ctx, log)
	cache.NewReflectorWithOptions(s.listerWatcher(ctx), example, into, cache.ReflectorOptions{
		Name:            s.kind,
		TypeDescription: s.kind,
		Logger:          &log,
		// client-go waits for up to a minute; for a few replicas that is needlessly
		// long to go without revocations.
		Backoff: &wait.Backoff{Duration: 100 * time.Millisecond, Factor: 2, Jitter: 0.5, Steps: 10, Cap: 5 * time.Second},
	}).RunWithContext(ctx)
}

// Run follows everything until ctx ends. Call it once.
func (f *Feed) Run(ctx context.Context) error {
	var running sync.WaitGroup
	f.keys.start(func(run func(context.Context)) context.CancelFunc {
		ctx, cancel := context.WithCancel(ctx)
		running.Go(func() { run(ctx) })
		return cancel
	})
	for _, each := range f.feeds {
		running.Go(func() { each.run(ctx) })
	}
	if f.config.Lease.Name != "" {
		running.Go(func() { f.listen(ctx) })
	}
	f.remind(ctx)
	<-ctx.Done()
	running.Wait()
	return nil
}
