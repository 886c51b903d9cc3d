package importing

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/latchkey-auth/latchkey/webhook/password"
)

// taken returns a hash as a password Secret holds it: bcrypt and argon2id within the bounds that
// package password keeps, also behind the {CRYPT} that Authelia once wrote. The error says what is
// wrong and repeats nothing of the hash.
func taken(hash string) (string, error) {
	if hash == "" {
		return "", errors.New("it has no password hash: " + instead)
	}
	bare := strings.TrimPrefix(hash, "{CRYPT}")
	_, err := password.Parse(bare)
	switch {
	case err == nil:
		return bare, nil
	case strings.Contains(hash, "$$"):
		return "", errors.New("the dollar signs of its hash are doubled, as in a Compose file: write each once")
	case strings.HasPrefix(bare, "$argon2id$"), strings.HasPrefix(bare, "$2"):
		return "", fmt.Errorf("its hash is not one that Latchkey takes: %w; %s", err, instead)
	}
	return "", fmt.Errorf("its hash is %s, and only bcrypt and argon2id are taken: %s", kindOf(bare), instead)
}

// instead is what to do about a hash that isn't taken: nobody can turn it into another one.
const instead = "make the user with a new password"

// kinds of hashes by how they begin.
var kinds = []struct{ prefix, name string }{
	{"$apr1$", "MD5 ($apr1$)"},
	{"$1$", "MD5 ($1$)"},
	{"{SHA}", "unsalted SHA-1 ({SHA})"},
	{"{SSHA", "salted SHA ({SSHA})"},
	{"$sha1$", "SHA-1 ($sha1$)"},
	{"$5$", "SHA-256 crypt ($5$)"},
	{"$6$", "SHA-512 crypt ($6$)"},
	{"$scrypt$", "scrypt"},
	{"$7$", "scrypt ($7$)"},
	{"$y$", "yescrypt ($y$)"},
	{"$gy$", "yescrypt ($gy$)"},
	{"$pbkdf2", "PBKDF2"},
	{"{PBKDF2", "PBKDF2"},
	{"$argon2i$", "argon2i, not argon2id"},
	{"$argon2d$", "argon2d, not argon2id"},
	{"$plaintext$", "no hash but the password itself ($plaintext$)"},
	{"$base64$", "no hash but the password itself ($base64$)"},
	{"{PLAIN}", "no hash but the password itself ({PLAIN})"},
}

// kindOf says what a hash is called that isn't taken.
func kindOf(hash string) string {
	for _, kind := range kinds {
		if strings.HasPrefix(hash, kind.prefix) {
			return kind.name
		}
	}
	if crypt.MatchString(hash) {
		return "crypt's DES, or no hash but a password"
	}
	return "of no known kind, or no hash but a password"
}

var crypt = regexp.MustCompile(`^[./0-9A-Za-z]{13}$`)
