package policy

// Names that no Role can be given by: they hold rules only, and are refused in
// what a user holds and in includes, either way.
const (
	// Anonymous is held by everyone, also without credentials.
	Anonymous = "anonymous"
	// Authenticated is held by every valid user.
	Authenticated = "authenticated"
)

// Reserved reports whether name is Anonymous or Authenticated.
func Reserved(name string) bool { return name == Anonymous || name == Authenticated }

// Role is what its holders may reach over HTTP: its own rules, and those of the
// roles that it includes, transitively.
type Role struct {
	// Name is unique within a realm; of Roles that share one, none counts.
	Name string
	// Includes are names of other Roles. Unknown ones are ignored, cycles are
	// harmless, reserved names grant nothing and are reported.
	Includes []string
	// Rules allow; nothing denies but the lack of a match.
	Rules []Rule
	// KubernetesRules are what holders may do in the API server. Compile leaves them
	// aside: no check of an HTTP request reads them.
	KubernetesRules []KubernetesRule
}

// Rule allows the requests whose host, path and method each match one entry. An
// empty list matches nothing, and one entry that can't be read makes the whole
// rule grant nothing.
type Rule struct {
	// Hosts are names (`app.example.com`), names with exactly one label open
	// (`*.example.com`), or `*` for any. Without a port: ports are not compared.
	Hosts []string
	// Paths are absolute, written decoded, and at most 512 characters long. `*`
	// is one whole non-empty segment; `**` comes last only and is any number of
	// segments, also none. `/a` is not `/a/`.
	Paths []string
	// Methods are exact (RFC 9110 section 9.1: case-sensitive) or `*` for any.
	// GET covers HEAD.
	Methods []string
}
