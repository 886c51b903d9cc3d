package feed

import (
	"context"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/client-go/tools/cache"

	"github.com/latchkey-auth/latchkey/controllers/replica"
)

// Lease names the Lease of this replica, which somebody else renews.
type Lease struct {
	Namespace, Name string

	// Sent tells when a renewal was sent, by Config.Clock; false for those that this
	// process didn't send.
	Sent func(*coordinationv1.Lease) (time.Time, bool)
}

// listen follows this replica's own Lease over the connection of the feeds until ctx
// ends. Each renewal that comes back is a beat.
func (f *Feed) listen(ctx context.Context) {
	s := f.newSource("leases")
	s.client, s.namespace = f.clients.leases, f.config.Lease.Namespace
	s.selector = fields.OneTermEqualSelector("metadata.name", f.config.Lease.Name).String()
	f.reflect(ctx, s, beats{f, s}, &coordinationv1.Lease{})
}

// beat tells every feed that a renewal came back which was sent at that time.
func (f *Feed) beat(sent time.Time) {
	now := f.config.Clock.Now()
	for _, each := range f.feeds {
		if each.source.progress.beat(sent, now, f.config.MaxStaleness) {
			f.config.Logger.Info("feed was out of touch for longer than --max-staleness: everything is read anew before it counts again", "kind", each.source.kind)
		}
	}
	f.keys.beat(sent, now, f.config.MaxStaleness)
	f.refresh()
}

// refresh notes until when all kinds are known, for Stale.
func (f *Feed) refresh() {
	var oldest time.Time
	for _, each := range f.feeds {
		fresh, known := each.source.progress.freshness()
		if !known {
			return
		}
		if oldest.IsZero() || fresh.Before(oldest) {
			oldest = fresh
		}
	}
	f.fresh.Store(&oldest)
}

// Stale reports whether what is known may be older than Config.MaxStaleness, so that
// nothing should be allowed by it. It costs next to nothing.
func (f *Feed) Stale() bool {
	if f.config.MaxStaleness <= 0 {
		return false
	}
	fresh := f.fresh.Load()
	return fresh == nil || f.config.Clock.Since(*fresh) > f.config.MaxStaleness
}

// Followed is how far the directory has followed the API server.
func (f *Feed) Followed() replica.Followed {
	followed := replica.Followed{Kinds: map[string]string{}, Keys: f.keys.followed()}
	for _, each := range f.feeds {
		if v := each.source.progress.at(); v > 0 {
			followed.Kinds[each.source.kind] = formatVersion(v)
		}
	}
	return followed
}

// Awaited is sent to after something was followed that somebody may wait for: a
// revocation, a Role, a Realm, a key.
func (f *Feed) Awaited() <-chan struct{} { return f.awaited }

func (f *Feed) await() {
	select {
	case f.awaited <- struct{}{}:
	default: // it was said already
	}
}

// beats is a reflector's store that makes a beat of each renewal.
type beats struct {
	feed   *Feed
	source *source
}

var _ cache.ReflectorStore = beats{}

func (b beats) Add(o any) error { return b.Update(o) }

func (b beats) Update(o any) error {
	b.source.heard()
	if lease, ok := o.(*coordinationv1.Lease); ok {
		if sent, ours := b.feed.config.Lease.Sent(lease); ours {
			b.feed.beat(sent)
		}
	}
	return nil
}

func (b beats) Delete(any) error { return nil }

// Replace takes a list, which proves nothing of the watches; but it ends.
func (b beats) Replace([]any, string) error {
	b.source.heard()
	b.source.listed()
	return nil
}

func (b beats) Resync() error { return nil }
