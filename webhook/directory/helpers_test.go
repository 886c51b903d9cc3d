package directory_test

import (
	"crypto/rand"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/webhook/directory"
	"github.com/latchkey-auth/latchkey/webhook/policy"
	"github.com/latchkey-auth/latchkey/webhook/token"
)

const team = "team" // the namespace of most tests

// noon is a moment that tests count from.
var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func item[T any](name, uid string, v directory.Version, value T) directory.Item[T] {
	return directory.Item[T]{Namespace: team, Name: name, UID: uid, Version: v, Value: value}
}

// aRealm returns the realm of team in a directory that holds its Realm object.
func aRealm(t testing.TB) (*directory.Directory, *directory.Realm) {
	t.Helper()
	d := directory.New()
	d.Settings().Put(item("default", "realm-uid", 1, directory.Settings{Issuer: "https://auth.example.com"}))
	r := d.Realm(team)
	if r == nil {
		t.Fatal("the realm isn't there although its object is")
	}
	return d, r
}

func aRole(name string, includes ...string) policy.Role {
	return policy.Role{Name: name, Includes: includes, Rules: []policy.Rule{
		{Hosts: []string{"*"}, Paths: []string{"/" + name}, Methods: []string{"GET"}},
	}}
}

// allows reports whether s may GET path.
func allows(t testing.TB, s *directory.Subject, path string) bool {
	t.Helper()
	request, err := policy.NewRequest("GET", "app.example.com", path)
	if err != nil {
		t.Fatal(err)
	}
	return policy.Decide(s.Grant, request).Allowed
}

// aDocument returns a key document with one active generation.
func aDocument(t testing.TB) token.Document {
	t.Helper()
	g, err := token.NewGeneration(token.ES256, token.Active, noon, noon, noon.Add(time.Hour), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return token.Document{Generations: []token.Generation{g}}
}
