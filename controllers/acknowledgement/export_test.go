package acknowledgement

import (
	"context"

	toolscache "k8s.io/client-go/tools/cache"
)

// Watches reports whether r has listed Leases once.
func (r *Register) Watches() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.watched.IsZero()
}

// Handler is what hears of Leases.
func (r *Register) Handler() toolscache.ResourceEventHandler { return r.handler() }

// List is one live list.
func (r *Register) List(ctx context.Context) error { return r.list(ctx) }

// Look is one look at what time alone asks for.
func (r *Register) Look(ctx context.Context) { r.look(ctx) }
