package token

import "time"

// Claims are what a token says. Those that Verify returns may be shared with
// other requests and must not be modified.
type Claims struct {
	Issuer    string   // iss
	Subject   string   // sub: the User's UID
	Audience  []string // aud: access tokens only, at least one
	ClientID  string   // client_id
	ID        string   // jti
	SessionID string   // sid: all but device tokens
	Username  string   // preferred_username

	// Whole seconds in UTC; Sign drops fractions.
	IssuedAt, ExpiresAt, AuthTime time.Time // iat, exp, auth_time

	// Roles is a snapshot for apps; access tokens only.
	Roles []string // roles
	// RolesOmitted says that an access token has no roles claim, because the
	// roles would have taken more than 2 KiB, or because Sign was told so.
	RolesOmitted bool

	// Generation counts the refreshes of a login, from 1; refresh tokens only.
	Generation int64 // gen
}

const (
	// MaxSize is the length in bytes beyond which nothing is a token.
	MaxSize = 4 << 10

	maxRolesSize      = 2 << 10          // bytes of JSON
	maxAccessLifetime = 24 * 60 * 60     // seconds, whatever a realm says
	maxLoginLifetime  = 2160 * 60 * 60   // seconds: the longest refreshTTL
	maxSeconds        = 253402300799     // the end of the year 9999, so that no sum overflows
	maxSkew           = 60 * time.Second // how far ahead of us an issuing replica's clock may be
)

// claimsJSON is the second segment of a token. Names are matched exactly, so
// that a folded twin ("SUB", "ſub") of a claim is just another, unknown one.
// Zero stands for absent: no claim has a meaningful zero.
type claimsJSON struct {
	Issuer     string   `json:"iss"`
	Subject    string   `json:"sub"`
	Audience   []string `json:"aud,omitzero"`
	ClientID   string   `json:"client_id,omitzero"`
	IssuedAt   int64    `json:"iat"`
	NotBefore  int64    `json:"nbf,omitzero"` // never issued
	ExpiresAt  int64    `json:"exp"`
	AuthTime   int64    `json:"auth_time"`
	ID         string   `json:"jti"`
	SessionID  string   `json:"sid,omitzero"`
	Username   string   `json:"preferred_username"`
	Roles      []string `json:"roles,omitzero"`
	Generation int64    `json:"gen,omitzero"`
}

// encode takes from c what tokens of type t carry.
func (c Claims) encode(t Type) claimsJSON {
	out := claimsJSON{
		Issuer:    c.Issuer,
		Subject:   c.Subject,
		ClientID:  c.ClientID,
		IssuedAt:  c.IssuedAt.Unix(),
		ExpiresAt: c.ExpiresAt.Unix(),
		AuthTime:  c.AuthTime.Unix(),
		ID:        c.ID,
		SessionID: c.SessionID,
		Username:  c.Username,
	}
	switch t {
	case Access:
		out.Audience = c.Audience
		if !c.RolesOmitted && sizeAsJSON(c.Roles) <= maxRolesSize {
			out.Roles = append([]string{}, c.Roles...) // not nil: "no roles" is said
		}
	case Refresh:
		out.Generation = c.Generation
	case Device:
		out.SessionID = ""
	}
	return out
}

// decode is the inverse of encode.
func (in *claimsJSON) decode(t Type) Claims {
	return Claims{
		Issuer:       in.Issuer,
		Subject:      in.Subject,
		Audience:     in.Audience,
		ClientID:     in.ClientID,
		ID:           in.ID,
		SessionID:    in.SessionID,
		Username:     in.Username,
		IssuedAt:     time.Unix(in.IssuedAt, 0).UTC(),
		ExpiresAt:    time.Unix(in.ExpiresAt, 0).UTC(),
		AuthTime:     time.Unix(in.AuthTime, 0).UTC(),
		Roles:        in.Roles,
		RolesOmitted: t == Access && in.Roles == nil,
		Generation:   in.Generation,
	}
}

// defect names the first claim that no token of type t may have as it is, or ""
// if all are present and in bounds. It depends on nothing but the claims.
func (in *claimsJSON) defect(t Type) string {
	lifetime := int64(maxLoginLifetime)
	if t == Access {
		lifetime = maxAccessLifetime
	}
	switch {
	case in.Issuer == "":
		return "iss"
	case in.Subject == "":
		return "sub"
	case in.ID == "":
		return "jti"
	case (t == Device) != (in.SessionID == ""):
		return "sid"
	case in.Username == "":
		return "preferred_username"
	case in.IssuedAt <= 0 || in.IssuedAt > maxSeconds:
		return "iat"
	case in.AuthTime <= 0 || in.AuthTime > maxSeconds:
		return "auth_time"
	case in.NotBefore < 0 || in.NotBefore > maxSeconds:
		return "nbf"
	case in.ExpiresAt <= in.IssuedAt || in.ExpiresAt-in.IssuedAt > lifetime:
		return "exp"
	case (t == Access) != (len(in.Audience) > 0):
		return "aud"
	case t != Access && in.Roles != nil:
		return "roles"
	case (t == Refresh) != (in.Generation > 0), in.Generation < 0:
		return "gen"
	}
	return ""
}

// sizeAsJSON is the length of names as a JSON array; names of Roles need no
// escapes.
func sizeAsJSON(names []string) int {
	size := len("[]")
	for _, name := range names {
		size += len(`"",`) + len(name)
	}
	return size
}
