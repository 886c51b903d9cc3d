// Command kubectl-latchkey is kubectl's plugin for Latchkey: put it on PATH, and it is `kubectl latchkey`.
// Each subcommand is a file of its name.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/latchkey-auth/latchkey/cmd/version"
)

// stamped is the version that the build wrote with -ldflags -X main.stamped=….
var stamped string

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	streams := genericiooptions.IOStreams{In: os.Stdin, Out: os.Stdout, ErrOut: os.Stderr}
	if code := exitCode(streams.ErrOut, root(streams).ExecuteContext(ctx)); code != 0 {
		os.Exit(code) //nolint:gocritic // the process ends here: there is no signal left to wait for
	}
}

// kubectl is what every subcommand shares: where to read and write, and kubectl's own flags, by which the
// API server, the namespace (which is the realm) and who asks are found.
type kubectl struct {
	genericiooptions.IOStreams
	*genericclioptions.ConfigFlags
}

func root(streams genericiooptions.IOStreams) *cobra.Command {
	k := &kubectl{IOStreams: streams, ConfigFlags: genericclioptions.NewConfigFlags(true)}
	cmd := &cobra.Command{
		Use:           "kubectl-latchkey",
		Short:         "Users, logins and rights of Latchkey's realms, by the rights that you have in Kubernetes",
		SilenceUsage:  true,
		SilenceErrors: true,
		Annotations:   map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl latchkey"},
	}
	cmd.SetIn(streams.In)
	cmd.SetOut(streams.Out)
	cmd.SetErr(streams.ErrOut)
	k.AddFlags(cmd.PersistentFlags())
	cmd.AddCommand(decisions(k)...)
	cmd.AddCommand(logins(k)...)
	cmd.AddCommand(version.Command("kubectl-latchkey", stamped))
	_ = cmd.RegisterFlagCompletionFunc("namespace", k.completeRealms)
	return cmd
}
