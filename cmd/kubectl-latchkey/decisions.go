package main

import "github.com/spf13/cobra"

// decisions are the subcommands that tell who may do what, and why.
func decisions(*kubectl) []*cobra.Command { return nil }
