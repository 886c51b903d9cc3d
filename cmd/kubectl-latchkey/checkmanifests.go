package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/latchkey-auth/latchkey/cmd/kubectl-latchkey/manifests"
)

// checkManifests judges manifests offline.
func checkManifests(k *kubectl) *cobra.Command {
	var o output
	var expect []string
	cmd := &cobra.Command{
		Use:   "check-manifests DIR…",
		Short: "Find mistakes in manifests, and judge expected decisions, without a cluster",
		Long: `Read all YAML below each DIR (a file and - for standard input will do, too) and judge the objects of Latchkey's kinds as
the API server would: schema, rules with their sentences, unknown and duplicate fields. Beyond that find Roles that
are named and not written, includes that lead back to themselves, rules that can match nothing, and objects that are written twice. Other
kinds are passed over. Objects without a namespace are of --namespace, or of "default".

Then judge expected decisions, by the code that decides at /check: those of --expect, and those of files below DIR whose names end in
` + manifests.ExpectationsSuffix + `. A file is a list of

  - {user: vera, method: GET, url: "https://app.example.com/reports/7", allow: true}

with holding: [ROLE, …] in place of user for users who aren't in manifests, role: ROLE,… in place of method and url for
what /check/role/… says, and realm: NAMESPACE where the manifests are of several.

Exit codes: 0 nothing found, 1 something found, 2 the files can't be read.`,
		Example: `  kubectl latchkey check-manifests deploy/ --expect deploy/who-may-what.yaml
  kustomize build overlays/production | kubectl latchkey check-manifests - -n latchkey`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var files, expected []manifests.File
			for _, path := range args {
				below, expectations, err := manifests.Read(path, k.In)
				if err != nil {
					return err
				}
				files, expected = append(files, below...), append(expected, expectations...)
			}
			for _, name := range expect {
				file, err := manifests.ReadFile(name)
				if err != nil {
					return err
				}
				expected = append(expected, file)
			}
			namespace := *k.Namespace // kubeconfig isn't asked: nothing here depends on a cluster
			if namespace == "" {
				namespace = "default"
			}
			checker, err := manifests.New()
			if err != nil {
				return err
			}
			report := checker.Check(cmd.Context(), files, expected, namespace)
			if err := o.print(k.Out, report, func(w io.Writer) error { return printReport(w, report) }); err != nil {
				return err
			}
			if len(report.Findings) > 0 {
				return errNo
			}
			return nil
		},
	}
	cmd.Flags().StringArrayVar(&expect, "expect", nil, "a file of expected decisions; may be given more than once")
	o.register(cmd.Flags())
	return cmd
}

func printReport(w io.Writer, report *manifests.Report) error {
	for _, f := range report.Findings {
		fmt.Fprintln(w, f)
	}
	_, err := fmt.Fprintf(w, "%s and %s judged, %s\n",
		count(report.Objects, "object"), count(report.Expectations, "expected decision"), count(len(report.Findings), "finding"))
	return err
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
