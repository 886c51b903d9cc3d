package webhookcert

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// How often the Secrets and the configuration are looked at: they aren't watched, as they change every two months.
const (
	every = time.Minute
	soon  = 5 * time.Second // while something fails, such as a first start
)

// Config is what a Keeper needs; everything but URL and Admission is required.
type Config struct {
	// Live must read from the API server.
	Live   client.Reader
	Writer client.Writer
	// Namespace is Latchkey's own.
	Namespace string
	// URL is where the API server reaches latchkey kubernetes, if not by its Service.
	URL string
	// Admission: whether the API server asks before it stores an object.
	Admission bool
	Clock     clock.PassiveClock
	Log       logr.Logger
}

// Keeper keeps the two Secrets, and the configuration that has the API server ask. It runs on the leader.
type Keeper struct {
	live      client.Reader
	writer    client.Writer
	namespace string
	names     []string
	url       string
	admission bool
	clock     clock.PassiveClock
	log       logr.Logger
}

// New returns a Keeper.
func New(c Config) (*Keeper, error) {
	if c.Live == nil || c.Writer == nil || c.Namespace == "" || c.Clock == nil {
		return nil, errors.New("webhookcert: Live, Writer, Namespace and Clock are required")
	}
	service := "latchkey-kubernetes." + c.Namespace
	names := []string{service + ".svc", service + ".svc.cluster.local", service}
	if c.URL != "" {
		u, err := url.Parse(c.URL)
		if err != nil {
			return nil, fmt.Errorf("webhookcert: URL: %w", err)
		}
		names = append(names, u.Hostname())
	}
	return &Keeper{
		live: c.Live, writer: c.Writer, namespace: c.Namespace, names: names,
		url: c.URL, admission: c.Admission, clock: c.Clock, log: c.Log,
	}, nil
}

// NeedLeaderElection says that one process alone writes.
func (k *Keeper) NeedLeaderElection() bool { return true }

// Start looks after them until ctx ends.
func (k *Keeper) Start(ctx context.Context) error {
	for {
		wait := every
		if err := k.Tick(ctx); err != nil && ctx.Err() == nil {
			k.log.Info("certificate or admission not in force yet", "error", err.Error())
			wait = soon
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
	}
}

// Tick looks after the Secrets once, then after the configuration, which needs their authorities.
func (k *Keeper) Tick(ctx context.Context) error {
	if !k.admission {
		// Off is the emergency exit, so it waits for no Secret.
		if err := k.activate(ctx, nil); err != nil {
			return err
		}
	}
	bundle, err := k.ensure(ctx)
	if err != nil || !k.admission {
		return err
	}
	return k.activate(ctx, bundle)
}
