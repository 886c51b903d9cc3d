package main

import (
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

// What stands in the help and not in the docs nobody finds; what stands in the docs alone nobody can run.
func TestEverySubcommandAndFlagIsDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/kubectl.md")
	if err != nil {
		t.Fatal(err)
	}
	page, seen := string(text), 0
	for _, sub := range root(genericiooptions.NewTestIOStreamsDiscard()).Commands() {
		if sub.Name() == "help" || sub.Name() == "completion" {
			continue
		}
		seen++
		if !strings.Contains(page, "kubectl latchkey "+sub.Name()) {
			t.Errorf("docs/kubectl.md doesn't show kubectl latchkey %s", sub.Name())
		}
		ownFlags(sub).VisitAll(func(flag *pflag.Flag) {
			if !strings.Contains(page, "`--"+flag.Name) && !strings.Contains(page, "`-"+flag.Shorthand) {
				t.Errorf("docs/kubectl.md doesn't say what --%s of %s is for", flag.Name, sub.Name())
			}
		})
	}
	if seen < 8 {
		t.Errorf("there seem to be %d subcommands", seen)
	}
}

// ownFlags are those of a subcommand that aren't kubectl's.
func ownFlags(cmd *cobra.Command) *pflag.FlagSet {
	own := pflag.NewFlagSet("", pflag.ContinueOnError)
	cmd.LocalFlags().VisitAll(func(flag *pflag.Flag) {
		if flag.Name != "help" {
			own.AddFlag(flag)
		}
	})
	return own
}

func TestTheCompletionScriptIsTheDocumentedOne(t *testing.T) {
	page, err := os.ReadFile("../../docs/kubectl.md")
	if err != nil {
		t.Fatal(err)
	}
	script, err := os.ReadFile("kubectl_complete-latchkey")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), "```sh\n"+string(script)+"```") {
		t.Error("docs/kubectl.md shows another script")
	}
}
