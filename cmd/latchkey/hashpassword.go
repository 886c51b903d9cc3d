package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/latchkey-auth/latchkey/cmd/prompt"
	"github.com/latchkey-auth/latchkey/webhook/password"
)

// hashPassword turns a password into what a password Secret holds, so that a manifest in
// Git never has to hold the password itself.
func hashPassword() *cobra.Command {
	var strong bool
	var minLength int
	cmd := &cobra.Command{
		Use:   "hash-password",
		Short: "Read a password from the terminal or standard input and print its hash for a password Secret",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			secret, err := prompt.Password(cmd.Context(), cmd.InOrStdin(), cmd.ErrOrStderr(), "Password: ")
			if err != nil {
				return err
			}
			if err := password.CheckNew(secret, minLength); err != nil {
				return fmt.Errorf("this password can't be used: %w", err)
			}
			params := password.Default()
			if strong {
				params = password.Strong()
			}
			hash, err := params.Make(secret)
			if err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), hash)
			return nil
		},
	}
	cmd.Flags().BoolVar(&strong, "strong", false, "argon2id with 64 MiB (RFC 9106's second choice) instead of 19 MiB; each login costs as much")
	cmd.Flags().IntVar(&minLength, "min-length", 12, "the fewest characters to accept; see Realm.spec.passwords.minLength")
	return cmd
}
