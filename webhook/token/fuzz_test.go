package token_test

import (
	"bytes"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/webhook/token"
)

// FuzzParseDocument holds that nothing makes ParseDocument panic, that what it
// accepts survives Marshal unchanged, and that what is accepted makes a Ring.
func FuzzParseDocument(f *testing.F) {
	f.Add(aDocument(
		aGeneration("key-1", token.ES256, token.Active), aGeneration("key-2", token.EdDSA, token.Next),
		aGeneration("key-3", token.HS256, token.Retired), aGeneration("key-4", token.ES256, token.Retired),
	).distrusting(now).text())
	f.Fuzz(func(t *testing.T, data []byte) {
		document, err := token.ParseDocument(data)
		if err != nil {
			return
		}
		first, err := document.Marshal()
		if err != nil {
			t.Fatalf("parsed, but can't be marshalled: %v", err)
		}
		again, err := token.ParseDocument(first)
		if err != nil {
			t.Fatalf("marshalled, but can't be parsed: %v\n%s", err, first)
		}
		second, err := again.Marshal()
		if err != nil || !bytes.Equal(first, second) {
			t.Fatalf("changed from\n%s\nto\n%s\nerror %v", first, second, err)
		}
		if !document.DistrustBefore.Equal(again.DistrustBefore) || len(document.Generations) != len(again.Generations) {
			t.Fatalf("changed by\n%s", first)
		}
		if _, err := token.NewRing(document, nil); err != nil {
			t.Fatalf("parsed, but makes no ring: %v", err)
		}
	})
}

// FuzzVerify holds that nothing makes Verify panic, and that a token which is
// accepted says exactly what one of those that were signed says, under the same
// header: nobody but the key's holder makes a token.
func FuzzVerify(f *testing.F) {
	ring := aDocument(
		aGeneration("key-1", token.ES256, token.Active), aGeneration("key-2", token.EdDSA, token.Next),
	).ring(f, nil)
	coming := aRingOf(f, "key-2", token.EdDSA)
	signed := []string{
		sign(f, ring, token.Access, alice(token.Access)),
		sign(f, ring, token.Refresh, alice(token.Refresh)),
		sign(f, ring, token.Session, alice(token.Session)),
		sign(f, ring, token.Device, alice(token.Device)),
		sign(f, coming, token.Access, alice(token.Access)),
	}
	genuine := map[string]token.Claims{} // by header
	for i, typ := range append(slices.Clone(types), token.Access) {
		f.Add(signed[i])
		genuine[headerOf(signed[i])] = alice(typ)
	}
	cache := token.NewCache(100)
	f.Fuzz(func(t *testing.T, raw string) {
		for _, typ := range types {
			got, err := ring.Verify(raw, expecting(typ), now)
			cached, cachedErr := cache.Verify(ring, raw, expecting(typ), now)
			if (err == nil) != (cachedErr == nil) || !reflect.DeepEqual(got, cached) {
				t.Fatalf("%s: ring says %v, %v; cache says %v, %v", typ, got, err, cached, cachedErr)
			}
			if err != nil {
				if !errors.Is(err, token.ErrInvalid) && !errors.Is(err, token.ErrExpired) {
					t.Fatalf("%s: got error %v", typ, err)
				}
				continue
			}
			if want, ok := genuine[headerOf(raw)]; !ok || !reflect.DeepEqual(*got, want) {
				t.Fatalf("%s: took %q for %+v", typ, raw, *got)
			}
		}
	})
}

// FuzzSign holds that verify(sign(x)) = x, for every type, or that x is refused.
func FuzzSign(f *testing.F) {
	f.Add(issuer, "uid-alice", issuer, "latchkey", "jti-1", "sid-1", "alice", "editor,viewer", now.Unix(), int64(1800), int64(1))
	ring := aRing(f, token.EdDSA)
	f.Fuzz(func(t *testing.T, iss, sub, aud, client, jti, sid, username, roles string, iat, ttl, gen int64) {
		for _, typ := range types {
			want := token.Claims{
				Issuer: iss, Subject: sub, ClientID: client, ID: jti, SessionID: sid, Username: username,
				IssuedAt: time.Unix(iat, 0).UTC(), ExpiresAt: time.Unix(iat+ttl, 0).UTC(), AuthTime: time.Unix(iat, 0).UTC(),
			}
			switch typ {
			case token.Access:
				want.Audience, want.Roles = []string{aud}, strings.Split(roles, ",")
			case token.Refresh:
				want.Generation = gen
			case token.Device:
				want.SessionID = ""
			}
			raw, err := ring.Sign(typ, want)
			if err != nil {
				continue
			}
			got, err := ring.Verify(raw, token.Expect{Type: typ, Issuer: iss, Audiences: want.Audience}, want.IssuedAt)
			if err != nil {
				t.Fatalf("%s: signed, but refused: %v", typ, err)
			}
			if got.RolesOmitted && typ == token.Access {
				want.Roles, want.RolesOmitted = nil, true
			}
			if !reflect.DeepEqual(*got, want) {
				t.Fatalf("%s: got %+v, want %+v", typ, *got, want)
			}
		}
	})
}

func aRingOf(t testing.TB, id string, alg token.Algorithm) *token.Ring {
	t.Helper()
	return aDocument(aGeneration(id, alg, token.Active)).ring(t, nil)
}

func headerOf(raw string) string {
	header, _, _ := strings.Cut(raw, ".")
	return header
}
