package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/cmd/prompt"
	"github.com/latchkey-auth/latchkey/webhook/cluster"
	"github.com/latchkey-auth/latchkey/webhook/password"
)

// passwd gives a user another password. It is hashed here: what the API server gets, and may audit, is the hash.
func passwd(k *kubectl) *cobra.Command {
	var stdin, generate bool
	cmd := &cobra.Command{
		Use:   "passwd USER",
		Short: "Give a user another password, and end the logins made with the one before",
		Long: `Give a user another password. It is hashed on this machine, written as a new Secret, and the User is made to name
it. Logins that were made with the one before end.

Where a GitOps tool owns the User it would set the reference back: write the hash to the Secret in Git instead (latchkey hash-password).`,
		Example: `  kubectl latchkey passwd ann
  kubectl latchkey passwd ann --generate
  pass show ann | kubectl latchkey passwd ann --password-stdin`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: k.completeUsers,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := k.cluster()
			if err != nil {
				return err
			}
			ctx, user, realm := cmd.Context(), &v1alpha1.User{}, &v1alpha1.Realm{}
			// Before anybody is asked: what can't be done is said at once.
			if err := c.Get(ctx, c.key(v1alpha1.RealmName), realm); err != nil {
				return fmt.Errorf("ask how long passwords are in realm %q: %w", c.realm, err)
			}
			if err := c.Get(ctx, c.key(args[0]), user); err != nil {
				return err
			}
			minLength := int(realm.Spec.Passwords.MinLength)
			secret, err := newPassword(ctx, k, user.Name, minLength, stdin, generate)
			if err != nil {
				return err
			}
			hash, err := password.Default().Make(secret)
			if err != nil {
				return err
			}
			if err := storePassword(ctx, c, user.Name, hash); err != nil {
				return err
			}
			fmt.Fprintf(k.ErrOut, "%s has another password; logins made with the one before end\n", user.Name)
			if generate {
				fmt.Fprintln(k.Out, secret)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&stdin, "password-stdin", false, "read the password from standard input")
	cmd.Flags().BoolVar(&generate, "generate", false, "make a random password and print it, once")
	cmd.MarkFlagsMutuallyExclusive("password-stdin", "generate")
	return cmd
}

// newPassword comes by a password that may be used.
func newPassword(ctx context.Context, k *kubectl, user string, minLength int, stdin, generate bool) (string, error) {
	if generate {
		secret := rand.Text()
		for len(secret) < minLength {
			secret += rand.Text()
		}
		return secret, nil
	}
	if !stdin && !prompt.IsTerminal(k.In) {
		return "", errors.New("nobody is there to type a password: write --password-stdin or --generate")
	}
	secret, err := prompt.Password(ctx, k.In, k.ErrOut, "New password of "+user+": ")
	if err != nil {
		return "", err
	}
	if err := password.CheckNew(secret, minLength); err != nil {
		return "", fmt.Errorf("this password can't be used: %w", err)
	}
	if stdin {
		return secret, nil
	}
	again, err := prompt.Password(ctx, k.In, k.ErrOut, "The same again: ")
	if err == nil && again != secret {
		err = errors.New("the two differ: nothing was changed")
	}
	return secret, err
}

// storePassword takes the steps of the users endpoint, in its order and with its names (ADR 8): of two who change one
// password at a time, and after a crash between two steps, each User has one.
func storePassword(ctx context.Context, c *clusterClient, user, hash string) error {
	accounts := cluster.Accounts{Store: cluster.New(c, nowhere{}, time.Now)}
	return told(accounts.SetPassword(ctx, c.realm, user, hash))
}
