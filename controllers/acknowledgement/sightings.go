package acknowledgement

import (
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"

	"github.com/latchkey-auth/latchkey/controllers/replica"
)

// sightings are what the leader has seen of each replica, by the name of its Lease. A watch and live lists tell
// of the same Leases, in any order: of one Lease the newer resourceVersion counts.
type sightings map[string]*sighting

type sighting struct {
	state   replica.State
	uid     types.UID // of the Lease
	at      string    // the resourceVersion of state
	gone    string    // a resourceVersion at which there was no such Lease; "": it exists
	renewed time.Time // when the last renewal was seen
	podGone bool
	looked  time.Time // when its Pod was last looked for, since the last renewal; zero: not yet
	given   bool      // up: it is so long gone that its Lease was deleted for it
}

// replicas is all of s as it stands at now.
func (s sightings) replicas(now time.Time) []Replica {
	all := make([]Replica, 0, len(s))
	for _, one := range s {
		all = append(all, one.replica(now))
	}
	return all
}

// replica counts as renewing until its Pod was looked for: before that, nobody knows which it is.
func (s *sighting) replica(now time.Time) Replica {
	r := Replica{State: s.state, Silent: now.Sub(s.renewed), Vanished: s.gone != "", PodGone: s.podGone}
	if s.inDoubt(now) && s.looked.IsZero() {
		r.Silent = replica.OutOfTouch - 1
	}
	if s.given {
		r.Incarnation = ""
	}
	return r
}

// inDoubt reports whether looking for the replica's Pod tells something. One that is gone stays gone: its UID
// never comes back.
func (s *sighting) inDoubt(now time.Time) bool {
	return now.Sub(s.renewed) >= replica.OutOfTouch && s.state.Incarnation != "" && s.state.Pod.Name != "" && s.gone == "" && !s.podGone
}

// observe takes in lease, seen at now, unless something newer is known. What is seen for the first time counts as
// renewed just then: for how long it was silent before, nobody knows.
func (s sightings) observe(lease *coordinationv1.Lease, now time.Time) {
	state := replica.Read(lease)
	known := s[lease.Name]
	switch {
	case known == nil:
		known = &sighting{renewed: now}
		s[lease.Name] = known
	case !newer(lease.ResourceVersion, known.at):
		return
	default:
		if alive(known.state, state) {
			known.renewed, known.podGone, known.looked, known.given = now, false, time.Time{}, false
		}
	}
	known.state, known.at, known.uid = state, lease.ResourceVersion, lease.UID
	if known.gone != "" && newer(lease.ResourceVersion, known.gone) {
		known.gone = ""
	}
	s.forgetEnded(lease.Name)
}

// alive reports whether somebody must have written after over before who is the replica. What a person
// edits beside that is no sign of life.
func alive(before, after replica.State) bool {
	return before.Incarnation != after.Incarnation || before.Pod != after.Pod ||
		!before.RenewedAt.Equal(after.RenewedAt) || !before.Followed.Equal(after.Followed)
}

// vanish takes in that at resourceVersion there was no Lease of that name.
func (s sightings) vanish(name, resourceVersion string) {
	known := s[name]
	if known == nil || newer(known.at, resourceVersion) {
		return
	}
	if known.gone == "" || newer(resourceVersion, known.gone) {
		known.gone = resourceVersion
	}
	s.forgetEnded(name)
}

// listed takes in a live list.
func (s sightings) listed(list *coordinationv1.LeaseList, now time.Time) {
	present := make(map[string]bool, len(list.Items))
	for i := range list.Items {
		present[list.Items[i].Name] = true
		s.observe(&list.Items[i], now)
	}
	for name := range s {
		if !present[name] {
			s.vanish(name, list.ResourceVersion)
		}
	}
}

// forgetEnded forgets a replica that ended cleanly and whose Lease is gone, whichever was heard first.
func (s sightings) forgetEnded(name string) {
	if known := s[name]; known.gone != "" && (known.given || known.state.Incarnation == "") {
		delete(s, name)
	}
}

// newer takes what can't be compared as newer.
func newer(a, b string) bool {
	order, err := resourceversion.CompareResourceVersion(a, b)
	return err != nil || order > 0
}
