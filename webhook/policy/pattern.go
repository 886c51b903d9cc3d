package policy

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/latchkey-auth/latchkey/webhook/urlpath"
)

// wildcard stands for any host, any one segment, or any method, in rules.
const wildcard = "*"

// maxPathPattern bounds, in characters, a path of a rule.
const maxPathPattern = 512

// hostPattern is an entry of Rule.Hosts: the canonical name of one host or, if
// open, of the domain directly below which any one label matches. An open
// pattern without a name matches every host.
type hostPattern struct {
	name string
	open bool
}

func parseHostPattern(s string) (hostPattern, error) {
	if s == wildcard {
		return hostPattern{open: true}, nil
	}
	rest, open := strings.CutPrefix(s, "*.")
	name, port, ok := splitHost(rest)
	switch {
	case !ok || open && name[0] == '[':
		return hostPattern{}, fmt.Errorf("%q is no host: write a name, *.domain, or *", s)
	case port != "":
		return hostPattern{}, fmt.Errorf("%q has a port, and ports are not compared: write the host alone", s)
	}
	return hostPattern{name: name, open: open}, nil
}

// pathPattern is an entry of Rule.Paths: its segments, of which a wildcard is
// any one, and whether everything below matches too.
type pathPattern struct {
	segments []string
	below    bool
}

func parsePathPattern(s string) (pathPattern, error) {
	switch {
	case !strings.HasPrefix(s, "/"):
		return pathPattern{}, fmt.Errorf("%q is not absolute: begin it with a slash", s)
	case utf8.RuneCountInString(s) > maxPathPattern:
		return pathPattern{}, fmt.Errorf("a path has at most %d characters", maxPathPattern)
	case !urlpath.IsPlain(s):
		return pathPattern{}, fmt.Errorf(`%q can never match: write it decoded, without //, segments of dots and spaces, controls, look-alikes of a slash or any of \ ; ? # %%`, s)
	}
	segments := strings.Split(s[1:], "/")
	last := len(segments) - 1
	below := segments[last] == "**"
	if below {
		segments = segments[:last]
	}
	for _, segment := range segments {
		if segment != wildcard && strings.Contains(segment, wildcard) {
			return pathPattern{}, fmt.Errorf("%q: * is one whole segment, and ** comes last only", s)
		}
	}
	return pathPattern{segments: segments, below: below}, nil
}

func parseMethod(s string) (string, error) {
	// The wildcard is itself a token.
	if !isToken(s) {
		return "", fmt.Errorf("%q is no method: write GET, POST, …, or *", s)
	}
	return s, nil
}
