package version_test

import (
	"bytes"
	"runtime"
	"testing"

	"github.com/latchkey-auth/latchkey/cmd/version"
)

func TestTheStampWinsOverWhatTheToolchainKnows(t *testing.T) {
	if got := version.Of("v1.2.3"); got != "v1.2.3" {
		t.Errorf("got %q", got)
	}
	if version.Of("") == "" {
		t.Error("a build without stamp has no version at all")
	}
}

func TestACommandSaysWhoseVersionItIs(t *testing.T) {
	cmd := version.Command("kubectl-latchkey", "v1.2.3")
	var out bytes.Buffer
	cmd.SetOut(&out)
	cmd.SetArgs(nil)
	if err := cmd.Execute(); err != nil {
		t.Fatal(err)
	}
	if want := "kubectl-latchkey v1.2.3 " + runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH + "\n"; out.String() != want {
		t.Errorf("printed %q, want %q", out.String(), want)
	}
}
