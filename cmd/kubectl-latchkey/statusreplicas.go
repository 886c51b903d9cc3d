package main

import (
	"cmp"
	"context"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-auth/latchkey/controllers/replica"
)

// replicaReport is what the Lease of a replica says.
type replicaReport struct {
	Name string `json:"name"`
	Pod  string `json:"pod,omitempty"`
	// State is in touch, out of touch, or ended.
	State     string    `json:"state"`
	RenewedAt time.Time `json:"renewedAt"`
	// Followed is how far it knows each kind, and the keys of each realm, as resourceVersions.
	Followed replica.Followed `json:"followed"`
}

// The states of a replica, by its Lease alone.
const (
	inTouch    = "in touch"
	outOfTouch = "out of touch"
	ended      = "ended"
)

func (r *report) replicas(ctx context.Context, c *clusterClient, where *installation, now func() time.Time) error {
	list, err := where.leases(ctx, c)
	if err != nil {
		return err
	}
	answering := 0
	for i := range list.Items {
		one := describeReplica(replica.Read(&list.Items[i]), now())
		switch one.State {
		case inTouch:
			answering++
		case outOfTouch:
			r.problem("replica %q is out of touch since %s and may still answer by what it knew: reconnect it or end it", one.Name, one.RenewedAt.Format(time.RFC3339))
		}
		r.Replicas = append(r.Replicas, one)
	}
	slices.SortFunc(r.Replicas, func(a, b replicaReport) int { return cmp.Compare(a.Name, b.Name) })
	if answering == 0 {
		r.problem("no replica of namespace %q is in touch; if Latchkey is elsewhere say --latchkey-namespace", where.namespace)
	}
	return nil
}

// describeReplica compares the time in a Lease with now, both by the API server's clock.
func describeReplica(s replica.State, now time.Time) replicaReport {
	one := replicaReport{Name: s.Name, Pod: s.Pod.Name, State: inTouch, RenewedAt: s.RenewedAt.UTC(), Followed: s.Followed}
	switch {
	case s.Incarnation == "":
		one.State = ended
	case now.Sub(s.RenewedAt) >= replica.OutOfTouch:
		one.State = outOfTouch
	}
	return one
}

func tableOfReplicas(w io.Writer, replicas []replicaReport) error {
	rows := [][]string{{"REPLICA", "STATE", "RENEWED", "POD", "FOLLOWED", "KEYS OF REALMS"}}
	for _, one := range replicas {
		rows = append(rows, []string{one.Name, one.State, one.RenewedAt.Format(time.RFC3339), one.Pod,
			versions(one.Followed.Kinds), versions(one.Followed.Keys)})
	}
	return printTable(w, rows)
}

// versions are resourceVersions by name, in the order of names.
func versions(followed map[string]string) string {
	var each []string
	for _, name := range slices.Sorted(maps.Keys(followed)) {
		each = append(each, name+"="+followed[name])
	}
	return strings.Join(each, " ")
}
