package token_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/webhook/token"
)

// A hit shows in that the very same claims are returned.

func TestCache_remembers_a_token_as_long_as_its_key_is_trusted(t *testing.T) {
	key := aGeneration("key-1", token.ES256, token.Active)
	successor := aGeneration("key-2", token.EdDSA, token.Active)
	state := func(s token.State) keyGeneration { return aGeneration("key-1", token.ES256, s) }
	first := aDocument(key).ring(t, nil)
	raw := sign(t, first, token.Access, alice(token.Access))
	for name, tt := range map[string]struct {
		document keyDocument
		previous *token.Ring
		hit      bool
		want     error
	}{
		"the same document again":                   {aDocument(key), first, true, nil},
		"the key was retired":                       {aDocument(successor, state(token.Retired)), first, true, nil},
		"a next key was added":                      {aDocument(key, aGeneration("key-3", token.EdDSA, token.Next)), first, true, nil},
		"the same keys in a ring of another origin": {aDocument(key), nil, false, nil},
		"the retired key has expired":               {aDocument(successor, aGeneration("key-1", token.ES256, token.Retired, expiresAt(now))), first, false, token.ErrInvalid},
		"the key was removed":                       {aDocument(successor), first, false, token.ErrInvalid},
		"the key was distrusted":                    {aDocument(key).distrusting(now), first, false, token.ErrInvalid},
		"another key has taken the id": {aDocument(aGeneration("key-1", token.ES256, token.Active, func(g *keyGeneration) {
			other := aGeneration("other", token.ES256, token.Active)
			g.SigningKey, g.PublicKey = other.SigningKey, other.PublicKey
		})), first, false, token.ErrInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			cache := token.NewCache(10)
			before, err := cache.Verify(first, raw, access, now)
			if err != nil {
				t.Fatal(err)
			}
			ring := tt.document.ring(t, tt.previous)

			after, err := cache.Verify(ring, raw, access, now)

			if !errors.Is(err, tt.want) || (after == before) != tt.hit {
				t.Errorf("got error %v, hit: %t; want %v, %t", err, after == before, tt.want, tt.hit)
			}
		})
	}
}

func TestCache_keeps_identity_over_many_documents(t *testing.T) {
	key := aGeneration("key-1", token.ES256, token.Active)
	ring := aDocument(key).ring(t, nil)
	raw := sign(t, ring, token.Access, alice(token.Access))
	cache := token.NewCache(10)
	before, err := cache.Verify(ring, raw, access, now)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		ring = aDocument(key, aGeneration(fmt.Sprint("next-", i), token.EdDSA, token.Next)).ring(t, ring)
	}
	if after, err := cache.Verify(ring, raw, access, now); after != before {
		t.Errorf("forgotten: %v", err)
	}
}

func TestCache_serves_realms_without_mixing_them(t *testing.T) {
	ours := aRing(t, token.ES256)
	theirs := aDocument(aGeneration("key-1", token.ES256, token.Active, func(g *keyGeneration) { // kid and issuer are the same
		other := aGeneration("theirs", token.ES256, token.Active)
		g.SigningKey, g.PublicKey, g.InternalKey = other.SigningKey, other.PublicKey, other.InternalKey
	})).ring(t, nil)
	raw := sign(t, ours, token.Access, alice(token.Access))
	cache := token.NewCache(10)
	for range 3 {
		if _, err := cache.Verify(ours, raw, access, now); err != nil {
			t.Error(err)
		}
		if _, err := cache.Verify(theirs, raw, access, now); !errors.Is(err, token.ErrInvalid) {
			t.Errorf("another realm took it: %v", err)
		}
	}
}

func TestCache_judges_a_hit_anew(t *testing.T) {
	ring := aRing(t, token.ES256)
	raw := sign(t, ring, token.Access, alice(token.Access))
	with := func(edit func(*token.Expect)) token.Expect {
		e := access
		edit(&e)
		return e
	}
	for name, tt := range map[string]struct {
		expect token.Expect
		at     time.Time
		want   error
	}{
		"it still holds":            {access, now.Add(time.Minute), nil},
		"it has expired since":      {access, now.Add(30 * time.Minute), token.ErrExpired},
		"another issuer is asked":   {with(func(e *token.Expect) { e.Issuer += "/" }), now, token.ErrInvalid},
		"no issuer is asked":        {with(func(e *token.Expect) { e.Issuer = "" }), now, token.ErrInvalid},
		"another audience is asked": {with(func(e *token.Expect) { e.Audiences = []string{"https://other.example.com"} }), now, token.ErrInvalid},
		"another type is asked":     {with(func(e *token.Expect) { e.Type = token.Session }), now, token.ErrInvalid},
		"the clock was set back":    {access, now.Add(-time.Hour), token.ErrInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			cache := token.NewCache(10)
			if _, err := cache.Verify(ring, raw, access, now); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if _, err := cache.Verify(ring, raw, tt.expect, tt.at); !errors.Is(err, tt.want) {
					t.Errorf("got error %v, want %v", err, tt.want)
				}
			}
		})
	}
}

func TestCache_keeps_only_what_holds(t *testing.T) {
	ring := aRing(t, token.ES256)
	raw := sign(t, ring, token.Access, alice(token.Access))
	cache := token.NewCache(10)
	if _, err := cache.Verify(ring, raw, access, now.Add(time.Hour)); !errors.Is(err, token.ErrExpired) {
		t.Fatal(err)
	}
	first, err := cache.Verify(ring, raw, access, now)
	if err != nil {
		t.Fatal(err)
	}
	if second, _ := cache.Verify(ring, raw, access, now); second != first {
		t.Error("a valid token was not kept")
	}
	if _, err := cache.Verify(ring, raw, access, now.Add(time.Hour)); !errors.Is(err, token.ErrExpired) {
		t.Fatal(err)
	}
	if third, _ := cache.Verify(ring, raw, access, now); third == first {
		t.Error("an expired token was kept")
	}
}

func TestCache_does_not_hold_on_to_the_buffer_of_a_request(t *testing.T) {
	ring := aRing(t, token.ES256)
	raw := sign(t, ring, token.Access, alice(token.Access))
	cache := token.NewCache(10)
	header := "Bearer " + raw // as large as a header may be
	first, err := cache.Verify(ring, header[len("Bearer "):], access, now)
	if err != nil {
		t.Fatal(err)
	}
	if second, _ := cache.Verify(ring, strings.Clone(raw), access, now); second != first {
		t.Error("the same text in another buffer is another token")
	}
}

func TestCache_allocates_nothing_on_a_hit(t *testing.T) {
	ring := aRing(t, token.ES256)
	raw := sign(t, ring, token.Access, alice(token.Access))
	cache := token.NewCache(10)
	if _, err := cache.Verify(ring, raw, access, now); err != nil {
		t.Fatal(err)
	}
	if got := testing.AllocsPerRun(1000, func() { _, _ = cache.Verify(ring, raw, access, now) }); got != 0 {
		t.Errorf("%v allocations a hit", got)
	}
}

func TestCache_without_room_verifies_each_time(t *testing.T) {
	ring := aRing(t, token.ES256)
	raw := sign(t, ring, token.Access, alice(token.Access))
	for name, cache := range map[string]*token.Cache{
		"none": token.NewCache(0), "less than none": token.NewCache(-1), "the zero cache": {}, "a nil cache": nil,
	} {
		t.Run(name, func(t *testing.T) {
			first, err := cache.Verify(ring, raw, access, now)
			if err != nil {
				t.Fatal(err)
			}
			if second, err := cache.Verify(ring, raw, access, now); err != nil || second == first {
				t.Errorf("remembered, or error %v", err)
			}
			if _, err := cache.Verify(ring, raw, access, now.Add(time.Hour)); !errors.Is(err, token.ErrExpired) {
				t.Error(err)
			}
		})
	}
}

func TestCache_under_rotation_never_accepts_what_is_distrusted(t *testing.T) {
	key := aGeneration("key-1", token.EdDSA, token.Active)
	trusting := aDocument(key).ring(t, nil)
	distrusting := aDocument(key, aGeneration("key-2", token.EdDSA, token.Next, createdAt(now))).distrusting(now).ring(t, trusting)
	cache := token.NewCache(50)
	tokens := make([]string, 100) // more than fit
	for i := range tokens {
		claims := alice(token.Access)
		claims.ID = fmt.Sprint(i)
		tokens[i] = sign(t, trusting, token.Access, claims)
	}
	start := make(chan struct{})
	var workers sync.WaitGroup
	for range 8 {
		workers.Go(func() {
			<-start
			for i, raw := range tokens {
				claims, err := cache.Verify(trusting, raw, access, now)
				if err != nil || claims.ID != fmt.Sprint(i) {
					t.Errorf("got %v, error %v, want jti %d", claims, err, i)
				}
				if _, err := cache.Verify(distrusting, raw, access, now); !errors.Is(err, token.ErrInvalid) {
					t.Errorf("a distrusted key's token held: %v", err)
				}
			}
		})
	}
	close(start)
	workers.Wait()
}
