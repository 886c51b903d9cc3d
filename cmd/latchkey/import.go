package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/latchkey-auth/latchkey/cmd/latchkey/importing"
)

// importCommand prints the manifests of users that another product has.
func importCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "import",
		Short: "Print manifests of the users that another product keeps in a file",
	}
	cmd.AddCommand(
		importFrom("htpasswd FILE", "Print Users and Secrets for the entries of an htpasswd file", importing.Htpasswd, false),
		importFrom("authelia FILE", "Print Users and Secrets for the users of Authelia's users_database.yml", importing.Authelia, true),
	)
	return cmd
}

// importFrom reads a file of one kind, "-" for standard input.
func importFrom(use, short string, read func([]byte, importing.Options) (importing.Result, error), groups bool) *cobra.Command {
	var o importing.Options
	cmd := &cobra.Command{
		Use:   use,
		Short: short,
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			file, err := contents(cmd.InOrStdin(), args[0])
			if err != nil {
				return err
			}
			result, err := read(file, o)
			if err != nil {
				return fmt.Errorf("import %s: %w", args[0], err)
			}
			if err := importing.Print(cmd.OutOrStdout(), result.Accounts); err != nil {
				return err
			}
			for _, remark := range result.Remarks {
				fmt.Fprintln(cmd.ErrOrStderr(), remark)
			}
			if !result.Complete() {
				return errors.New(result.Summary())
			}
			fmt.Fprintln(cmd.ErrOrStderr(), result.Summary())
			return nil
		},
	}
	cmd.Flags().StringVar(&o.Namespace, "namespace", "", "the realm's namespace, written into each manifest; unset: what kubectl is told")
	cmd.Flags().StringSliceVar(&o.Roles, "roles", nil, "roles for each user beside their own, with commas between them")
	if groups {
		cmd.Flags().BoolVar(&o.NoGroups, "no-groups", false, "leave the file's groups aside; unset: they become roles")
	}
	return cmd
}

// maxImport is the longest file to import, in bytes: some hundred thousand users.
const maxImport = 64 << 20

// contents reads the file of that name.
func contents(stdin io.Reader, name string) ([]byte, error) {
	if name != "-" {
		file, err := os.Open(name) //nolint:gosec // it is what whoever runs this names
		if err != nil {
			return nil, err
		}
		defer func() { _ = file.Close() }()
		stdin = file
	}
	read, err := io.ReadAll(io.LimitReader(stdin, maxImport+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if len(read) > maxImport {
		return nil, fmt.Errorf("read %s: it has more than %d bytes", name, maxImport)
	}
	return read, nil
}
