package directory_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/latchkey-auth/latchkey/webhook/directory"
)

// change is one entry of the API server's history of a kind.
type change struct {
	item_
	deleted bool
}

// server is a model of the API server: a history, in which the version of a change
// is its position plus one.
type server struct{ history []change }

func (s *server) version() directory.Version { return directory.Version(len(s.history)) }

// at returns the objects as of a version, by name.
func (s *server) at(v directory.Version) map[string]item_ {
	objects := map[string]item_{}
	for _, c := range s.history[:v] {
		if c.deleted {
			delete(objects, c.Name)
		} else {
			objects[c.Name] = c.item_
		}
	}
	return objects
}

// write changes one of a few objects: it makes, changes or deletes it.
func (s *server) write(rnd *rand.Rand) change {
	name := fmt.Sprintf("user-%d", rnd.IntN(4))
	v := s.version() + 1
	was, exists := s.at(s.version())[name]
	c := change{item_: item(name, was.UID, v, directory.User{DisplayName: fmt.Sprint(v)})}
	switch {
	case !exists:
		c.UID = fmt.Sprintf("uid-%d", v)
	case rnd.IntN(3) == 0:
		c.deleted = true
	}
	s.history = append(s.history, c)
	return c
}

// TestAnyInterleavingEndsAsTheAPIServer lets this replica's own writes, which are
// told at any time after they were made, race with a watch that lags and lists now
// and then.
func TestAnyInterleavingEndsAsTheAPIServer(t *testing.T) {
	for seed := range uint64(3000) {
		rnd := rand.New(rand.NewPCG(seed, 7))
		d, r := aRealm(t)
		var api server
		watched := directory.Version(0) // how far the watch has come
		var untold []change             // own writes whose answer is on its way
		forgotten := map[string]bool{}
		tell := func(c change) {
			if !c.deleted {
				d.Users().Put(c.item_)
				return
			}
			d.Users().Forget(team, c.Name, c.UID, api.at(c.Version - 1)[c.Name].Version)
			forgotten[c.UID] = true
		}
		watch := func() {
			c := api.history[watched]
			watched++
			if c.deleted {
				d.Users().Delete(team, c.Name, c.UID, c.Version)
			} else {
				d.Users().Put(c.item_)
			}
		}
		for range 40 {
			switch rnd.IntN(6) {
			case 0, 1:
				if c := api.write(rnd); rnd.IntN(2) == 0 {
					untold = append(untold, c)
				}
			case 2:
				if len(untold) > 0 {
					i := rnd.IntN(len(untold))
					tell(untold[i])
					untold = append(untold[:i], untold[i+1:]...)
				}
			case 3:
				if watched < api.version() {
					watch()
				}
			case 4:
				if rnd.IntN(3) == 0 && watched < api.version() {
					watched += directory.Version(rnd.IntN(int(api.version()-watched) + 1))
					var items []item_
					for _, i := range api.at(watched) {
						items = append(items, i)
					}
					d.Users().Replace(items, watched)
				}
			case 5:
				d.Users().Follow(watched)
			}
			for i := range 4 {
				if u := r.User(fmt.Sprintf("user-%d", i)); u != nil && forgotten[u.UID] {
					t.Fatalf("seed %d: %s is back although this replica deleted it", seed, u.UID)
				}
			}
		}
		for watched < api.version() {
			watch()
		}
		for _, c := range untold {
			tell(c)
		}
		want := api.at(api.version())
		for i := range 4 {
			name := fmt.Sprintf("user-%d", i)
			got, was := r.User(name), want[name]
			if (got != nil) != (was.UID != "") || got != nil && (got.UID != was.UID || got.DisplayName != was.Value.DisplayName) {
				t.Fatalf("seed %d: %s is %+v, want %+v", seed, name, got, was)
			}
		}
	}
}
