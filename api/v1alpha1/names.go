package v1alpha1

import (
	"crypto/sha256"
	"encoding/base32"
	"strconv"
	"strings"
)

// Names of the RevokedTokens that Latchkey writes. Each follows from what caused it, so that whoever
// comes first writes it and everybody else finds it there: twice is once. All are 52 characters of
// lower-case base32, without padding, of a SHA-256.

// SessionRevocationName names the RevokedToken that ends the login sid: a hash of nothing but the sid.
func SessionRevocationName(sid string) string { return hashedName(sid) }

// PasswordRevocationName names the RevokedToken that ends a user's logins because the password in a
// Secret changed to what that Secret holds at resourceVersion.
func PasswordRevocationName(userUID, secretUID, resourceVersion string) string {
	return hashedName("password", userUID, secretUID, resourceVersion)
}

// DisabledRevocationName names the RevokedToken that ends a user's logins because generation of the
// User has spec.disabled.
func DisabledRevocationName(userUID string, generation int64) string {
	return hashedName("disabled", userUID, strconv.FormatInt(generation, 10))
}

// SignOutRevocationName names the RevokedToken that ends a user's logins because they asked for it with the
// token tokenID (its jti): asking again with that token is asking once.
func SignOutRevocationName(userUID, tokenID string) string {
	return hashedName("sign-out", userUID, tokenID)
}

// TokenRevocationName names the RevokedToken that ends one access token, by its jti.
func TokenRevocationName(tokenID string) string { return hashedName("token", tokenID) }

// PasswordSecretPrefix is what the name of a Secret begins with that the service makes for a user's new password, as
// its generateName. The API server appends PasswordSecretRandom characters.
func PasswordSecretPrefix(username string) string {
	prefix := username + "-password-"
	return prefix[:min(len(prefix), 63-PasswordSecretRandom)] // longer ones the API server cuts off, too
}

// PasswordSecretRandom is how many characters the API server appends to a generateName.
const PasswordSecretRandom = 5

// hashedName joins parts by NUL, which no name, UID or resourceVersion holds: different parts never
// make one text.
func hashedName(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:]))
}
