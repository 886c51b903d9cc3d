package password_test

import (
	"strings"
	"testing"

	"github.com/latchkey-auth/latchkey/webhook/password"
)

func TestCheckNew(t *testing.T) {
	const (
		short    = "choose a password of at least 12 characters"
		long     = "choose a password of at most 1024 bytes"
		text     = "choose a password that is valid UTF-8 text"
		controls = "choose a password without control characters, such as line breaks and tabs"
	)
	for sentence, tc := range map[string]struct{ password, message string }{
		"twelve characters are enough":                   {"correcthorse", ""},
		"eleven are not":                                 {"correcthors", short},
		"characters count, not bytes":                    {"пароль пароль", ""},
		"eleven characters of many bytes are not enough": {strings.Repeat("鍵", 11), short},
		"spaces and emoji are welcome":                   {"  🔑 a b c d 🔑  ", ""},
		"1024 bytes are the most":                        {strings.Repeat("x", 1024), ""},
		"1025 bytes are too many":                        {strings.Repeat("x", 1025), long},
		"1025 bytes in few characters are too many":      {strings.Repeat("鍵", 342), long},
		"L07 a NUL":                              {"correct\x00horse", controls},
		"a line break at the end, as files have": {"correct horse\n", controls},
		"a tab":                                  {"correct\thorse", controls},
		"DEL":                                    {"correct horse\x7f", controls},
		"a C1 control":                           {"correct horse\u0085", controls},
		"invalid UTF-8":                          {"correct horse\xff", text},
		"half a surrogate pair":                  {"correct horse\xed\xa0\x80", text},
		"nothing":                                {"", short},
	} {
		t.Run(sentence, func(t *testing.T) {
			checkMessage(t, password.CheckNew(tc.password, 12), tc.message)
		})
	}
	for sentence, minLength := range map[string]int{"an unset minimum": 0, "a negative minimum": -1} {
		t.Run(sentence+" still wants one character", func(t *testing.T) {
			checkMessage(t, password.CheckNew("", minLength), "choose a password of at least 1 characters")
			checkMessage(t, password.CheckNew("x", minLength), "")
		})
	}
}

// checkMessage wants err to say exactly message, or to be nil if that is empty.
func checkMessage(t *testing.T, err error, message string) {
	t.Helper()
	said := ""
	if err != nil {
		said = err.Error()
	}
	if said != message {
		t.Errorf("says %q, not %q", said, message)
	}
}
