package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

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
			secret, err := readPassword(cmd.InOrStdin(), cmd.ErrOrStderr())
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

// readPassword reads one line, without echo where a person types it.
func readPassword(in io.Reader, prompt io.Writer) (string, error) {
	if file, ok := in.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		fmt.Fprint(prompt, "Password: ")
		secret, err := term.ReadPassword(int(file.Fd()))
		fmt.Fprintln(prompt)
		return string(secret), err
	}
	line, err := bufio.NewReader(io.LimitReader(in, 4096)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	return strings.TrimRight(line, "\r\n"), nil
}
