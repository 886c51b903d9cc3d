package tokenreview

import (
	"encoding/base64"
	"errors"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// maxToken is the longest access token that there is, in bytes.
const maxToken = 4 << 10

// accessType is the typ of an access token (RFC 9068). Refresh tokens and cookies have
// others; the service refuses them, too.
const accessType = "at+jwt"

// claims are what a token says of itself.
type claims struct {
	Issuer   string    `json:"iss"`
	Subject  string    `json:"sub"`
	Username string    `json:"preferred_username"`
	Audience audiences `json:"aud"`
}

// audiences are the aud of a token, which is a text or a list of texts (RFC 7519).
type audiences []string

// UnmarshalJSON implements json.Unmarshaler.
func (a *audiences) UnmarshalJSON(text []byte) error {
	if jsontext.Value(text).Kind() == '"' {
		*a = make([]string, 1)
		return json.Unmarshal(text, &(*a)[0])
	}
	return json.Unmarshal(text, (*[]string)(a))
}

// read reads what a token says of itself, without verifying any of it. What can't be an
// access token of Latchkey is not ok.
func read(token string) (said claims, ok bool) {
	if len(token) > maxToken || strings.Count(token, ".") != 2 || strings.ContainsFunc(token, notInToken) {
		return claims{}, false
	}
	segments := strings.Split(token, ".")
	var header struct {
		Type string `json:"typ"`
	}
	if !decode(segments[0], &header) || header.Type != accessType {
		return claims{}, false
	}
	if !decode(segments[1], &said) || said.Issuer == "" || said.Subject == "" || len(said.Audience) == 0 || segments[2] == "" {
		return claims{}, false
	}
	return said, true
}

// decode reads a segment, in which no member may come twice.
func decode(segment string, into any) bool {
	text, err := base64.RawURLEncoding.Strict().DecodeString(segment)
	return err == nil && json.Unmarshal(text, into) == nil
}

func notInToken(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_' && r != '.'
}

// within returns those of the token's audiences that were asked for, in that order; it is
// not ok if there are none of them. Where none was asked for, none is returned: then the
// API server answers for its own, as the API of TokenReview has it.
func (c claims) within(asked []string) (audiences []string, ok bool) {
	if len(asked) == 0 {
		return nil, true
	}
	for _, audience := range asked {
		if slices.Contains(c.Audience, audience) && !slices.Contains(audiences, audience) {
			audiences = append(audiences, audience)
		}
	}
	return audiences, len(audiences) > 0
}

// errAnother says that the service answered for another user than the token's.
var errAnother = errors.New("it answers for another user than the token's")

// isOf returns nil if c are the claims of who.
func (c claims) isOf(who Identity) error {
	if who.UID != c.Subject || who.Name != c.Username {
		return errAnother
	}
	return nil
}
