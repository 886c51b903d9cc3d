package directory_test

import (
	"fmt"
	"runtime"
	"strconv"
	"testing"

	"github.com/latchkey-auth/latchkey/webhook/directory"
)

// aUserOf makes one of many users as they are in real life: with three of a
// hundred roles, an address, a display name and a password.
func aUserOf(i int) directory.Item[directory.User] {
	name := fmt.Sprintf("user-%07d", i)
	uid := fmt.Sprintf("%08x-0000-4000-8000-%012x", uint32(i)*2654435761, i)
	roles := make([]string, 3)
	for n := range roles {
		roles[n] = fmt.Sprintf("role-%02d", uint32(i*3+n)*2654435761>>7%100)
	}
	return item(name, uid, directory.Version(i+1), directory.User{
		DisplayName: "User " + strconv.Itoa(i), Email: name + "@example.com", PasswordSecret: name + "-password",
		Roles: roles, CreatedAt: noon,
	})
}

// aDirectoryOf returns a realm with that many users, a hundred roles and a
// thousand revocations of each sort.
func aDirectoryOf(b *testing.B, users int) *directory.Realm {
	d, r := aRealm(b)
	for i := range 100 {
		d.Roles().Put(item(fmt.Sprintf("role-%02d", i), strconv.Itoa(i), directory.Version(i+1), aRole(fmt.Sprintf("role-%02d", i))))
	}
	for i := range 1000 {
		id := strconv.Itoa(i)
		d.Revocations().Put(item("t"+id, "t"+id, directory.Version(3*i+1), directory.Revocation{TokenID: "token-" + id}))
		d.Revocations().Put(item("s"+id, "s"+id, directory.Version(3*i+2), directory.Revocation{SessionID: "session-" + id}))
		d.Revocations().Put(item("u"+id, "u"+id, directory.Version(3*i+3), directory.Revocation{UserName: fmt.Sprintf("user-%07d", i), Before: noon}))
	}
	for i := range users {
		d.Users().Put(aUserOf(i))
	}
	runtime.GC() // as a replica is after a while, and not while the rest of a benchmark is being paid for
	return r
}

// BenchmarkLookup is what a warm check asks the directory, for a few users who
// come all the time.
func BenchmarkLookup(b *testing.B) {
	for _, users := range []int{1_000, 1_000_000} {
		b.Run(fmt.Sprint("users=", users), func(b *testing.B) {
			r := aDirectoryOf(b, users)
			const hot = 64
			var names, tokens, sessions [hot]string
			for i := range hot {
				names[i] = fmt.Sprintf("user-%07d", i*(users/hot))
				tokens[i], sessions[i] = fmt.Sprintf("8hJxkq2m1s9vQ0aZ%06d", i), fmt.Sprintf("k3v9x0q2m7s1a4d%06d", i)
			}
			after := noon.AddDate(0, 0, 1)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				n := i % hot
				u := r.User(names[n])
				if r.Subject(u).Grant.Has("nobody") || r.Revoked(tokens[n], sessions[n], u, after) {
					b.Fatal("wrong answer")
				}
			}
		})
	}
}

// BenchmarkMemory prints what a user costs on the heap, at rest and after each has
// made a request.
func BenchmarkMemory(b *testing.B) {
	const users = 1_000_000
	for b.Loop() {
		before := live()
		d, r := aRealm(b)
		for i := range users {
			d.Users().Put(aUserOf(i))
		}
		b.ReportMetric(float64(live()-before)/users, "B/user")
		for i := range users {
			r.Subject(r.User(fmt.Sprintf("user-%07d", i)))
		}
		b.ReportMetric(float64(live()-before)/users, "B/user-seen")
		runtime.KeepAlive(d)
	}
}

// live is the size of the live heap in bytes.
func live() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestAllocations holds that a look-up allocates nothing.
func TestAllocations(t *testing.T) {
	d, r := aRealm(t)
	d.Roles().Put(item("viewer", "v", 1, aRole("viewer")))
	d.Users().Put(item("ann", "1", 1, directory.User{Roles: []string{"viewer"}}))
	d.Revocations().Put(item("r", "r", 1, directory.Revocation{UserName: "ann", Before: noon}))
	got := testing.AllocsPerRun(100, func() {
		r := d.Realm(r.Namespace())
		u := r.User("ann")
		if s := r.Subject(u); !s.Grant.Has("viewer") || r.Revoked("t", "s", u, noon.AddDate(0, 0, 1)) {
			t.Error("wrong answer")
		}
	})
	if got != 0 {
		t.Errorf("a look-up makes %v allocations, want none", got)
	}
}
