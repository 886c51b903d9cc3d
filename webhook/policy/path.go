package policy

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxPath bounds, in bytes, the path of a request as it was sent.
const maxPath = 8 << 10

// canonicalPath decodes a raw path once. If the result is plain, it is what
// every backend serves, and so what rules are matched with. If it isn't, the
// path is ambiguous and comes back as it was sent: there is no telling what it
// means.
func canonicalPath(raw string) (path string, ambiguous bool, err error) {
	if !strings.HasPrefix(raw, "/") {
		return "", false, &RequestError{ReasonPathInvalid, "a path begins with a slash"}
	}
	if len(raw) > maxPath {
		return "", false, &RequestError{ReasonPathInvalid, "a path has at most 8 KiB"}
	}
	decoded, err := url.PathUnescape(raw)
	if err != nil {
		return "", false, &RequestError{ReasonPathInvalid, "an escape is not % and two hexadecimal digits"}
	}
	escapedSlash := strings.Count(decoded, "/") != strings.Count(raw, "/")
	if escapedSlash || !isPlain(decoded) {
		return raw, true, nil
	}
	return decoded, false, nil
}

// isPlain reports whether a decoded path has one meaning only: nothing in it
// that some backend resolves, merges, cuts off, translates or decodes again.
func isPlain(path string) bool {
	if !utf8.ValidString(path) || strings.Contains(path, "//") || strings.ContainsFunc(path, isTreacherous) {
		return false
	}
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "." || segment == ".." {
			return false
		}
	}
	return true
}

// isTreacherous reports whether some backend gives r a meaning of its own.
func isTreacherous(r rune) bool {
	switch r {
	case '\\', // a slash to Windows and to browsers
		';', // parameters to Java
		'?', // once decoded, the query to whoever parses again
		'#', // a fragment to whoever parses leniently
		'%': // an escape to whoever decodes twice
		return true
	}
	return unicode.IsControl(r)
}
