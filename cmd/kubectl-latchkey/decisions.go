package main

import "github.com/spf13/cobra"

// decisions are the subcommands that tell who may do what, and why.
func decisions(k *kubectl) []*cobra.Command {
	return []*cobra.Command{explain(k), whoCan(k), checkManifests(k)}
}
