package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/latchkey-auth/latchkey/cmd/kubectl-latchkey/credential"
	"github.com/latchkey-auth/latchkey/cmd/prompt"
)

// login prints an access token, for people or for kubectl, which runs it as a credential plugin.
func login(k *kubectl) *cobra.Command {
	var (
		o               whose
		stdin, forceful bool
	)
	cmd := &cobra.Command{
		Use:   "login --server URL",
		Short: "Log in and print an access token, also as kubectl's credential plugin",
		Long: `Log in at the service and print an access token.

The login is kept, in a file that only you can read, so the password is asked for once for each login: later
commands get their tokens from it, until it ends. Named in a kubeconfig as exec plugin, this makes
kubectl --user NAME work.`,
		Example: `  kubectl latchkey login --server https://auth.example.com --username ann

  kubectl config set-credentials latchkey --exec-api-version=client.authentication.k8s.io/v1 \
    --exec-command=kubectl-latchkey --exec-interactive-mode=IfAvailable \
    --exec-arg=login,--server=https://auth.example.com,--username=ann`,
		Args:              cobra.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			request, err := parseExecInfo(os.Getenv(execInfo), forceful)
			if err != nil {
				return err
			}
			if request.fromKubectl && stdin {
				return errors.New("--password-stdin can't be used here: standard input is kubectl's")
			}
			if o.Server == "" {
				_, err := credential.ParseServer("")
				return err
			}
			if err := o.find(k.logins()); err != nil {
				return err
			}
			if err := o.askUser(k, request.interactive && !stdin); err != nil {
				return err
			}
			source, err := o.source(k, o.password(k, stdin, request.interactive))
			if err != nil {
				return err
			}
			access, err := source.Token(cmd.Context())
			if err != nil {
				return err
			}
			return request.print(k.Out, access)
		},
	}
	o.register(cmd.Flags())
	cmd.Flags().BoolVar(&stdin, "password-stdin", false, "read the password from standard input")
	cmd.Flags().BoolVar(&forceful, "exec-credential", false, "print an ExecCredential, as is done when kubectl asks")
	_ = cmd.RegisterFlagCompletionFunc("realm", k.completeRealms)
	_ = cmd.RegisterFlagCompletionFunc("username", cobra.NoFileCompletions)
	return cmd
}

// password is how the password is come by.
func (o *whose) password(k *kubectl, stdin, interactive bool) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		if !stdin && (!interactive || !prompt.IsTerminal(k.In)) {
			return "", fmt.Errorf("%w: run kubectl latchkey login %s", credential.ErrNobodyToAsk, strings.Join(o.again(), " "))
		}
		var secret string
		var err error
		if stdin {
			secret, err = prompt.Line(k.In)
		} else {
			secret, err = prompt.Password(ctx, k.In, k.ErrOut, "Password of "+o.String()+": ")
		}
		if err == nil && secret == "" {
			err = errors.New("the password is empty")
		}
		return secret, err
	}
}

// again are the arguments by which a person logs in where this command couldn't ask.
func (o *whose) again() []string {
	named := arguments(o.Login)
	if o.authority != "" {
		named = append(named, "--certificate-authority", o.authority)
	}
	return named
}
