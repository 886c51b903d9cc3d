package importing_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/latchkey-auth/latchkey/cmd/latchkey/importing"
	"github.com/latchkey-auth/latchkey/webhook/password"
)

// FuzzFiles: no file makes a reader panic; what it takes has a hash that a login accepts, and a
// name of its own; every entry is counted once; and no remark spans two lines.
func FuzzFiles(f *testing.F) {
	for kind := range readers {
		file, err := os.ReadFile(filepath.Join("testdata", kind))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(file)
	}
	f.Add([]byte("# nobody\n"))
	f.Add([]byte("--- !!null\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		for kind, read := range readers {
			result, err := read(file, importing.Options{})
			if err != nil {
				if len(result.Accounts) > 0 {
					t.Fatalf("%s: users of a file that is refused: %v", kind, err)
				}
				continue
			}
			names := map[string]bool{}
			for _, a := range result.Accounts {
				if _, err := password.Parse(string(a.Secret.Data["passwordHash"])); err != nil || names[a.User.Name] {
					t.Fatalf("%s: %q is taken: %v", kind, a.User.Name, err)
				}
				names[a.User.Name] = true
			}
			for _, remark := range result.Remarks {
				if strings.ContainsAny(remark, "\r\n") {
					t.Fatalf("%s: a remark of two lines: %q", kind, remark)
				}
			}
			if result.Whole > len(result.Accounts) || len(result.Accounts)+result.Refused == 0 {
				t.Fatalf("%s: %s", kind, result.Summary())
			}
			var printed bytes.Buffer
			if err := importing.Print(&printed, result.Accounts); err != nil {
				t.Fatal(err)
			}
		}
	})
}
