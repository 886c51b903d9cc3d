package token_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/latchkey-auth/latchkey/webhook/token"
)

func TestParseDocument(t *testing.T) {
	active := aGeneration("key-1", token.ES256, token.Active)
	edited := func(edit func(*keyGeneration)) []byte {
		return aDocument(aGeneration("key-1", token.ES256, token.Active, edit)).text()
	}
	replaced := func(old, replacement string) []byte {
		return bytes.Replace(aDocument(active).text(), []byte(old), []byte(replacement), 1)
	}
	for name, tt := range map[string]struct {
		data []byte
		want string // the whole error after its prefix; empty: accepted
	}{
		"one active generation is enough":       {aDocument(active).text(), ""},
		"all states and algorithms go together": {everyGeneration().text(), ""},
		"a retired generation may have lost its public key too": {
			aDocument(active, aGeneration("old", token.EdDSA, token.Retired, func(g *keyGeneration) { g.PublicKey = nil })).text(), ""},
		"a retired HS256 generation may have lost its signing key": {
			aDocument(active, aGeneration("old", token.HS256, token.Retired, func(g *keyGeneration) { g.SigningKey = nil })).text(), ""},
		"an active generation may be distrusted: that is for the leader to judge": {
			aDocument(active).distrusting(now).text(), ""},

		"nothing is not a document":            {nil, "byte 0: not JSON"},
		"what follows the document is refused": {append(aDocument(active).text(), "{}"...), fmt.Sprintf("byte %d: not JSON", len(aDocument(active).text()))},
		"an array is not a document":           {[]byte(`[]`), ": a value of the wrong type or form"},
		"another version is refused":           {replaced(`"version":1`, `"version":2`), "version: must be 1, not 2"},
		"no version is refused":                {replaced(`"version":1,`, ``), "version: must be 1, not 0"},
		"an unknown member is refused":         {replaced(`"version":1`, `"version":1,"note":"x"`), "byte 13: unknown member"},
		"a duplicate member is refused":        {replaced(`"version":1`, `"version":1,"version":1`), "byte 13: duplicate member"},
		"a case-folded member is refused":      {replaced(`"version":1`, `"Version":1`), "byte 1: unknown member"},
		"a key in the wrong place is not quoted": {replaced(`"version":1`, `"version":1,"c2VjcmV0LWtleQ":"c2VjcmV0LWtleQ"`),
			"byte 13: unknown member"},
		"a key of the wrong type is not quoted": {replaced(`"createdAt":"2025`, `"createdAt":"c2VjcmV0LWtleQ`),
			"/generations/0/createdAt: a value of the wrong type or form"},

		"no generations are refused": {aDocument().text(), "generations: exactly one must be active, not 0 of 0"},
		"a document without an active generation is refused": {aDocument(aGeneration("a", token.ES256, token.Next)).text(),
			"generations: exactly one must be active, not 0 of 1"},
		"two active generations are refused": {aDocument(active, aGeneration("b", token.ES256, token.Active)).text(),
			"generations: exactly one must be active, not 2 of 2"},
		"ids are unique": {aDocument(active, aGeneration("key-1", token.EdDSA, token.Next)).text(),
			"generations[1] key-1: id: is that of another generation too"},

		"an id that needs escaping is refused": {edited(func(g *keyGeneration) { g.ID = `a"b` }),
			"generations[0]: id: must be 1 to 64 characters of A-Z, a-z, 0-9, _ and -"},
		"a missing id is refused": {edited(func(g *keyGeneration) { g.ID = "" }),
			"generations[0]: id: must be 1 to 64 characters of A-Z, a-z, 0-9, _ and -"},
		"a long id is refused": {edited(func(g *keyGeneration) { g.ID = strings.Repeat("k", 65) }),
			"generations[0]: id: must be 1 to 64 characters of A-Z, a-z, 0-9, _ and -"},
		"algorithm none is refused": {edited(func(g *keyGeneration) { g.Algorithm = "none" }),
			"generations[0] key-1: algorithm: must be ES256, EdDSA, RS256 or HS256"},
		"an unknown state is refused": {edited(func(g *keyGeneration) { g.State = "ACTIVE" }),
			"generations[0] key-1: state: must be next, active or retired"},
		"a missing time is refused": {edited(func(g *keyGeneration) { g.CreatedAt = time.Time{} }),
			"generations[0] key-1: createdAt: is missing or not within the years 1 to 9999"},
		"a time that ends after the year 9999 is refused": {
			replaced(`"expiresAt":"2026-01-02T12:00:00Z"`, `"expiresAt":"9999-12-31T23:00:00-05:00"`),
			"generations[0] key-1: expiresAt: is missing or not within the years 1 to 9999"},
		"a distrustBefore after the year 9999 is refused": {
			replaced(`"version":1`, `"version":1,"distrustBefore":"9999-12-31T23:00:00-05:00"`),
			"distrustBefore: is not within the years 1 to 9999"},

		"a missing signing key is refused": {edited(func(g *keyGeneration) { g.SigningKey = nil }),
			"generations[0] key-1: signingKey: is missing; only a retired generation has none"},
		"a missing public key is refused": {edited(func(g *keyGeneration) { g.PublicKey = nil }),
			"generations[0] key-1: publicKey: is missing, or does not belong to the signingKey"},
		"a missing HS256 key is refused": {
			aDocument(aGeneration("key-1", token.HS256, token.Active, func(g *keyGeneration) { g.SigningKey = nil })).text(),
			"generations[0] key-1: signingKey: is missing; only a retired generation has none"},
		"a private key in a retired generation is refused": {
			aDocument(active, aGeneration("old", token.ES256, token.Retired, func(g *keyGeneration) { g.SigningKey = pkcs8(rawKey(token.ES256, "old")) })).text(),
			"generations[1] old: signingKey: must be dropped on retirement"},
		"a public key of another pair is refused": {edited(func(g *keyGeneration) { g.PublicKey = aGeneration("b", token.ES256, token.Next).PublicKey }),
			"generations[0] key-1: publicKey: is missing, or does not belong to the signingKey"},
		"an algorithm that isn't the key's is refused": {edited(func(g *keyGeneration) { g.Algorithm = token.EdDSA }),
			"generations[0] key-1: signingKey, publicKey: not a key for EdDSA"},
		"key pairs for HS256 are refused": {edited(func(g *keyGeneration) { g.Algorithm = token.HS256 }),
			"generations[0] key-1: publicKey: there is none for HS256"},
		"a curve other than P-256 is refused": {edited(func(g *keyGeneration) { usePair(g, p384Key(t)) }),
			"generations[0] key-1: signingKey, publicKey: not a key for ES256"},
		"an RSA key of 1024 bits is refused": {
			aDocument(aGeneration("key-1", token.RS256, token.Active, func(g *keyGeneration) { usePair(g, rsa1024Key(t)) })).text(),
			"generations[0] key-1: signingKey, publicKey: not a key for RS256"},
		"an RSA key with another exponent than 65537 is refused": {
			aDocument(active, aGeneration("old", token.RS256, token.Retired, func(g *keyGeneration) {
				g.PublicKey = pkix(&rsa.PublicKey{N: rawRSA().N, E: 3})
			})).text(),
			"generations[1] old: signingKey, publicKey: not a key for RS256"},
		"bytes that are no private key are refused": {edited(func(g *keyGeneration) { g.SigningKey = []byte("canary") }),
			"generations[0] key-1: signingKey: not a private key in PKCS#8 DER"},
		"bytes that are no public key are refused": {edited(func(g *keyGeneration) { g.PublicKey = []byte("canary") }),
			"generations[0] key-1: publicKey: not a public key in PKIX DER"},
		"an HS256 key of 31 bytes is refused": {
			aDocument(aGeneration("key-1", token.HS256, token.Active, func(g *keyGeneration) { g.SigningKey = g.SigningKey[:31] })).text(),
			"generations[0] key-1: signingKey, publicKey: not a key for HS256"},
		"an internal key of 31 bytes is refused": {edited(func(g *keyGeneration) { g.InternalKey = g.InternalKey[:31] }),
			"generations[0] key-1: internalKey: must be 32 bytes"},
		"a missing internal key is refused": {edited(func(g *keyGeneration) { g.InternalKey = nil }),
			"generations[0] key-1: internalKey: must be 32 bytes"},
		"an internal key that is the HS256 key is refused": {
			aDocument(aGeneration("key-1", token.HS256, token.Active, func(g *keyGeneration) { g.InternalKey = g.SigningKey })).text(),
			"generations[0] key-1: internalKey: must not be the signingKey, which others may hold"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := token.ParseDocument(tt.data)

			got := ""
			if err != nil {
				got = strings.TrimPrefix(err.Error(), "parse key document: ")
			}
			if got != tt.want {
				t.Errorf("got error %q, want %q", got, tt.want)
			}
		})
	}
}

func TestDocument_Marshal_is_what_ParseDocument_reads(t *testing.T) {
	text := everyGeneration().distrusting(now.Add(-100 * time.Hour)).text()
	parsed, err := token.ParseDocument(text)
	if err != nil {
		t.Fatal(err)
	}

	marshalled, err := parsed.Marshal()
	if err != nil {
		t.Fatal(err)
	}

	if !bytes.Equal(marshalled, text) {
		t.Errorf("Marshal changed the document:\n%s\nwas\n%s", marshalled, text)
	}
}

func TestDocument_Marshal_refuses_what_ParseDocument_would(t *testing.T) {
	valid := aDocument(aGeneration("key-1", token.ES256, token.Active)).parse(t)
	edited := func(edit func(*token.Generation)) token.Document {
		g := valid.Generations[0]
		edit(&g)
		return token.Document{Generations: []token.Generation{g}}
	}
	for name, document := range map[string]token.Document{
		"the zero document": {},
		"a generation without keys": edited(func(g *token.Generation) {
			*g = token.Generation{ID: g.ID, State: g.State, Algorithm: g.Algorithm, CreatedAt: now, ActivatesAt: now, ExpiresAt: now}
		}),
		"another algorithm than the keys'":              edited(func(g *token.Generation) { g.Algorithm = token.RS256 }),
		"a retired generation that Retire did not make": {Generations: []token.Generation{valid.Generations[0], edited(func(g *token.Generation) { g.ID, g.State = "old", token.Retired }).Generations[0]}},
		"an active generation whose key Retire dropped": edited(func(g *token.Generation) { *g = g.Retire(now); g.State = token.Active }),
		"an active generation without its public key": {Generations: []token.Generation{func() token.Generation {
			g := valid.Generations[0].Retire(now).EndAccess()
			g.State = token.Active
			return g
		}()}},
		"a document without an active generation": edited(func(g *token.Generation) { *g = g.Retire(now) }),
	} {
		t.Run(name, func(t *testing.T) {
			if text, err := document.Marshal(); err == nil {
				t.Errorf("marshalled to %s", text)
			}
			if _, err := token.NewRing(document, nil); err == nil {
				t.Error("made a ring")
			}
		})
	}
}

func TestDocument_tells_the_leader_what_to_judge(t *testing.T) {
	document := aDocument(
		aGeneration("old", token.ES256, token.Retired, createdAt(now.Add(-3*time.Hour))),
		aGeneration("current", token.ES256, token.Active, createdAt(now.Add(-2*time.Hour))),
		aGeneration("coming", token.ES256, token.Next, createdAt(now.Add(-time.Hour))),
	).distrusting(now.Add(-2 * time.Hour)).parse(t)

	active, ok := document.Active()
	if !ok || active.ID != "current" {
		t.Errorf("active generation is %q, %t", active.ID, ok)
	}
	for i, want := range []bool{true, false, false} { // what was made at that very moment is trusted
		if got := document.Distrusts(document.Generations[i]); got != want {
			t.Errorf("distrusts %s: %t, want %t", document.Generations[i].ID, got, want)
		}
	}
	if _, ok := (token.Document{}).Active(); ok {
		t.Error("the zero document has an active generation")
	}
}

func TestNewGeneration(t *testing.T) {
	for _, alg := range algorithms {
		t.Run(string(alg)+" signs, verifies and survives its document", func(t *testing.T) {
			g, err := token.NewGeneration(alg, token.Active, now, now, now.Add(time.Hour), rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			text, err := token.Document{Generations: []token.Generation{g}}.Marshal()
			if err != nil {
				t.Fatal(err)
			}
			document, err := token.ParseDocument(text)
			if err != nil {
				t.Fatal(err)
			}
			if document.Generations[0].ID != g.ID || len(g.ID) < 16 { // 16 characters of base64url are 96 bits
				t.Errorf("id is %q, was %q", document.Generations[0].ID, g.ID)
			}
			ring, err := token.NewRing(document, nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := ring.Verify(sign(t, ring, token.Access, alice(token.Access)), access, now); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestNewGeneration_refuses(t *testing.T) {
	for name, tt := range map[string]struct {
		alg   token.Algorithm
		state token.State
	}{
		"an unknown algorithm":         {alg: "none", state: token.Active},
		"the zero algorithm":           {state: token.Active},
		"an unknown state":             {alg: token.ES256, state: "soon"},
		"to make a retired generation": {alg: token.ES256, state: token.Retired},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := token.NewGeneration(tt.alg, tt.state, now, now, now, rand.Reader); err == nil {
				t.Error("made it")
			}
		})
	}
	t.Run("a source of randomness that fails", func(t *testing.T) {
		broken := errors.New("no entropy")
		for _, alg := range algorithms {
			if _, err := token.NewGeneration(alg, token.Active, now, now, now, iotest.ErrReader(broken)); !errors.Is(err, broken) {
				t.Errorf("%s: got error %v", alg, err)
			}
		}
	})
}

func TestGeneration_Retire_drops_the_private_key(t *testing.T) {
	for _, alg := range algorithms {
		t.Run(string(alg), func(t *testing.T) {
			parsed := aDocument(aGeneration("key-1", alg, token.Active), aGeneration("key-2", token.ES256, token.Next)).parse(t)
			retired := parsed.Generations[0].Retire(now.Add(time.Hour))
			parsed.Generations[1].State = token.Active

			text, err := token.Document{Generations: []token.Generation{retired, parsed.Generations[1]}}.Marshal()
			if err != nil {
				t.Fatal(err)
			}

			want := aDocument(
				aGeneration("key-1", alg, token.Retired, expiresAt(now.Add(time.Hour))),
				aGeneration("key-2", token.ES256, token.Active),
			).text()
			if !bytes.Equal(text, want) {
				t.Errorf("got %s, want %s", text, want)
			}
		})
	}
}

func TestGeneration_EndAccess_drops_what_verifies_access_tokens(t *testing.T) {
	for _, alg := range algorithms {
		t.Run(string(alg), func(t *testing.T) {
			parsed := aDocument(aGeneration("key-1", alg, token.Retired), aGeneration("key-2", token.ES256, token.Active)).parse(t)
			if !parsed.Generations[0].VerifiesAccess() {
				t.Fatal("a retired generation verifies access tokens until told otherwise")
			}

			ended := parsed.Generations[0].EndAccess()

			if ended.VerifiesAccess() || !parsed.Generations[0].VerifiesAccess() {
				t.Errorf("verifies access tokens: %t, and the original %t", ended.VerifiesAccess(), parsed.Generations[0].VerifiesAccess())
			}
			text, err := token.Document{Generations: []token.Generation{ended, parsed.Generations[1]}}.Marshal()
			if err != nil {
				t.Fatal(err)
			}
			want := aDocument(
				aGeneration("key-1", alg, token.Retired, func(g *keyGeneration) { g.SigningKey, g.PublicKey = nil, nil }),
				aGeneration("key-2", token.ES256, token.Active),
			).text()
			if !bytes.Equal(text, want) {
				t.Errorf("got %s, want %s", text, want)
			}
		})
	}
	t.Run("what isn't retired keeps it, since it signs", func(t *testing.T) {
		parsed := aDocument(aGeneration("key-1", token.ES256, token.Active), aGeneration("key-2", token.HS256, token.Next)).parse(t)
		for _, g := range parsed.Generations {
			if !g.EndAccess().VerifiesAccess() {
				t.Errorf("the %s generation lost it", g.State)
			}
		}
	})
	t.Run("the zero generation has none", func(t *testing.T) {
		if (token.Generation{}).VerifiesAccess() || (token.Generation{State: token.Retired}).EndAccess().VerifiesAccess() {
			t.Error("it verifies")
		}
	})
}

// everyGeneration is a document with each algorithm and each state.
func everyGeneration() keyDocument {
	return aDocument(
		aGeneration("a-active", token.ES256, token.Active),
		aGeneration("b-next", token.EdDSA, token.Next),
		aGeneration("c-retired", token.RS256, token.Retired),
		aGeneration("d-next", token.RS256, token.Next),
		aGeneration("e-next", token.HS256, token.Next),
		aGeneration("f-retired", token.HS256, token.Retired),
		aGeneration("g-retired", token.ES256, token.Retired),
	)
}

type keyPair interface {
	*ecdsa.PrivateKey | *rsa.PrivateKey
}

func usePair[K keyPair](g *keyGeneration, key K) {
	g.SigningKey = pkcs8(key)
	switch key := any(key).(type) {
	case *ecdsa.PrivateKey:
		g.PublicKey = pkix(key.Public())
	case *rsa.PrivateKey:
		g.PublicKey = pkix(key.Public())
	}
}

func p384Key(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func rsa1024Key(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	return key
}
