package replica_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	coordinationv1 "k8s.io/api/coordination/v1"

	"github.com/latchkey-auth/latchkey/controllers/replica"
)

func TestALeaseSaysWhatWasWrittenIntoIt(t *testing.T) {
	noon := time.Date(2026, 1, 2, 12, 0, 0, 123456000, time.UTC)
	for name, state := range map[string]replica.State{
		"a replica that has just been started": {Name: "a", Incarnation: "x", RenewedAt: noon},
		"one that has ended cleanly":           {Name: "a", RenewedAt: noon},
		"one that says everything": {
			Name: "latchkey-serve-0", Incarnation: "x", RenewedAt: noon, MaxStaleness: 30 * time.Second,
			Pod: replica.Pod{Name: "latchkey-serve-0", UID: "u"},
			Followed: replica.Followed{
				Kinds: map[string]string{"users": "12", "roles": "9"}, Keys: map[string]string{"team-a": "77"},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			// Over what another replica of that name left there.
			lease := &coordinationv1.Lease{}
			before := replica.State{Name: state.Name, Incarnation: "old", MaxStaleness: time.Hour, Pod: replica.Pod{Name: "old"},
				Followed: replica.Followed{Kinds: map[string]string{"realms": "99"}}}
			if err := before.Write(lease); err != nil {
				t.Fatal(err)
			}
			if err := state.Write(lease); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(state, replica.Read(lease)); diff != "" {
				t.Error(diff)
			}
			if lease.Name != "latchkey-replica-"+state.Name {
				t.Errorf("its name is %q", lease.Name)
			}
		})
	}
}

func TestWhatCantBeReadHasFollowedNothing(t *testing.T) {
	for name, annotation := range map[string]string{"nothing": "", "no JSON": "{", "other JSON": `{"kinds": 7}`, "half of it": `{"kinds": {"users": "12"}, "keys": 1}`} {
		lease := &coordinationv1.Lease{}
		lease.Annotations = map[string]string{"auth.latchkey.dev/followed": annotation, "auth.latchkey.dev/max-staleness": "soon", "auth.latchkey.dev/pod": "["}
		state := replica.Read(lease)
		if state.Followed.Kind("users", "1") || state.MaxStaleness != 0 {
			t.Errorf("%s: %+v", name, state)
		}
	}
}

func TestHowFarAReplicaHasComeIsComparedAsResourceVersionsAre(t *testing.T) {
	followed := replica.Followed{Kinds: map[string]string{"users": "100", "roles": "x"}, Keys: map[string]string{"team-a": "100"}}
	for name, c := range map[string]struct{ got, want bool }{
		"what is older":             {followed.Kind("users", "99"), true},
		"the very one":              {followed.Kind("users", "100"), true},
		"what is newer":             {followed.Kind("users", "101"), false},
		"longer is newer":           {followed.Kind("users", "1000"), false},
		"another kind":              {followed.Kind("realms", "1"), false},
		"what can't be compared":    {followed.Kind("roles", "1"), false},
		"a target that isn't one":   {followed.Kind("users", ""), false},
		"the keys of a realm":       {followed.Key("team-a", "100"), true},
		"newer keys of it":          {followed.Key("team-a", "101"), false},
		"the keys of another realm": {followed.Key("team-b", "1"), false},
	} {
		if c.got != c.want {
			t.Errorf("%s: %v", name, c.got)
		}
	}
}
