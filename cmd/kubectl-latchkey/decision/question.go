package decision

import (
	"errors"
	"strings"
)

// Anonymous, in place of a user's name, is somebody without credentials.
const Anonymous = "anonymous"

// Question is a request, and who makes it.
type Question struct {
	User    string   // name of a User whose login is alive, or Anonymous
	Holding []string // in place of User: any valid user who holds these Roles

	Method string // exact case
	URL    string // absolute, as it is sent: it is judged byte for byte

	// ByRoles asks what /check/role/… does: Roles alone decide, Role names with commas between them, of which any is
	// enough. Method and URL don't count then.
	ByRoles bool
	Roles   string
}

// SplitURL returns the host, port included, and the raw path and query of an absolute URL. Like the proxies'
// dialects it never parses it: that would clean a path which must reach the rules as it is.
func SplitURL(raw string) (host, target string, err error) {
	scheme, rest, found := strings.Cut(raw, "://")
	if !found || scheme != "http" && scheme != "https" {
		return "", "", errors.New("the URL must be absolute: write it as https://app.example.com/reports/7")
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	host, target = rest[:end], rest[end:]
	if !strings.HasPrefix(target, "/") {
		target, _, _ = strings.Cut("/"+target, "#") // what a client sends for a URL without a path
	}
	return host, target, nil
}
