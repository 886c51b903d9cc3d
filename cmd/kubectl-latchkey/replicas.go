package main

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/pflag"
	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/controllers/acknowledgement"
	"github.com/latchkey-auth/latchkey/controllers/replica"
)

// installation says where Latchkey itself is installed.
type installation struct{ namespace string }

func (i *installation) register(flags *pflag.FlagSet) {
	flags.StringVar(&i.namespace, "latchkey-namespace", "latchkey", "the namespace that Latchkey itself is installed in, where its replicas' Leases are")
}

// leases lists the Leases of replicas live: a replica that isn't in the list knows, whenever it starts, whatever was
// stored before the list began.
func (i *installation) leases(ctx context.Context, c *clusterClient) (*coordinationv1.LeaseList, error) {
	list := &coordinationv1.LeaseList{}
	err := c.List(ctx, list, client.InNamespace(i.namespace), client.HasLabels{replica.Label})
	return list, err
}

// lookEvery is how often time alone may change a verdict: silence has lasted long enough.
const lookEvery = time.Second

// errWatchEnded says that the list has to be made again.
var errWatchEnded = errors.New("the watch of Leases ended")

// follow judges target whenever something was heard of a replica, until judged says that it is enough, or ctx ends.
func (i *installation) follow(ctx context.Context, c *clusterClient, target acknowledgement.Target, judged func(replica.Verdict) (enough bool)) error {
	replicas := acknowledgement.NewOnlooker()
	for {
		list, err := i.leases(ctx, c)
		if err != nil {
			return err
		}
		replicas.Listed(list, time.Now())
		err = i.watch(ctx, c, replicas, list.ResourceVersion, func() bool { return judged(replicas.Judge(time.Now(), target)) })
		if !errors.Is(err, errWatchEnded) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pollEvery):
		}
	}
}

// watch tells replicas of what happens after resourceVersion, and looks after each event and each second.
func (i *installation) watch(ctx context.Context, c *clusterClient, replicas *acknowledgement.Onlooker, resourceVersion string, look func() bool) error {
	if look() {
		return nil
	}
	events, err := c.Watch(ctx, &coordinationv1.LeaseList{}, client.InNamespace(i.namespace), client.HasLabels{replica.Label},
		&client.ListOptions{Raw: &metav1.ListOptions{ResourceVersion: resourceVersion}})
	if err != nil {
		return err
	}
	defer events.Stop()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		case event, open := <-events.ResultChan():
			lease, ok := event.Object.(*coordinationv1.Lease)
			switch {
			case !open, event.Type == watch.Error: // such as a resourceVersion that is too old by now
				return errWatchEnded
			case !ok:
			case event.Type == watch.Deleted:
				replicas.Deleted(lease, time.Now())
			default:
				replicas.Changed(lease, time.Now())
			}
		}
		if look() {
			return nil
		}
	}
}
