// Package urlpath says which paths mean one thing to everybody.
//
// Proxies hand a path on as it came, and what is served for it is the app's
// reading: some resolve `..`, some merge slashes, some cut at `;`, some take `\`
// for a slash, some decode twice. A path is plain if no such reading differs from
// what it says once decoded; any other is ambiguous, and is never interpreted
// here. docs/security/paths.md lists every ambiguous form and who reads it
// otherwise; the tests hold that list, and models of such readers, against this
// package and the rules of package policy.
//
// The package is pure: standard library only, no state. Everything in it is safe
// for concurrent use.
package urlpath

import (
	"errors"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxLength bounds, in bytes, a path as it was sent.
const MaxLength = 8 << 10

// What Canonical refuses. The texts are clauses for a log line and repeat nothing
// of the path.
var (
	ErrNotAbsolute     = errors.New("a path begins with a slash")
	ErrTooLong         = errors.New("a path has at most 8 KiB")
	ErrMalformedEscape = errors.New("an escape is not % and two hexadecimal digits")
)

// Canonical decodes a raw path, without its query, once. If the result is plain,
// it is what every backend serves, and so what rules are matched with. If it isn't,
// the path is ambiguous and comes back as it was sent: there is no telling what it
// means. Errors are ErrNotAbsolute, ErrTooLong and ErrMalformedEscape.
func Canonical(raw string) (path string, ambiguous bool, err error) {
	if !strings.HasPrefix(raw, "/") {
		return "", false, ErrNotAbsolute
	}
	if len(raw) > MaxLength {
		return "", false, ErrTooLong
	}
	decoded, escapedSlash := raw, false
	if strings.Contains(raw, "%") {
		if decoded, err = url.PathUnescape(raw); err != nil {
			return "", false, ErrMalformedEscape
		}
		escapedSlash = strings.Count(decoded, "/") != strings.Count(raw, "/")
	}
	if escapedSlash || !IsPlain(decoded) {
		return raw, true, nil
	}
	return decoded, false, nil
}

// IsPlain reports whether a decoded path has one meaning only: nothing in it that
// some backend resolves, merges, cuts off, translates or decodes again. It doesn't
// ask whether the path is absolute.
func IsPlain(decoded string) bool {
	if strings.Contains(decoded, "//") {
		return false
	}
	ascii := true
	for i := range len(decoded) {
		if isTreacherous(decoded[i]) {
			return false
		}
		ascii = ascii && decoded[i] < utf8.RuneSelf
	}
	if !ascii && !isPlainUnicode(decoded) {
		return false
	}
	for rest, more := decoded, true; more; {
		var segment string
		segment, rest, more = strings.Cut(rest, "/")
		if segment != "" && !isWord(segment[0]) && (isBlank(segment) || isCookieless(segment)) {
			return false
		}
	}
	return true
}

// isTreacherous reports whether some backend gives c a meaning of its own, wherever
// it stands.
func isTreacherous(c byte) bool {
	switch c {
	case '\\', // a slash to Windows and to browsers
		';', // parameters to Java
		'?', // once decoded, the query to whoever parses again
		'#', // a fragment to whoever parses leniently
		'%': // an escape to whoever decodes twice
		return true
	}
	return c < ' ' || c == 0x7f
}

// isWord reports whether a segment that begins with c is neither blank nor cookieless:
// nearly all do, and need no closer look.
func isWord(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// isPlainUnicode reports whether s is UTF-8 in which nothing beyond ASCII has a
// meaning of its own to some backend.
func isPlainUnicode(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		switch r {
		case '¥', '₩', '⁄', '∕', '∖', // a slash or backslash by Windows' best fit to a code page
			'／', '＼', '﹨', '℀', '℁', '℅', '℆', // one by Unicode's compatibility forms (NFKC)
			'\u037e': // the Greek question mark, `;` in every normal form
			return true
		}
		return unicode.IsControl(r)
	})
}

// isBlank reports whether a segment is nothing but dots and spaces, whatever their
// width, and format characters. `.` and `..` are such segments, and Windows drops
// dots and spaces at an end, so that `.. ` may be `..` and `...` nothing. A plus
// beside them is a space to whoever decodes paths like forms; alone it is a name.
func isBlank(segment string) bool {
	blank := false
	for _, r := range segment {
		switch r {
		case '+':
			continue
		case '.', '․', '‥', '…', '︙', '︰', '﹒', '．':
		default:
			if !unicode.In(r, unicode.Z, unicode.Cf) {
				return false
			}
		}
		blank = true
	}
	return blank
}

// isCookieless reports whether a segment begins like the `(S(…))` in which ASP.NET
// carries a session without cookies, and which it takes out of the path together
// with the slash before it: `/public/(S(x))-not` is its `/public-not`.
func isCookieless(segment string) bool {
	return len(segment) > 2 && segment[0] == '(' && segment[2] == '(' && ('a' <= segment[1]|0x20 && segment[1]|0x20 <= 'z')
}
