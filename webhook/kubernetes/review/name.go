package review

import "strings"

// Prefix begins the name of each user and group that Latchkey tells the API server of.
// Nobody else may give names that begin so.
const Prefix = "latchkey:"

// maxName is the most that a name of Latchkey's kinds has, in bytes.
const maxName = 63

// Name is what the API server calls a user of a realm, or a Role of it as a group.
func Name(realm, name string) string { return Prefix + realm + ":" + name }

// ParseName returns whom Name made name of. It is not ok if it wasn't Name.
func ParseName(name string) (realm, of string, ok bool) {
	rest, ok := strings.CutPrefix(name, Prefix)
	if !ok {
		return "", "", false
	}
	realm, of, ok = strings.Cut(rest, ":")
	if !ok || !IsLabel(realm) || !IsLabel(of) {
		return "", "", false
	}
	return realm, of, true
}

// IsLabel reports whether s can be the name of a namespace, User or Role (RFC 1123), so
// that no text beside it can be taken for a part of it.
func IsLabel(s string) bool {
	if s == "" || len(s) > maxName || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}
