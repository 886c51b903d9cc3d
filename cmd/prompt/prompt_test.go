package prompt_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/latchkey-auth/latchkey/cmd/prompt"
)

func TestALineIsReadWithoutItsEnd(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"a line of a file":             {"secret\n", "secret"},
		"a line of Windows":            {"secret\r\n", "secret"},
		"text without a line's end":    {"secret", "secret"},
		"the first of several lines":   {"secret\nother\n", "secret"},
		"spaces, which belong to it":   {" secret \n", " secret "},
		"nothing, which isn't a fault": {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := prompt.Password(t.Context(), strings.NewReader(c.in), &bytes.Buffer{}, "Password: ")
			if err != nil || got != c.want {
				t.Errorf("read %q, %v; want %q", got, err, c.want)
			}
		})
	}
}
