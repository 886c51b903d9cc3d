package main

import "github.com/spf13/cobra"

// logins are the subcommands about users, their logins and tokens, and what is in force.
func logins(k *kubectl) []*cobra.Command {
	return []*cobra.Command{login(k), logout(k), passwd(k), sessions(k), revoke(k), waitFor(k), status(k)}
}
