package replica

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"
)

// +kubebuilder:rbac:groups=coordination.k8s.io,namespace=latchkey,resources=leases,verbs=get;list;watch;create;update;delete

const (
	// busiest is the shortest time between two writes of the Lease.
	busiest = 100 * time.Millisecond
	// patience is how long one write may take.
	patience = 2 * RenewEvery
)

// ErrTaken says that another process keeps the Lease of this replica's name. Nobody waits for what this
// process follows, so it must not go on answering.
var ErrTaken = errors.New("another process has the same name: give each replica a --replica-name of its own")

// KeeperConfig is what a Keeper works with. All but Reconnect is required.
type KeeperConfig struct {
	// Leases are those of Latchkey's own namespace.
	Leases leases
	// Name, MaxStaleness and Pod are as in State.
	Name         string
	MaxStaleness time.Duration
	Pod          Pod
	// Followed is how far the directory has come.
	Followed func() Followed
	// Awaited is received from when that should be told at once.
	Awaited <-chan struct{}
	// Now is the API server's time.
	Now func() time.Time
	// Clock is the machine's.
	Clock clock.WithTicker
	// Reconnect ends all connections to the API server, which seem to be dead.
	Reconnect func()
	Logger    *slog.Logger
}

// leases is what a Keeper needs of client-go's.
type leases interface {
	Get(ctx context.Context, name string, o metav1.GetOptions) (*coordinationv1.Lease, error)
	Create(ctx context.Context, l *coordinationv1.Lease, o metav1.CreateOptions) (*coordinationv1.Lease, error)
	Update(ctx context.Context, l *coordinationv1.Lease, o metav1.UpdateOptions) (*coordinationv1.Lease, error)
	Delete(ctx context.Context, name string, o metav1.DeleteOptions) error
}

// Keeper keeps the Lease of this replica.
type Keeper struct {
	KeeperConfig
	incarnation string
	lease       *coordinationv1.Lease // as it was last read; nil: it must be read
	health      health

	mu   sync.Mutex
	sent map[string]time.Time // by renewTime, the last few
}

// NewKeeper returns a Keeper of a replica that has just been started.
func NewKeeper(c KeeperConfig) *Keeper {
	if c.Reconnect == nil {
		c.Reconnect = func() {}
	}
	return &Keeper{KeeperConfig: c, incarnation: rand.Text(), sent: map[string]time.Time{}, health: health{log: c.Logger, clock: c.Clock}}
}

// Claim writes the Lease, so that whatever is made from now on waits for this replica. It must return
// before the first list is asked for: what was made before it is in that list. It tries until ctx ends.
func (k *Keeper) Claim(ctx context.Context) error {
	for {
		err := k.renew(ctx, true)
		if err == nil {
			return nil
		}
		if k.Logger.Enabled(ctx, slog.LevelInfo) && ctx.Err() == nil {
			k.Logger.Info("not ready: this replica's Lease can't be written", "lease", LeasePrefix+k.Name, "error", err, "hint", hint(err))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-k.Clock.After(RenewEvery):
		}
	}
}

// Run renews the Lease until ctx ends, which it should once this replica answers nobody any more. Then
// the Lease is released. It fails with ErrTaken.
func (k *Keeper) Run(ctx context.Context) error {
	tick := k.Clock.NewTicker(RenewEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			k.release(context.WithoutCancel(ctx))
			return nil
		case <-tick.C():
		case <-k.Awaited:
		}
		err := k.renew(ctx, false)
		if errors.Is(err, ErrTaken) {
			return fmt.Errorf("keep lease %s%s: %w", LeasePrefix, k.Name, err)
		}
		if k.health.observe(ctx, err) {
			k.Reconnect()
		}
		select {
		case <-ctx.Done():
		case <-k.Clock.After(busiest):
		}
	}
}

// Sent tells when this process sent the renewal that lease shows.
func (k *Keeper) Sent(lease *coordinationv1.Lease) (time.Time, bool) {
	state := Read(lease)
	k.mu.Lock()
	defer k.mu.Unlock()
	sent, ok := k.sent[stamp(state.RenewedAt)]
	return sent, ok && state.Incarnation == k.incarnation
}

// stamp names a renewal. The API server keeps microseconds.
func stamp(t time.Time) string { return t.UTC().Truncate(time.Microsecond).Format(time.RFC3339Nano) }

// remembered bounds the renewals whose return is waited for.
const remembered = 64

func (k *Keeper) sending(renewal time.Time) {
	now := k.Clock.Now()
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.sent) >= remembered {
		for old, at := range k.sent {
			if now.Sub(at) > OutOfTouch || len(k.sent) >= 2*remembered {
				delete(k.sent, old)
			}
		}
	}
	k.sent[stamp(renewal)] = now
}

// renew writes the Lease once. Only the first may take it from another process: one that held this name
// before.
func (k *Keeper) renew(ctx context.Context, first bool) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if k.lease == nil {
		lease, err := k.Leases.Get(ctx, LeasePrefix+k.Name, metav1.GetOptions{})
		switch {
		case apierrors.IsNotFound(err):
			lease = &coordinationv1.Lease{}
		case err != nil:
			return err
		case !first && Read(lease).Incarnation != k.incarnation:
			return ErrTaken
		}
		k.lease = lease
	}
	next := k.lease.DeepCopy()
	state := State{
		Name: k.Name, Incarnation: k.incarnation, RenewedAt: k.Now().UTC().Truncate(time.Microsecond),
		MaxStaleness: k.MaxStaleness, Pod: k.Pod, Followed: k.Followed(),
	}
	if err := state.Write(next); err != nil {
		return err
	}
	k.sending(state.RenewedAt)
	var err error
	if next.ResourceVersion == "" {
		next, err = k.Leases.Create(ctx, next, metav1.CreateOptions{})
	} else {
		next, err = k.Leases.Update(ctx, next, metav1.UpdateOptions{})
	}
	if err != nil {
		k.lease = nil // whatever became of it
		if apierrors.IsConflict(err) || apierrors.IsNotFound(err) || apierrors.IsAlreadyExists(err) {
			return k.renewAgain(ctx, first, err)
		}
		return err
	}
	k.lease = next
	return nil
}

// renewAgain looks who came in between. One try is enough: the next renewal is near.
func (k *Keeper) renewAgain(ctx context.Context, first bool, before error) error {
	lease, err := k.Leases.Get(ctx, LeasePrefix+k.Name, metav1.GetOptions{})
	if err == nil && !first && Read(lease).Incarnation != k.incarnation {
		return ErrTaken
	}
	return before
}

// release says that nobody answers under this name, then removes the Lease.
func (k *Keeper) release(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	lease, err := k.Leases.Get(ctx, LeasePrefix+k.Name, metav1.GetOptions{})
	if err == nil && Read(lease).Incarnation != k.incarnation {
		return
	}
	if err == nil {
		state := Read(lease)
		state.Incarnation = ""
		if err = state.Write(lease); err == nil {
			lease, err = k.Leases.Update(ctx, lease, metav1.UpdateOptions{})
		}
	}
	if err == nil {
		err = k.Leases.Delete(ctx, lease.Name, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &lease.UID}})
	}
	if err != nil && !apierrors.IsNotFound(err) {
		k.Logger.Info("this replica's Lease couldn't be released: until it starts again under its name, what waits for it shows ReplicaUnreachable",
			"lease", LeasePrefix+k.Name, "error", err)
	}
}

func hint(err error) string {
	if apierrors.IsForbidden(err) {
		return "let this ServiceAccount get, list, watch, create, update and delete Leases in Latchkey's own namespace"
	}
	return "see whether the API server can be reached"
}
