// Package version says which build of a command this is. Both commands of this repository have it.
package version

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// Of is what the build stamped with -ldflags -X main.stamped=…, else the commit's or the module's version.
func Of(stamped string) string {
	if stamped != "" {
		return stamped
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			return setting.Value
		}
	}
	return info.Main.Version
}

// Command is the subcommand that prints the version of the command called name.
func Command(name, stamped string) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		Run: func(cmd *cobra.Command, _ []string) {
			fmt.Fprintln(cmd.OutOrStdout(), name, Of(stamped), runtime.Version(), runtime.GOOS+"/"+runtime.GOARCH)
		},
	}
}
