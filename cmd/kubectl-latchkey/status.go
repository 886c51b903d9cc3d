package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/rest"

	"github.com/latchkey-auth/latchkey/controllers/servertime"
)

// report is how Latchkey does.
type report struct {
	Realms    []realmReport   `json:"realms"`
	Replicas  []replicaReport `json:"replicas"`
	Admission *admission      `json:"admission,omitempty"`
	// Problems are what somebody should look at.
	Problems []string `json:"problems,omitempty"`
	// Unknown is what the asker's rights don't show.
	Unknown []string `json:"unknown,omitempty"`
}

// status shows how realms, replicas and admission do.
func status(k *kubectl) *cobra.Command {
	var (
		o     output
		where installation
		all   bool
	)
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show how realms, keys, replicas and admission do",
		Long: `Show the realm of --namespace, or all of them, with its keys; the replicas, and how far each has followed; and whether
the API server can reach admission by its certificates.

Exits with 0 when all of it is well, 1 when something isn't (it says what), 2 when nothing can be told. What your rights don't show is
named, with the right that is missing, and counts as neither.`,
		Args:              cobra.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			now := servertime.New(time.Now, slog.New(slog.DiscardHandler))
			k.WithWrapConfigFn(func(config *rest.Config) *rest.Config {
				config.Wrap(now.Transport)
				return config
			})
			c, err := k.cluster()
			if err != nil {
				return err
			}
			if all {
				c.realm = ""
			}
			r, err := where.report(cmd.Context(), c, now.Now)
			if err != nil {
				return err
			}
			if err := o.print(k.Out, r, r.table); err != nil {
				return err
			}
			if len(r.Problems) > 0 {
				return errNo
			}
			return nil
		},
	}
	o.register(cmd.Flags())
	where.register(cmd.Flags())
	cmd.Flags().BoolVarP(&all, "all-namespaces", "A", false, "all realms")
	return cmd
}

// report asks for each part, and goes on without what the rights don't show.
func (i *installation) report(ctx context.Context, c *clusterClient, now func() time.Time) (*report, error) {
	r := &report{Realms: []realmReport{}, Replicas: []replicaReport{}}
	for _, part := range []func(context.Context, *clusterClient, *installation, func() time.Time) error{r.realms, r.replicas, r.admission} {
		err := part(ctx, c, i, now)
		switch {
		case apierrors.IsForbidden(err):
			r.Unknown = append(r.Unknown, err.Error())
		case err != nil:
			return nil, err
		}
	}
	return r, nil
}

func (r *report) problem(format string, a ...any) {
	r.Problems = append(r.Problems, fmt.Sprintf(format, a...))
}

// table prints r for people.
func (r *report) table(w io.Writer) error {
	if err := tableOfRealms(w, r.Realms); err != nil {
		return err
	}
	fmt.Fprintln(w)
	if err := tableOfReplicas(w, r.Replicas); err != nil {
		return err
	}
	fmt.Fprintln(w)
	if r.Admission != nil {
		fmt.Fprintln(w, "admission:", r.Admission)
	}
	for _, problem := range r.Problems {
		fmt.Fprintln(w, "problem:", problem)
	}
	for _, unknown := range r.Unknown {
		fmt.Fprintln(w, "unknown:", unknown)
	}
	return nil
}
