package importing_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/latchkey-auth/latchkey/cmd/latchkey/importing"
	"github.com/latchkey-auth/latchkey/webhook/password"
)

// readers are what reads each kind of file.
var readers = map[string]func([]byte, importing.Options) (importing.Result, error){
	"htpasswd": importing.Htpasswd,
	"authelia": importing.Authelia,
}

// What is printed of files as they are found, whole. Set LATCHKEY_UPDATE_GOLDEN=1 to write it anew, for review.
func TestFilesBecomeTheseManifestsAndRemarks(t *testing.T) {
	for kind, read := range readers {
		t.Run(kind, func(t *testing.T) {
			file, err := os.ReadFile(filepath.Join("testdata", kind))
			if err != nil {
				t.Fatal(err)
			}
			result, err := read(file, importing.Options{Namespace: "team-a", Roles: []string{"viewer"}})
			if err != nil {
				t.Fatal(err)
			}
			var manifests bytes.Buffer
			if err := importing.Print(&manifests, result.Accounts); err != nil {
				t.Fatal(err)
			}
			compare(t, filepath.Join("testdata", kind+".manifests.golden"), manifests.String())
			compare(t, filepath.Join("testdata", kind+".remarks.golden"), strings.Join(append(result.Remarks, result.Summary(), ""), "\n"))
			if result.Complete() {
				t.Error("a file with entries that aren't taken counts as complete")
			}
			for _, account := range result.Accounts {
				hash, err := password.Parse(string(account.Secret.Data["passwordHash"]))
				if err != nil {
					t.Errorf("%s: %v", account.User.Name, err)
				}
				if account.User.Name == "john" && !hash.Verify("password") || account.User.Name == "admin" && !hash.Verify("myPassword") {
					t.Errorf("%s can't log in with the password of before", account.User.Name)
				}
			}
		})
	}
}

// compare holds got against a golden file.
func compare(t *testing.T, file, got string) {
	t.Helper()
	if os.Getenv("LATCHKEY_UPDATE_GOLDEN") == "1" {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

// P13: whatever the files hold, what is said of it holds no part of a hash and no password.
func TestRemarksHoldNoSecret(t *testing.T) {
	for kind, read := range readers {
		file, err := os.ReadFile(filepath.Join("testdata", kind))
		if err != nil {
			t.Fatal(err)
		}
		result, err := read(file, importing.Options{})
		if err != nil {
			t.Fatal(err)
		}
		said := strings.Join(result.Remarks, "\n")
		for _, secret := range []string{
			"c4WoMPo3", "BpLnfgDsc2", "o/vzA4my", "HqJZimcK", "VBPuJHI7", "rqXexS6Z", "jgiCMRyG", "w2pJeZnn", "correct-horse",
		} {
			if strings.Contains(said, secret) {
				t.Errorf("%s: a remark holds %q", kind, secret)
			}
		}
	}
}
