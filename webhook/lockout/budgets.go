package lockout

import (
	"sync"
	"time"

	"github.com/maypok86/otter/v2"
)

// Outcome is what a try came to.
type Outcome int

// The outcomes.
const (
	Refused Outcome = iota // a budget is locked: the try counts for nothing, and nobody may know whether it was right
	Wrong                  // it was charged
	Right                  // it costs nothing, and leaves nothing
)

// Lock says that a budget has been used up.
type Lock struct {
	Kind  Kind
	Until time.Time
}

// Budgets are the budgets of all users of all realms. Make them with New; they are safe
// for concurrent use.
//
// The number of budgets is bounded. Beyond the bound the least used are forgotten, which
// gives whoever used them new ones. Each of them costs at least one hashed password to
// make, so that somebody who wants to be forgotten has to pay for as many hashes as
// there may be budgets.
type Budgets struct {
	mu    sync.Mutex // one decision at a time: it takes microseconds, and a hash came before it
	spent *otter.Cache[id, *budget]
}

// New returns Budgets that are all full. At most about limit of them are remembered, some
// 500 bytes each, and none for longer than it can matter.
func New(limit int) *Budgets {
	return &Budgets{spent: otter.Must(&otter.Options[id, *budget]{
		MaximumSize: limit,
		ExpiryCalculator: otter.ExpiryWritingFunc(func(e otter.Entry[id, *budget]) time.Duration {
			return e.Value.matters
		}),
	})}
}

// Judge says what a try comes to whose password was hashed and is right or not, and which
// budgets it locked. It must be called for users that exist only, once a try.
func (b *Budgets) Judge(t Try, r Rules, right bool, now time.Time) (Outcome, []Lock) {
	if !r.usable() || t.User == "" {
		return Refused, nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, id := range t.budgets() {
		if known, found := b.spent.GetIfPresent(id); found && known.locked(r, now) {
			return Refused, nil
		}
	}
	if right {
		return Right, nil
	}
	var locks []Lock
	for _, id := range t.budgets() {
		if until, locked := b.take(id, r, now); locked {
			locks = append(locks, Lock{id.kind, until})
		}
	}
	return Wrong, locks
}

// take charges one wrong try to the budget that id names.
func (b *Budgets) take(id id, r Rules, now time.Time) (until time.Time, locked bool) {
	charged, found := b.spent.GetIfPresent(id)
	if !found {
		charged = &budget{}
	}
	locked = charged.charge(id.kind, r, now)
	b.spent.Set(id, charged) // from now on it matters as long as a new one
	return charged.lockedUntil, locked
}

// Len is about how many budgets are remembered: those that a wrong try was charged to.
func (b *Budgets) Len() int { return b.spent.EstimatedSize() }
