package token_test

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/webhook/token"
)

func TestRing_Verify_by_state_of_the_generation(t *testing.T) {
	tokens := map[token.Type]string{}
	signer := aRing(t, token.ES256)
	for _, typ := range types {
		tokens[typ] = sign(t, signer, typ, alice(typ))
	}
	other := aGeneration("key-2", token.EdDSA, token.Active)
	withoutPublicKey := func(g *keyGeneration) { g.PublicKey = nil }
	for name, tt := range map[string]struct {
		document         keyDocument
		access, internal bool
	}{
		"an active one's tokens hold": {
			aDocument(aGeneration("key-1", token.ES256, token.Active)), true, true},
		"a next one's tokens hold: another replica may be ahead": {
			aDocument(other, aGeneration("key-1", token.ES256, token.Next)), true, true},
		"a retired one's tokens hold": {
			aDocument(other, aGeneration("key-1", token.ES256, token.Retired)), true, true},
		"a retired one that lost its public key holds what only Latchkey reads": {
			aDocument(other, aGeneration("key-1", token.ES256, token.Retired, withoutPublicKey)), false, true},
		"a retired one's tokens end when it expires": {
			aDocument(other, aGeneration("key-1", token.ES256, token.Retired, expiresAt(now))), false, false},
		"an active one does not end by its expiry: the leader may be away": {
			aDocument(aGeneration("key-1", token.ES256, token.Active, expiresAt(now))), true, true},
		"a removed one's tokens are dead": {
			aDocument(other), false, false},
		"a distrusted active one's tokens are dead": {
			aDocument(aGeneration("key-1", token.ES256, token.Active)).distrusting(now), false, false},
		"a distrusted next one's tokens are dead": {
			aDocument(other, aGeneration("key-1", token.ES256, token.Next)).distrusting(now), false, false},
		"a distrusted retired one's tokens are dead": {
			aDocument(other, aGeneration("key-1", token.ES256, token.Retired)).distrusting(now), false, false},
		"one made at the moment of distrust holds": {
			aDocument(aGeneration("key-1", token.ES256, token.Active, createdAt(now))).distrusting(now), true, true},
		"another realm's key of the same id is another key": {
			aDocument(aGeneration("key-1", token.ES256, token.Active, func(g *keyGeneration) {
				foreign := aGeneration("foreign", token.ES256, token.Active)
				g.SigningKey, g.PublicKey, g.InternalKey = foreign.SigningKey, foreign.PublicKey, foreign.InternalKey
			})), false, false},
	} {
		t.Run(name, func(t *testing.T) {
			ring := tt.document.ring(t, signer)
			for typ, want := range map[token.Type]bool{token.Access: tt.access, token.Refresh: tt.internal, token.Session: tt.internal, token.Device: tt.internal} {
				_, err := ring.Verify(tokens[typ], expecting(typ), now)
				if (err == nil) != want {
					t.Errorf("%s: got error %v, want it to hold: %t", typ, err, want)
				}
				if err != nil && !errors.Is(err, token.ErrInvalid) {
					t.Errorf("%s: got error %v, want ErrInvalid", typ, err)
				}
			}
		})
	}
}

func TestRing_signs_with_the_active_generation_only(t *testing.T) {
	ring := everyGeneration().ring(t, nil)

	raw := sign(t, ring, token.Access, alice(token.Access))

	if ring.ActiveKeyID() != "a-active" {
		t.Errorf("active key is %q", ring.ActiveKeyID())
	}
	alone := aDocument(aGeneration("a-active", token.ES256, token.Active)).ring(t, nil)
	if _, err := alone.Verify(raw, access, now); err != nil {
		t.Errorf("the active generation alone refuses the token: %v", err)
	}
}

func TestRing_whose_active_generation_is_distrusted_verifies_with_what_remains(t *testing.T) {
	moment := now.Add(-time.Hour)
	fresh := aGeneration("fresh", token.ES256, token.Active, createdAt(moment))
	held := sign(t, aDocument(fresh).ring(t, nil), token.Access, alice(token.Access))
	fresh.State = token.Next

	ring := aDocument(aGeneration("key-1", token.ES256, token.Active), fresh).distrusting(moment).ring(t, nil)

	if _, err := ring.Sign(token.Access, alice(token.Access)); !errors.Is(err, token.ErrNoActiveKey) {
		t.Errorf("signed: %v", err)
	}
	if ring.ActiveKeyID() != "" {
		t.Errorf("active key is %q", ring.ActiveKeyID())
	}
	if _, err := ring.Verify(held, access, now); err != nil {
		t.Error(err)
	}
}

func TestRing_JWKS(t *testing.T) {
	for name, tt := range map[string]struct {
		document   keyDocument
		ids        []string
		algorithms []token.Algorithm
	}{
		"public keys of every state are published, symmetric ones never": {everyGeneration(),
			[]string{"a-active", "b-next", "c-retired", "d-next", "g-retired"},
			[]token.Algorithm{token.ES256, token.EdDSA, token.RS256}},
		"a realm of HS256 publishes nothing": {aDocument(aGeneration("key-1", token.HS256, token.Active)), nil, nil},
		"distrusted keys are not published": {
			aDocument(aGeneration("key-1", token.ES256, token.Active), aGeneration("key-2", token.EdDSA, token.Next, createdAt(now))).distrusting(now),
			[]string{"key-2"}, []token.Algorithm{token.EdDSA}},
		"a retired generation without its public key is not published": {
			aDocument(aGeneration("key-1", token.ES256, token.Active), aGeneration("key-2", token.EdDSA, token.Retired, func(g *keyGeneration) { g.PublicKey = nil })),
			[]string{"key-1"}, []token.Algorithm{token.ES256}},
	} {
		t.Run(name, func(t *testing.T) {
			ring := tt.document.ring(t, nil)
			var set struct{ Keys []map[string]any }
			if err := json.Unmarshal(ring.JWKS(), &set); err != nil {
				t.Fatal(err)
			}
			var ids []string
			for _, key := range set.Keys {
				ids = append(ids, key["kid"].(string))
				for _, private := range []string{"d", "p", "q", "dp", "dq", "qi", "k"} {
					if _, ok := key[private]; ok {
						t.Errorf("key %s is published with its private member %q", key["kid"], private)
					}
				}
				if key["use"] != "sig" || key["alg"] == nil || key["kty"] == "oct" {
					t.Errorf("published key is %v", key)
				}
			}
			if !slices.Equal(ids, tt.ids) {
				t.Errorf("published %v, want %v", ids, tt.ids)
			}
			if !slices.Equal(ring.Algorithms(), tt.algorithms) {
				t.Errorf("algorithms are %v, want %v", ring.Algorithms(), tt.algorithms)
			}
			if len(tt.ids) == 0 && string(ring.JWKS()) != `{"keys":[]}` {
				t.Errorf("the empty set is %s", ring.JWKS())
			}
		})
	}
}

func TestRing_without_a_document_trusts_nothing(t *testing.T) {
	raw := sign(t, aRing(t, token.ES256), token.Access, alice(token.Access))
	for name, ring := range map[string]*token.Ring{"the zero ring": {}, "a nil ring": nil} {
		t.Run(name, func(t *testing.T) {
			if _, err := ring.Verify(raw, access, now); !errors.Is(err, token.ErrInvalid) {
				t.Errorf("verified: %v", err)
			}
			if _, err := token.NewCache(1).Verify(ring, raw, access, now); !errors.Is(err, token.ErrInvalid) {
				t.Errorf("verified by cache: %v", err)
			}
			if _, err := ring.Sign(token.Access, alice(token.Access)); !errors.Is(err, token.ErrNoActiveKey) {
				t.Errorf("signed: %v", err)
			}
			if string(ring.JWKS()) != `{"keys":[]}` || ring.ActiveKeyID() != "" || len(ring.Algorithms()) != 0 {
				t.Errorf("published %s, %q, %v", ring.JWKS(), ring.ActiveKeyID(), ring.Algorithms())
			}
		})
	}
}
