package directory_test

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/webhook/directory"
)

// spin calls read in a few goroutines until write has returned. read reports what
// it should never see.
func spin(t *testing.T, read func() string, write func()) {
	t.Helper()
	var done atomic.Bool
	var readers sync.WaitGroup
	var reads atomic.Int64
	for range 3 {
		readers.Go(func() {
			for !done.Load() {
				if wrong := read(); wrong != "" {
					t.Error(wrong)
					return
				}
				reads.Add(1)
				runtime.Gosched()
			}
		})
	}
	for reads.Load() < 3 && !t.Failed() { // so that there are readers at all
		runtime.Gosched()
	}
	write()
	done.Store(true)
	readers.Wait()
}

// A revocation that is in a list and in the next is never missed: lists come in
// which it stands in another object, among ever more and ever fewer others, so
// that what it is found in is rebuilt all the time (attack Q14).
func TestARevocationInTwoListsIsNeverMissed(t *testing.T) {
	d, r := aRealm(t)
	d.Users().Put(item("ann", "1", 1, directory.User{}))
	d.Users().Put(item("bob", "2", 1, directory.User{}))
	ann, bob := r.User("ann"), r.User("bob")
	list := func(v int) []directory.Item[directory.Revocation] {
		revoked := []directory.Revocation{{TokenID: "t"}, {SessionID: "s"}, {UserName: "ann", Before: noon}}
		for n := range v * 37 % 300 {
			revoked = append(revoked, directory.Revocation{TokenID: fmt.Sprint(n)}, directory.Revocation{SessionID: fmt.Sprint(n)},
				directory.Revocation{UserName: fmt.Sprint(n), Before: noon})
		}
		items := make([]directory.Item[directory.Revocation], len(revoked))
		for n, value := range revoked {
			name := fmt.Sprintf("r-%d-%d", v%2, n) // the same ones, by other objects each time
			items[n] = item(name, fmt.Sprintf("%s-%d", name, v), directory.Version(10*v), value)
		}
		again := directory.Revocation{UserName: "bob", Before: noon.Add(time.Duration(v) * time.Second)} // deleted, and made anew under its name
		return append(items, item("again", fmt.Sprint(v), directory.Version(10*v), again))
	}
	d.Revocations().Replace(list(1), 10)
	spin(t, func() string {
		switch {
		case !r.Revoked("t", "", ann, noon.AddDate(1, 0, 0)):
			return "the revocation of a token was missing"
		case !r.Revoked("", "s", ann, noon.AddDate(1, 0, 0)):
			return "the revocation of a login was missing"
		case !r.Revoked("", "", ann, noon):
			return "the revocation of a user was missing"
		case !r.Revoked("", "", bob, noon):
			return "the revocation of a user that another replaced was missing"
		}
		return ""
	}, func() {
		for v := 2; v < 300; v++ {
			d.Revocations().Replace(list(v), directory.Version(10*v))
		}
	})
}

// A user is there throughout lists that hold them, and is always one whole version.
func TestAUserIsNeverHalfChangedOrMissing(t *testing.T) {
	d, r := aRealm(t)
	for v, name := range []string{"role-0", "role-1"} {
		d.Roles().Put(item(name, name, directory.Version(v+1), aRole(name)))
	}
	version := func(v int) []directory.Item[directory.User] {
		users := []directory.Item[directory.User]{item("ann", "1", directory.Version(10*v), directory.User{
			DisplayName: fmt.Sprint("role-", v%2), Roles: []string{fmt.Sprint("role-", v%2)}})}
		for n := range v * 37 % 300 {
			users = append(users, item(fmt.Sprint("u", n), fmt.Sprint(n, v), directory.Version(10*v), directory.User{}))
		}
		return users
	}
	d.Users().Replace(version(1), 10)
	spin(t, func() string {
		u := r.User("ann")
		if u == nil {
			return "a user was missing"
		}
		if s := r.Subject(u); s.Groups[0] != u.DisplayName || !s.Grant.Has(u.DisplayName) {
			return fmt.Sprintf("half of a user: %s has %s", u.DisplayName, s.Groups)
		}
		return ""
	}, func() {
		for v := 2; v < 300; v++ {
			d.Users().Replace(version(v), directory.Version(10*v))
		}
	})
}

// Everything at once, for the race detector.
func TestWritesAndReadsOfEveryKindAtOnce(t *testing.T) {
	d, _ := aRealm(t)
	doc := aDocument(t)
	spin(t, func() string {
		d.Realms()
		if r := d.Realm(team); r != nil {
			u := r.User("ann")
			r.Subject(u)
			r.Revoked("t", "s", u, noon)
			r.RevokedUserAt(u)
			r.Keys().ActiveKeyID()
			_ = r.Settings().Issuer
			r.Policy().HasRole("viewer")
		}
		return ""
	}, func() {
		var writers sync.WaitGroup
		for n := range 4 {
			writers.Go(func() {
				for i := range 100 {
					v := directory.Version(10 + 10*i + n)
					uid := fmt.Sprint(n, i)
					d.Settings().Put(item("default", uid, v, directory.Settings{Issuer: "https://x"}))
					d.Users().Put(item("ann", uid, v, directory.User{Roles: []string{"viewer"}}))
					role := aRole("viewer")
					role.Rules[0].Paths[0] = fmt.Sprint("/", v)
					d.Roles().Put(item("viewer", uid, v, role))
					d.Revocations().Put(item("r", uid, v, directory.Revocation{SessionID: uid}))
					d.Keys().Put(item("keys", uid, v, doc))
					if n == 3 {
						d.Users().Forget(team, "ann", uid, v)
						d.Settings().Delete(team, "default", uid, v)
						d.Keys().DropNamespace(team)
						d.Revocations().Replace(nil, v)
						d.Roles().Follow(v)
					}
				}
			})
		}
		writers.Wait()
	})
}
