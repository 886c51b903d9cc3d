package password

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxNewLength is in bytes: ample for any passphrase, and cheap to hash.
const maxNewLength = 1024

// CheckNew judges a password that is being set through Latchkey: at least
// minLength characters (Unicode code points; at least one, whatever minLength
// is), at most 1024 bytes, valid UTF-8 without control characters. It asks for no
// mixture of kinds (NIST SP 800-63B section 3.1.1.2), and passwords are hashed as
// they are sent, without Unicode normalisation.
//
// The error tells the person what to do, and nothing about the password.
func CheckNew(password string, minLength int) error {
	minLength = max(minLength, 1)
	switch {
	case len(password) > maxNewLength:
		return fmt.Errorf("choose a password of at most %d bytes", maxNewLength)
	case !utf8.ValidString(password):
		return errors.New("choose a password that is valid UTF-8 text")
	case strings.ContainsFunc(password, unicode.IsControl):
		return errors.New("choose a password without control characters, such as line breaks and tabs")
	case utf8.RuneCountInString(password) < minLength:
		return fmt.Errorf("choose a password of at least %d characters", minLength)
	}
	return nil
}
