package token_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/webhook/token"
)

// The claims of these tests are signed with the realm's own key: what they show
// holds even for somebody who has stolen it, or for a bug of Sign.

func TestAttack_claims(t *testing.T) {
	ring := aRing(t, token.ES256)
	at := func(d time.Duration) string { return fmt.Sprint(now.Add(d).Unix()) }
	iat, exp, authTime := `"iat":`+at(0), `"exp":`+at(30*time.Minute), `"auth_time":`+at(-time.Hour)
	aud, sub, jti := `"aud":["`+issuer+`"]`, `"sub":"uid-alice"`, `"jti":"jti-1"`
	ours := `"iss":"` + issuer + `"`
	for name, claims := range map[string]string{
		"a duplicate sub":                  claimsText(sub, sub+`,"sub":"uid-admin"`),
		"a duplicate sub of the same":      claimsText(sub, sub+`,`+sub),
		"a duplicate sub, escaped":         claimsText(sub, sub+`,"s\u0075b":"uid-admin"`),
		"a duplicate exp":                  claimsText(exp, exp+`,"exp":`+at(time.Hour)),
		"a duplicate of an unknown claim":  claimsText(sub, sub+`,"x":1,"x":2`),
		"a duplicate in an unknown object": claimsText(sub, sub+`,"x":{"y":1,"y":2}`),

		"J53 exp after ten years":       claimsText(exp, `"exp":`+at(10*365*24*time.Hour)),
		"J53 exp a second beyond a day": claimsText(exp, `"exp":`+at(24*time.Hour+time.Second)),
		"J55 nbf in an hour":            claimsText(iat, iat+`,"nbf":`+at(time.Hour)),
		"J55 nbf in 61 seconds":         claimsText(iat, iat+`,"nbf":`+at(61*time.Second)),
		"J55 iat in an hour":            claimsText(iat, `"iat":`+at(time.Hour), exp, `"exp":`+at(2*time.Hour)),
		"J55 iat in 61 seconds":         claimsText(iat, `"iat":`+at(61*time.Second)),
		"auth_time in 61 seconds":       claimsText(authTime, `"auth_time":`+at(61*time.Second)),
		"exp before iat":                claimsText(exp, `"exp":`+at(-time.Second)),
		"exp at iat":                    claimsText(exp, `"exp":`+at(0)),
		"exp at the end of time":        claimsText(exp, `"exp":9223372036854775807`),
		"iat at the end of time":        claimsText(iat, `"iat":9223372036854775806`, exp, `"exp":9223372036854775807`),
		"nbf at the end of time":        claimsText(iat, iat+`,"nbf":9223372036854775807`),
		"auth_time at the end of time":  claimsText(authTime, `"auth_time":9223372036854775807`),
		"exp beyond 64 bits":            claimsText(exp, `"exp":92233720368547758070`),
		"exp with an exponent":          claimsText(exp, `"exp":1e99`),
		"exp with a fraction":           claimsText(exp, exp+".5"),
		"exp with a zero fraction":      claimsText(exp, exp+".0"),
		"exp as a string":               claimsText(exp, `"exp":"`+at(time.Hour)+`"`),
		"exp that is null":              claimsText(exp, `"exp":null`),
		"exp that is negative":          claimsText(exp, `"exp":-1`),
		"iat that is negative":          claimsText(iat, `"iat":-1`),
		"nbf that is negative":          claimsText(iat, iat+`,"nbf":-1`),
		"nbf as a string":               claimsText(iat, iat+`,"nbf":"0"`),
		"no exp":                        claimsText(exp+",", ""),
		"no iat":                        claimsText(iat+",", ""),
		"no auth_time":                  claimsText(authTime+",", ""),
		"no sub":                        claimsText(sub+",", ""),
		"no jti":                        claimsText(jti+",", ""),
		"no sid":                        claimsText(`"sid":"sid-1",`, ""),
		"no preferred_username":         claimsText(`,"preferred_username":"alice"`, ""),
		"sub that is empty":             claimsText(sub, `"sub":""`),
		"sub that is null":              claimsText(sub, `"sub":null`),
		"sub that is a number":          claimsText(sub, `"sub":1`),
		"sub that is an array":          claimsText(sub, `"sub":["uid-alice"]`),
		"sub that is not UTF-8":         claimsText(sub, "\"sub\":\"uid-\xff\""),
		"J30 SUB in place of sub":       claimsText(sub, `"SUB":"uid-alice"`),
		"J31 ſub in place of sub":       claimsText(sub, `"ſub":"uid-alice"`),

		"J56 aud that is empty":           claimsText(aud, `"aud":[]`),
		"J56 aud that is nested":          claimsText(aud, `"aud":[["`+issuer+`"]]`),
		"J56 aud that is a number":        claimsText(aud, `"aud":1`),
		"aud that is a string":            claimsText(aud, `"aud":"`+issuer+`"`), // RFC 7519 allows it, Latchkey never writes it
		"aud that is an object":           claimsText(aud, `"aud":{"0":"`+issuer+`"}`),
		"aud that holds a number":         claimsText(aud, `"aud":["`+issuer+`",1]`),
		"aud of somebody else":            claimsText(aud, `"aud":["https://evil.example.com"]`),
		"aud that begins like ours":       claimsText(aud, `"aud":["`+issuer+`.evil.example"]`),
		"no aud":                          claimsText(aud+",", ""),
		"J58 no iss":                      claimsText(ours+",", ""),
		"J58 iss of another realm":        claimsText(ours, `"iss":"`+issuer+`/realms/other"`),
		"J58 iss with a trailing slash":   claimsText(ours, `"iss":"`+issuer+`/"`),
		"J58 iss with an upper-case host": claimsText(ours, `"iss":"https://AUTH.example.com"`),
		"J58 iss that is a prefix":        claimsText(ours, `"iss":"`+issuer[:len(issuer)-1]+`"`),
		"iss that is null":                claimsText(ours, `"iss":null`),
		"iss that is an array":            claimsText(ours, `"iss":["`+issuer+`"]`),

		"a gen in an access token":            claimsText(sub, sub+`,"gen":1`),
		"a gen below zero in an access token": claimsText(sub, sub+`,"gen":-1`),
		"roles that are a string":             claimsText(`["viewer"]`, `"admin"`),
		"roles that hold a number":            claimsText(`["viewer"]`, `["viewer",1]`),
		"claims that are an array":            "[" + claimsText() + "]",
		"claims that are null":                "null",
		"claims twice":                        claimsText() + claimsText(),
		"claims with something behind":        claimsText() + ";",
		"claims that end early":               claimsText()[:100],
		"no claims":                           "",
		"an empty object":                     "{}",
		"a byte order mark":                   "\ufeff" + claimsText(),
		"claims nested without an end":        `{"x":` + strings.Repeat("[", 2_600),
		"claims followed by a comment":        claimsText() + "//",
	} {
		t.Run(name, func(t *testing.T) { refuses(t, ring, forgeClaims(claims)) })
	}
}

func TestAttack_claims_that_change_nothing(t *testing.T) {
	ring := aRing(t, token.ES256)
	sub, roles := `"sub":"uid-alice"`, `"roles":["viewer"]`
	iat := fmt.Sprintf(`"iat":%d`, now.Unix())
	for name, claims := range map[string]string{
		"J30 SUB beside sub":                                claimsText(sub, sub+`,"SUB":"uid-admin"`),
		"J30 Roles beside roles":                            claimsText(roles, roles+`,"Roles":["admin"]`),
		"J31 ſub beside sub":                                claimsText(sub, sub+`,"ſub":"uid-admin"`),
		"J31 ſub, escaped":                                  claimsText(sub, sub+`,"\u017fub":"uid-admin"`),
		"a claim of a newer replica":                        claimsText(sub, sub+`,"email":"alice@example.com"`),
		"a deep but well-formed claim":                      claimsText(sub, sub+`,"x":`+strings.Repeat("[", 1000)+strings.Repeat("]", 1000)),
		"nbf in the past":                                   claimsText(iat, iat+fmt.Sprintf(`,"nbf":%d`, now.Unix()-1)),
		"nbf within the skew":                               claimsText(iat, iat+fmt.Sprintf(`,"nbf":%d`, now.Unix()+60)),
		"iat within the skew":                               claimsText(iat, fmt.Sprintf(`"iat":%d`, now.Unix()+60)),
		"J56 aud of several, one of them ours (documented)": claimsText(`"aud":["`, `"aud":["https://evil.example.com","`),
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ring.Verify(forgeClaims(claims), access, now)

			if err != nil {
				t.Fatal(err)
			}
			if got.Subject != "uid-alice" || len(got.Roles) != 1 || got.Roles[0] != "viewer" {
				t.Errorf("got sub %q, roles %v", got.Subject, got.Roles)
			}
		})
	}
}

func TestVerify_takes_4_KiB_and_no_more(t *testing.T) {
	ring := aRing(t, token.HS256)
	signed := func(filling int) string {
		claims := claimsText(`"sub"`, `"x":"`+strings.Repeat("x", filling)+`","sub"`)
		return forge(joseHeader(token.HS256, "key-1", token.Access), claims, token.HS256, rawKey(token.HS256, "key-1"))
	}
	largest := 2000
	for len(signed(largest+1)) <= token.MaxSize {
		largest++
	}
	if _, err := ring.Verify(signed(largest), access, now); err != nil {
		t.Errorf("%d bytes are refused: %v", len(signed(largest)), err)
	}
	refuses(t, ring, signed(largest+1))
	refuses(t, ring, signed(1<<20))
}

func TestVerify_at_the_expiry(t *testing.T) {
	ring := aRing(t, token.ES256)
	raw := forgeClaims(claimsText())
	otherRealm := token.Expect{Type: token.Access, Issuer: issuer + "/realms/other", Audiences: []string{issuer}}
	end := now.Add(30 * time.Minute)
	for name, tt := range map[string]struct {
		expect token.Expect
		at     time.Time
		want   error
	}{
		"it holds until the last moment":                             {access, end.Add(-time.Nanosecond), nil},
		"it is expired from the second that it names":                {access, end, token.ErrExpired},
		"it stays expired":                                           {access, end.Add(24 * time.Hour), token.ErrExpired},
		"it is invalid, not expired, where it never held":            {otherRealm, end, token.ErrInvalid},
		"it is invalid for a clock that is far behind":               {access, now.Add(-61 * time.Second), token.ErrInvalid},
		"it is invalid for who names no issuer":                      {token.Expect{Type: token.Access, Audiences: []string{issuer}}, now, token.ErrInvalid},
		"it is invalid for who names no audience":                    {token.Expect{Type: token.Access, Issuer: issuer}, now, token.ErrInvalid},
		"it is invalid for who names no type":                        {token.Expect{Issuer: issuer, Audiences: []string{issuer}}, now, token.ErrInvalid},
		"it is invalid for who expects nothing":                      {token.Expect{}, now, token.ErrInvalid},
		"it holds for who goes by several names, one of them in aud": {token.Expect{Type: token.Access, Issuer: issuer, Audiences: []string{"x", issuer}}, now, nil},
	} {
		t.Run(name, func(t *testing.T) {
			for how, verify := range map[string]func(string, token.Expect, time.Time) (*token.Claims, error){
				"by the ring":  ring.Verify,
				"by the cache": rememberingCache(t, ring, raw),
				"without memory": func(raw string, e token.Expect, at time.Time) (*token.Claims, error) {
					return new(token.Cache).Verify(ring, raw, e, at)
				},
			} {
				claims, err := verify(raw, tt.expect, tt.at)
				if !errors.Is(err, tt.want) || (err == nil) != (claims != nil) {
					t.Errorf("%s: got %v, error %v, want %v", how, claims, err, tt.want)
				}
				if errors.Is(err, token.ErrInvalid) && errors.Is(err, token.ErrExpired) {
					t.Errorf("%s: %v is both", how, err)
				}
			}
		})
	}
}

// rememberingCache has verified raw before.
func rememberingCache(t *testing.T, ring *token.Ring, raw string) func(string, token.Expect, time.Time) (*token.Claims, error) {
	t.Helper()
	cache := token.NewCache(10)
	if _, err := cache.Verify(ring, raw, access, now); err != nil {
		t.Fatal(err)
	}
	return func(raw string, e token.Expect, at time.Time) (*token.Claims, error) {
		return cache.Verify(ring, raw, e, at)
	}
}

func TestAttack_claims_of_refresh_tokens(t *testing.T) {
	ring := aRing(t, token.ES256)
	forged := func(edits ...string) string {
		base := []string{`"aud":["` + issuer + `"],`, ``, `,"roles":["viewer"]`, `,"gen":1`}
		return forge(joseHeader(token.HS256, "key-1", token.Refresh), claimsText(append(base, edits...)...), token.HS256, rawInternalKey("key-1"))
	}
	if _, err := ring.Verify(forged(), expecting(token.Refresh), now); err != nil {
		t.Fatalf("the tests below would prove nothing: %v", err)
	}
	for name, raw := range map[string]string{
		"no gen":              forged(`,"gen":1`, ``),
		"gen that is zero":    forged(`"gen":1`, `"gen":0`),
		"gen below zero":      forged(`"gen":1`, `"gen":-1`),
		"gen with a fraction": forged(`"gen":1`, `"gen":1.5`),
		"gen as a string":     forged(`"gen":1`, `"gen":"1"`),
		"an audience":         forged(`"gen":1`, `"gen":1,"aud":["x"]`),
		"roles":               forged(`"gen":1`, `"gen":1,"roles":[]`),
		"no iss":              forged(`"iss":"`+issuer+`",`, ``),
		"iss of another":      forged(`"iss":"`+issuer+`",`, `"iss":"`+issuer+`/",`),
	} {
		t.Run(name, func(t *testing.T) { refuses(t, ring, raw) })
	}
}

func TestAttack_claims_of_device_tokens(t *testing.T) {
	ring := aRing(t, token.ES256)
	forged := func(edits ...string) string {
		base := []string{`"aud":["` + issuer + `"],`, ``, `,"roles":["viewer"]`, ``, `,"sid":"sid-1"`, ``}
		return forge(joseHeader(token.HS256, "key-1", token.Device), claimsText(append(base, edits...)...), token.HS256, rawInternalKey("key-1"))
	}
	if _, err := ring.Verify(forged(), expecting(token.Device), now); err != nil {
		t.Fatalf("the tests below would prove nothing: %v", err)
	}
	for name, raw := range map[string]string{
		"a session":           forged(`"jti":"jti-1"`, `"jti":"jti-1","sid":"sid-1"`),
		"no id of the device": forged(`"jti":"jti-1",`, ``),
		"nobody's":            forged(`"sub":"uid-alice",`, ``),
		"a gen":               forged(`"jti":"jti-1"`, `"jti":"jti-1","gen":1`),
		"an audience":         forged(`"jti":"jti-1"`, `"jti":"jti-1","aud":["x"]`),
		"roles":               forged(`"jti":"jti-1"`, `"jti":"jti-1","roles":[]`),
		"longer than a login": forged(fmt.Sprintf(`"exp":%d`, now.Unix()+1800), fmt.Sprintf(`"exp":%d`, now.Unix()+2160*60*60+1)),
		"iss of another":      forged(`"iss":"`+issuer+`",`, `"iss":"`+issuer+`/",`),
		"signed by the key that others may hold": forge(joseHeader(token.HS256, "key-1", token.Device),
			claimsText(`"aud":["`+issuer+`"],`, ``, `,"roles":["viewer"]`, ``, `,"sid":"sid-1"`, ``), token.ES256, rawKey(token.ES256, "key-1")),
	} {
		t.Run(name, func(t *testing.T) { refuses(t, ring, raw) })
	}
}

func hmacSHA256(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}
