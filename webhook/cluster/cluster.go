// Package cluster is the service's hand in the API server, and the only part of it with a
// client: it stores logins, revocations and users, and reads passwords.
//
// Every write goes to the API server first and then, through local, into this replica's
// directory, so that the next check here already knows. The other replicas learn by
// their watch. What dies between two writes is repaired by the leader, or by trying again.
package cluster

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/webhook"
)

// local is this replica's directory, as far as writes must show there at once.
type local interface {
	PutUser(*v1alpha1.User)
	ForgetUser(*v1alpha1.User)
	PutRevokedToken(*v1alpha1.RevokedToken)
}

// Store reads and writes through one client. It keeps nothing.
type Store struct {
	client client.Client
	local  local
	now    func() time.Time
}

// New returns a Store that uses c, which must not read from a cache, and shows its
// writes to l.
func New(c client.Client, l local, now func() time.Time) *Store {
	return &Store{client: c, local: l, now: now}
}

// translate turns an error of the API server into one of webhook's. Whatever isn't a
// plain answer about the object counts as unavailable: nothing is known then.
func translate(doing string, err error) error {
	var sentinel error
	switch {
	case err == nil:
		return nil
	case apierrors.IsNotFound(err):
		sentinel = webhook.ErrNotFound
	case apierrors.IsAlreadyExists(err):
		sentinel = webhook.ErrExists
	case apierrors.IsConflict(err):
		sentinel = webhook.ErrConflict
	default:
		sentinel = webhook.ErrUnavailable
	}
	return fmt.Errorf("%s: %w: %w", doing, sentinel, err)
}

// callTimeout bounds a single call within a request that may wait longer for somebody else: whoever asks
// while the API server is silent hears so within 5 s.
const callTimeout = 4 * time.Second

// detached keeps a write alive that a client has walked away from: what is begun is
// finished, within its deadline.
func detached(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, bounded := ctx.Deadline()
	free := context.WithoutCancel(ctx)
	if !bounded {
		return free, func() {}
	}
	return context.WithDeadline(free, deadline)
}

func ignoreNotFound(err error) error {
	if errors.Is(err, webhook.ErrNotFound) {
		return nil
	}
	return err
}
