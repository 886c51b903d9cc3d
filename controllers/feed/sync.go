package feed

import (
	"context"
)

// Synced reports whether every feed has had its first list, so that the directory
// holds everything. The key Secret of a realm counts once it was tried: a realm
// that doesn't let Latchkey read it denies, but keeps no replica from being ready.
// Once true it stays true.
func (f *Feed) Synced() bool {
	return f.latched.Load() || len(f.Waiting()) == 0
}

// Waiting names what Synced waits for: resources, and Secrets as
// secrets/<namespace>/<name>.
func (f *Feed) Waiting() []string {
	if f.latched.Load() {
		return nil
	}
	var waiting []string
	for _, each := range f.feeds {
		if !each.synced() {
			waiting = append(waiting, each.source.kind)
		}
	}
	waiting = append(waiting, f.keys.waiting()...)
	if len(waiting) == 0 {
		f.latched.Store(true)
	}
	return waiting
}

// remind logs what Synced waits for, each time that the deadline has passed again,
// until there is nothing or ctx ends.
func (f *Feed) remind(ctx context.Context) {
	timer := f.config.Clock.NewTimer(f.config.SyncDeadline)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C():
		}
		waiting := f.Waiting()
		if len(waiting) == 0 {
			return
		}
		f.config.Logger.Info("not ready: the first sync isn't over; check that the API server answers, that Latchkey's CRDs are installed, "+
			"and that this ServiceAccount may get, list and watch what is waited for", "waiting", waiting, "after", f.config.SyncDeadline)
		timer.Reset(f.config.SyncDeadline)
	}
}
