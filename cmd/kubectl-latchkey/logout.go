package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
)

// logout ends logins: all of a user's, by the rights of the kubeconfig, or one's own at the service.
func logout(k *kubectl) *cobra.Command {
	var (
		own whose
		end enforcement
	)
	cmd := &cobra.Command{
		Use:   "logout [USER]",
		Short: "End every login of a user, or your own",
		Long: `With USER, end every login that they have begun, everywhere: a RevokedToken is written by the rights of your
kubeconfig, and the command returns when every replica refuses their tokens.

Without, end the login that kubectl latchkey login keeps for you. Its flags are needed only if there are several.`,
		Example: `  kubectl latchkey -n team-a logout ann
  kubectl latchkey logout`,
		Args:              onlyOne("user"),
		ValidArgsFunction: k.completeUsers,
		RunE: func(cmd *cobra.Command, args []string) error {
			flags := cmd.Flags()
			if len(args) == 0 {
				if flags.Changed("wait") || flags.Changed("timeout") || flags.Changed("reason") {
					return errors.New("--wait, --timeout and --reason are for logout USER: your own login is dead when the service answers")
				}
				return logoutOwn(cmd, k, &own)
			}
			for _, flag := range []string{"server", "realm", "username", "certificate-authority"} {
				if flags.Changed(flag) {
					return fmt.Errorf("--%s is for your own login: logout USER asks the API server of your kubeconfig (see --context), and --namespace is the realm", flag)
				}
			}
			return logoutUser(cmd, k, args[0], end)
		},
	}
	own.register(cmd.Flags())
	end.register(cmd.Flags(), "logged out by an administrator")
	return cmd
}

func logoutUser(cmd *cobra.Command, k *kubectl, name string, end enforcement) error {
	c, err := k.cluster()
	if err != nil {
		return err
	}
	user := &v1alpha1.User{}
	if err := c.Get(cmd.Context(), c.key(name), user); err != nil {
		return err
	}
	// The name is a new one each time: whoever logs a user out again means the logins since, too.
	token := &v1alpha1.RevokedToken{
		ObjectMeta: metav1.ObjectMeta{Namespace: c.realm, GenerateName: name + "-logout-"},
		Spec:       v1alpha1.RevokedTokenSpec{User: &v1alpha1.RevokedUser{Name: name, UID: user.UID}, Reason: end.reason},
	}
	if err := c.Create(cmd.Context(), token); err != nil {
		return err
	}
	return end.await(cmd.Context(), k, c, token.Name)
}

func logoutOwn(cmd *cobra.Command, k *kubectl, own *whose) error {
	if err := own.find(k.logins()); err != nil {
		return err
	}
	if own.Server == "" || own.User == "" {
		fmt.Fprintln(k.ErrOut, "no such login is kept here; to end those of a user, write kubectl latchkey logout USER")
		return errNo
	}
	source, err := own.source(k, nil)
	if err != nil {
		return err
	}
	kept, err := source.End(cmd.Context())
	switch {
	case err != nil:
		return err
	case !kept:
		fmt.Fprintln(k.ErrOut, "no login of", own.String(), "is kept here")
		return errNo
	}
	fmt.Fprintln(k.Out, "logged out", own.String())
	return nil
}
