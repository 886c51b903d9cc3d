package redirect

import (
	"net/url"
	"strings"

	"github.com/latchkey-auth/latchkey/webhook/policy"
	"github.com/latchkey-auth/latchkey/webhook/urlpath"
)

// location is an absolute URL in parts, none of which has a byte that could end
// it or that some parser changes. The zero value is no location.
type location struct {
	scheme string // https or http
	host   string // canonical
	port   string // empty, or a colon and a number
	path   string // begins with a slash
	tail   string // query and fragment, each with its mark
}

// String returns the URL. Parsed again it gives the same parts.
func (l location) String() string { return l.scheme + "://" + l.host + l.port + l.path + l.tail }

// parse reads an absolute URL of https or http, as browsers write it.
func parse(s string) (l location, ok bool) {
	scheme, rest, _ := strings.Cut(s, "://")
	if scheme != "https" && scheme != "http" {
		return location{}, false
	}
	authority, after := cutBefore(rest, "/?#")
	host, err := policy.CanonicalHost(authority)
	if err != nil || !isUnambiguous(host) {
		return location{}, false
	}
	path, tail := cutBefore(after, "?#")
	if path == "" {
		path = "/"
	}
	tail, ok = tailOf(tail)
	if !ok || !isPath(path) {
		return location{}, false
	}
	return location{scheme: scheme, host: host, port: portOf(authority), path: path, tail: tail}, true
}

// at returns the location of a path with its query and fragment at l's host. The path
// must be plain: nothing else is needed on the login page's own host, and what browsers
// and proxies take for a host at the beginning of a path isn't.
func (l location) at(relative string) (location, bool) {
	path, tail := cutBefore(relative, "?#")
	_, ambiguous, err := urlpath.Canonical(path)
	tail, ok := tailOf(tail)
	if l.host == "" || ambiguous || err != nil || !isPath(path) || !ok {
		return location{}, false
	}
	l.path, l.tail = path, tail
	return l, true
}

// cutBefore cuts s before the first of marks.
func cutBefore(s, marks string) (before, after string) {
	if i := strings.IndexAny(s, marks); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}

// portOf returns the port of an authority that has been found to be a host, with its
// colon.
func portOf(authority string) string {
	if i := strings.LastIndexByte(authority, ':'); i > strings.LastIndexByte(authority, ']') {
		return authority[i:]
	}
	return ""
}

// isPath reports whether the bytes of a path are visible ASCII that no parser changes
// into another separator and no page into markup, and whether its escapes are
// well-formed and of no control.
func isPath(path string) bool {
	decoded, err := url.PathUnescape(path)
	return err == nil && !strings.ContainsFunc(path, isUnsafe) && !strings.ContainsFunc(decoded, isControl)
}

// tailOf returns a query and a fragment as they may stand in a URL. Browsers leave a
// backslash in a query as it was typed; escaped it says the same to the app.
func tailOf(tail string) (string, bool) {
	tail = strings.NewReplacer(`\`, "%5C", `"`, "%22", "<", "%3C", ">", "%3E").Replace(tail)
	return tail, !strings.ContainsFunc(tail, isUnsafe) && strings.Count(tail, "#") <= 1
}

func isUnsafe(r rune) bool  { return r <= ' ' || r > '~' || strings.ContainsRune(`\"<>`, r) }
func isControl(r rune) bool { return r < ' ' || r == 0x7f }
