package importing

import (
	"strings"
)

// Htpasswd reads a user file as Apache's htpasswd writes it and nginx reads it: a line
// name:hash for each user, in nginx's form with :comment behind it. Empty lines and those that
// begin with # are none.
func Htpasswd(file []byte, o Options) (Result, error) {
	var entries []entry
	text := strings.TrimPrefix(string(file), "\ufeff")
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimRight(line, "\r\n")
		if strings.TrimSpace(line) == "" || line[0] == '#' {
			continue
		}
		e := entry{line: number}
		var found bool
		if e.name, e.hash, found = strings.Cut(line, ":"); !found {
			e.name, e.problem = "", "it has no colon between a name and a hash" // what it has may be a password
		}
		e.hash, _, _ = strings.Cut(e.hash, ":")
		entries = append(entries, e)
	}
	return convert(entries, o)
}
