package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const imported = "$2y$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC"

// printed runs the command line args and returns what it prints where.
func printed(t *testing.T, in string, args ...string) (manifests, remarks string, err error) {
	t.Helper()
	cmd := root()
	var out, said bytes.Buffer
	cmd.SetArgs(args)
	cmd.SetIn(strings.NewReader(in))
	cmd.SetOut(&out)
	cmd.SetErr(&said)
	err = cmd.ExecuteContext(t.Context())
	return out.String(), said.String(), err
}

func TestImportPrintsManifestsAndSaysElsewhereWhatIsMissing(t *testing.T) {
	for name, test := range map[string]struct {
		args, file        []string
		manifests         []string
		remarks, complete string // complete: the error, "" for none
	}{
		"all of an htpasswd file": {
			[]string{"htpasswd", "-", "--namespace=team-a", "--roles=viewer,editor"}, []string{"ada:" + imported, "eve:" + imported},
			[]string{"name: ada\n  namespace: team-a", "name: eve\n", "  roles:\n  - viewer\n  - editor\n"},
			"roles that have an effect once there are Roles of these names: editor, viewer\n2 of 2 users taken\n", "",
		},
		"a part of an htpasswd file": {
			[]string{"htpasswd", "-"}, []string{"ada:" + imported, "eve:secret"},
			[]string{"name: ada\n"},
			"line 2: \"eve\": not taken: its hash is of no known kind, or no hash but a password, and only bcrypt and argon2id are taken: make the user with a new password\n", "1 of 2 users taken",
		},
		"an Authelia file without its groups": {
			[]string{"authelia", "-", "--no-groups"}, []string{"users:", "  ada: {password: '" + imported + "', groups: [Admins]}"},
			[]string{"name: ada\n"},
			"1 of 1 users taken\n", "",
		},
		"a file that has nobody": {[]string{"htpasswd", "-"}, nil, nil, "", "import -: there is no user in it"},
		"a role that nobody can have": {
			[]string{"htpasswd", "-", "--roles=anonymous"}, []string{"ada:" + imported}, nil, "", `import -: --roles: "anonymous" is reserved: everybody holds it already`,
		},
		"a file that isn't there": {[]string{"htpasswd", "/nonexistent/htpasswd"}, nil, nil, "", "open /nonexistent/htpasswd: no such file or directory"},
		"no file":                 {[]string{"authelia"}, nil, nil, "", "accepts 1 arg(s), received 0"},
	} {
		t.Run(name, func(t *testing.T) {
			manifests, remarks, err := printed(t, strings.Join(test.file, "\n"), append([]string{"import"}, test.args...)...)
			if test.complete == "" && err != nil || test.complete != "" && (err == nil || err.Error() != test.complete) {
				t.Errorf("ends with %v", err)
			}
			if remarks != test.remarks {
				t.Errorf("says %q", remarks)
			}
			for _, part := range test.manifests {
				if !strings.Contains(manifests, part) {
					t.Errorf("%q is not in\n%s", part, manifests)
				}
			}
			if test.manifests == nil && manifests != "" {
				t.Errorf("prints\n%s", manifests)
			}
		})
	}
}

func TestImportReadsFilesWithinBounds(t *testing.T) {
	file := filepath.Join(t.TempDir(), "htpasswd")
	if err := os.WriteFile(file, []byte("ada:"+imported), 0o600); err != nil {
		t.Fatal(err)
	}
	if manifests, _, err := printed(t, "", "import", "htpasswd", file); err != nil || !strings.Contains(manifests, "name: ada\n") {
		t.Errorf("%v:\n%s", err, manifests)
	}
	if err := os.Truncate(file, maxImport+1); err != nil {
		t.Fatal(err)
	}
	if _, _, err := printed(t, "", "import", "htpasswd", file); err == nil || !strings.Contains(err.Error(), "it has more than 67108864 bytes") {
		t.Errorf("a file beyond the bound: %v", err)
	}
}
