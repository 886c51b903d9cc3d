package token_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/webhook/token"
)

func TestSign_makes_what_Verify_reads(t *testing.T) {
	for _, alg := range algorithms {
		for _, typ := range types {
			t.Run(fmt.Sprintf("%s with %s", typ, alg), func(t *testing.T) {
				ring := aRing(t, alg)
				want := alice(typ)

				got, err := ring.Verify(sign(t, ring, typ, want), expecting(typ), now)

				if err != nil {
					t.Fatal(err)
				}
				if !reflect.DeepEqual(*got, want) {
					t.Errorf("got %+v, want %+v", *got, want)
				}
			})
		}
	}
}

func TestSign_writes_RFC_9068(t *testing.T) {
	ring := aRing(t, token.ES256)
	for typ, want := range map[token.Type][2]string{
		token.Access: {`{"alg":"ES256","kid":"key-1","typ":"at+jwt"}`,
			`{"iss":"https://auth.example.com","sub":"uid-alice","aud":["https://auth.example.com"],"client_id":"latchkey",` +
				`"iat":1767268800,"exp":1767270600,"auth_time":1767265200,"jti":"jti-1","sid":"sid-1","preferred_username":"alice",` +
				`"roles":["editor","viewer"]}`},
		token.Refresh: {`{"alg":"HS256","kid":"key-1","typ":"rt+jwt"}`,
			`{"iss":"https://auth.example.com","sub":"uid-alice","client_id":"latchkey",` +
				`"iat":1767268800,"exp":1767270600,"auth_time":1767265200,"jti":"jti-1","sid":"sid-1","preferred_username":"alice","gen":1}`},
		token.Session: {`{"alg":"HS256","kid":"key-1","typ":"session+jwt"}`,
			`{"iss":"https://auth.example.com","sub":"uid-alice","client_id":"latchkey",` +
				`"iat":1767268800,"exp":1767270600,"auth_time":1767265200,"jti":"jti-1","sid":"sid-1","preferred_username":"alice"}`},
		token.Device: {`{"alg":"HS256","kid":"key-1","typ":"device+jwt"}`,
			`{"iss":"https://auth.example.com","sub":"uid-alice","client_id":"latchkey",` +
				`"iat":1767268800,"exp":1767270600,"auth_time":1767265200,"jti":"jti-1","preferred_username":"alice"}`},
	} {
		t.Run(string(typ), func(t *testing.T) {
			everything := alice(token.Access) // of which the type takes what it carries
			everything.Generation = 1

			segments := strings.Split(sign(t, ring, typ, everything), ".")

			for i, segment := range segments[:2] {
				text, err := base64.RawURLEncoding.DecodeString(segment)
				if err != nil || string(text) != want[i] {
					t.Errorf("segment %d is %s, %v; want %s", i, text, err, want[i])
				}
			}
		})
	}
}

func TestSign_leaves_out_roles(t *testing.T) {
	ring := aRing(t, token.ES256)
	names := func(count, length int) []string {
		roles := make([]string, count)
		for i := range roles {
			roles[i] = fmt.Sprintf("%0*d", length, i)
		}
		return roles
	}
	for name, tt := range map[string]struct {
		edit    func(*token.Claims)
		omitted bool
	}{
		"not if there are none":             {func(c *token.Claims) { c.Roles = []string{} }, false},
		"not at 2 KiB":                      {func(c *token.Claims) { c.Roles = append(names(31, 61), strings.Repeat("r", 59)) }, false},
		"above 2 KiB":                       {func(c *token.Claims) { c.Roles = append(names(31, 61), strings.Repeat("r", 64)) }, true},
		"where the token would be too long": {func(c *token.Claims) { c.Roles, c.Audience[0] = names(30, 61), strings.Repeat("a", 900) }, true},
		"when told so":                      {func(c *token.Claims) { c.RolesOmitted = true }, true},
	} {
		t.Run(name, func(t *testing.T) {
			claims := alice(token.Access)
			tt.edit(&claims)

			got, err := ring.Verify(sign(t, ring, token.Access, claims), token.Expect{Type: token.Access, Issuer: issuer, Audiences: claims.Audience}, now)

			if err != nil {
				t.Fatal(err)
			}
			if got.RolesOmitted != tt.omitted || tt.omitted != (got.Roles == nil) || !tt.omitted && !reflect.DeepEqual(got.Roles, claims.Roles) {
				t.Errorf("omitted: %t, roles: %v", got.RolesOmitted, got.Roles)
			}
		})
	}
}

func TestSign_refuses(t *testing.T) {
	ring := aRing(t, token.ES256)
	for name, tt := range map[string]struct {
		typ  token.Type
		edit func(*token.Claims)
		want string
	}{
		"a type that is not one":            {"JWT", func(*token.Claims) {}, `sign token: unknown type "JWT"`},
		"no issuer":                         {token.Access, func(c *token.Claims) { c.Issuer = "" }, "sign at+jwt: claim iss is missing or out of bounds"},
		"no subject":                        {token.Access, func(c *token.Claims) { c.Subject = "" }, "sign at+jwt: claim sub is missing or out of bounds"},
		"no token id":                       {token.Access, func(c *token.Claims) { c.ID = "" }, "sign at+jwt: claim jti is missing or out of bounds"},
		"no session":                        {token.Session, func(c *token.Claims) { c.SessionID = "" }, "sign session+jwt: claim sid is missing or out of bounds"},
		"no id of the device":               {token.Device, func(c *token.Claims) { c.ID = "" }, "sign device+jwt: claim jti is missing or out of bounds"},
		"a device token of over 90 days":    {token.Device, func(c *token.Claims) { c.ExpiresAt = c.IssuedAt.Add(2160*time.Hour + time.Second) }, "sign device+jwt: claim exp is missing or out of bounds"},
		"no user name":                      {token.Access, func(c *token.Claims) { c.Username = "" }, "sign at+jwt: claim preferred_username is missing or out of bounds"},
		"no audience for an access token":   {token.Access, func(c *token.Claims) { c.Audience = nil }, "sign at+jwt: claim aud is missing or out of bounds"},
		"no generation for a refresh token": {token.Refresh, func(c *token.Claims) { c.Generation = 0 }, "sign rt+jwt: claim gen is missing or out of bounds"},
		"no time of issue":                  {token.Access, func(c *token.Claims) { c.IssuedAt = time.Time{} }, "sign at+jwt: claim iat is missing or out of bounds"},
		"no time of login":                  {token.Access, func(c *token.Claims) { c.AuthTime = time.Time{} }, "sign at+jwt: claim auth_time is missing or out of bounds"},
		"no expiry":                         {token.Access, func(c *token.Claims) { c.ExpiresAt = time.Time{} }, "sign at+jwt: claim exp is missing or out of bounds"},
		"an expiry at issue":                {token.Access, func(c *token.Claims) { c.ExpiresAt = c.IssuedAt }, "sign at+jwt: claim exp is missing or out of bounds"},
		"an access token of over a day":     {token.Access, func(c *token.Claims) { c.ExpiresAt = c.IssuedAt.Add(24*time.Hour + time.Second) }, "sign at+jwt: claim exp is missing or out of bounds"},
		"a refresh token of over 90 days":   {token.Refresh, func(c *token.Claims) { c.ExpiresAt = c.IssuedAt.Add(2160*time.Hour + time.Second) }, "sign rt+jwt: claim exp is missing or out of bounds"},
		"a token of over 4 KiB":             {token.Access, func(c *token.Claims) { c.Username = strings.Repeat("a", 4096) }, "sign at+jwt: longer than 4096 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			claims := alice(tt.typ)
			tt.edit(&claims)

			raw, err := ring.Sign(tt.typ, claims)

			if err == nil || err.Error() != tt.want || raw != "" {
				t.Errorf("got %q, error %v, want %s", raw, err, tt.want)
			}
		})
	}
	t.Run("text that is not UTF-8", func(t *testing.T) {
		claims := alice(token.Access)
		claims.Username = "al\xffce"
		if raw, err := ring.Sign(token.Access, claims); err == nil {
			t.Errorf("signed %s", raw)
		}
	})
}

func TestSign_drops_fractions_of_a_second(t *testing.T) {
	ring := aRing(t, token.ES256)
	claims := alice(token.Access)
	claims.IssuedAt = now.Add(900 * time.Millisecond)

	raw := sign(t, ring, token.Access, claims)

	var payload struct{ Iat json.Number }
	text, err := base64.RawURLEncoding.DecodeString(strings.Split(raw, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &payload); err != nil || payload.Iat.String() != fmt.Sprint(now.Unix()) {
		t.Errorf("iat is %s, %v", payload.Iat, err)
	}
}
