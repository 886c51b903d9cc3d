package importing

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
)

// What the schema of a User admits (api/v1alpha1/user_types.go); a test asks a real API server
// whether this is so.
var (
	name        = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`)
	email       = regexp.MustCompile("^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$")
	displayName = regexp.MustCompile(`^[^\x00-\x1f\x7f-\x9f]{0,128}$`)
)

const (
	maxEmail = 254 // bytes
	maxRoles = 32
)

func isEmail(s string) bool { return len(s) <= maxEmail && email.MatchString(s) }

func isDisplayName(s string) bool { return utf8.ValidString(s) && displayName.MatchString(s) }

// checkRole says why nobody can be given this role; nil if they can.
func checkRole(role string) error {
	if slices.Contains([]string{v1alpha1.AnonymousRole, v1alpha1.AuthenticatedRole}, role) {
		return fmt.Errorf("%q is reserved: everybody holds it already", role)
	}
	if !name.MatchString(role) {
		return fmt.Errorf("%q can't be the name of a Role, which has at most 63 lower-case letters, digits and, between them, hyphens%s", role, suggestion(role))
	}
	return nil
}

// suggestion is what somebody might write instead of a name; "" if nothing comes to mind.
func suggestion(instead string) string {
	words := strings.FieldsFunc(strings.ToLower(instead), func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
	if s := strings.Join(words, "-"); name.MatchString(s) {
		return ", such as " + s
	}
	return ""
}
