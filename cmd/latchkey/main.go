// Command latchkey is the whole product in one binary: the HTTP service that issues tokens
// and answers proxies, and the controllers behind it. See wire.go for how it is put together.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/latchkey-auth/latchkey/cmd/version"
)

// stamped is the version that the build wrote with -ldflags -X main.stamped=….
var stamped string

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := root().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "latchkey:", err)
		os.Exit(1) //nolint:gocritic // the process ends here: there is no signal left to wait for
	}
}

func root() *cobra.Command {
	cmd := &cobra.Command{
		Use:           "latchkey",
		Short:         "Users, roles and logins for Kubernetes ingresses, kept as custom resources",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	cmd.AddCommand(
		process("run", "Run all of it in one process", parts{service: true, controllers: true, kubernetes: true}),
		process("serve", "Run the HTTP service: tokens and checks", parts{service: true}),
		process("controller", "Run the controllers: keys, conditions, collection", parts{controllers: true}),
		process("kubernetes", "Run what the API server asks: admission, TokenReview, SubjectAccessReview", parts{kubernetes: true}),
		hashPassword(),
		importCommand(),
		version.Command("latchkey", stamped),
	)
	return cmd
}

// parts are what a process consists of.
type parts struct{ service, controllers, kubernetes bool }

func process(name, short string, p parts) *cobra.Command {
	o := &options{}
	cmd := &cobra.Command{
		Use:   name,
		Short: short,
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.complete(p); err != nil {
				return err
			}
			return run(cmd.Context(), o, p)
		},
	}
	o.register(cmd.Flags(), p)
	return cmd
}
