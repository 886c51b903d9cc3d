package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
)

// liveLogin is one login, with the names of GET /sessions.
type liveLogin struct {
	ID         string    `json:"id"`
	StartedAt  time.Time `json:"startedAt"`
	ExpiresAt  time.Time `json:"expiresAt"`
	LastUsedAt time.Time `json:"lastUsedAt"`
	UserAgent  string    `json:"userAgent"`
	Address    string    `json:"address"`
	Browser    bool      `json:"browser"`
}

// sessions lists the logins of a user that go on.
func sessions(k *kubectl) *cobra.Command {
	var o output
	cmd := &cobra.Command{
		Use:   "sessions USER",
		Short: "List the logins of a user that go on",
		Long: `List the logins of a user that go on, oldest first. LAST USED is when a refresh token was last presented.
End one with kubectl latchkey revoke --sid SID, all with kubectl latchkey logout USER.`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: k.completeUsers,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := k.cluster()
			if err != nil {
				return err
			}
			live, err := liveLogins(cmd.Context(), c, args[0])
			if err != nil {
				return err
			}
			if len(live) == 0 && o.format == "" {
				fmt.Fprintf(k.ErrOut, "no login of %s goes on\n", args[0])
				return nil
			}
			return o.print(k.Out, struct {
				Sessions []liveLogin `json:"sessions"`
			}{live}, func(w io.Writer) error { return tableOfLogins(w, live) })
		},
	}
	o.register(cmd.Flags())
	return cmd
}

// liveLogins are the logins of a user that haven't ended. The label finds them, and the spec, which can't be changed,
// says whose they are.
func liveLogins(ctx context.Context, c *clusterClient, user string) ([]liveLogin, error) {
	list := &v1alpha1.SessionList{}
	if err := c.List(ctx, list, client.InNamespace(c.realm), client.MatchingLabels{v1alpha1.SessionUserLabel: user}); err != nil {
		return nil, err
	}
	live := []liveLogin{}
	for i := range list.Items {
		s := &list.Items[i]
		if s.Spec.User.Name != user || s.DeletionTimestamp != nil || !s.Spec.ExpiresAt.After(time.Now()) {
			continue
		}
		l := liveLogin{
			ID: s.Name, StartedAt: s.CreationTimestamp.UTC(), ExpiresAt: s.Spec.ExpiresAt.UTC(), LastUsedAt: s.CreationTimestamp.UTC(),
			UserAgent: s.Spec.Client.UserAgent, Address: s.Spec.Client.Address, Browser: s.Spec.CookieExpiresAt != nil,
		}
		if at := s.Spec.Refresh.At; at != nil {
			l.LastUsedAt = at.UTC()
		}
		live = append(live, l)
	}
	slices.SortFunc(live, func(a, b liveLogin) int { return cmp.Or(a.StartedAt.Compare(b.StartedAt), cmp.Compare(a.ID, b.ID)) })
	if len(live) == 0 { // of a mistyped name nobody should believe that nothing goes on
		if err := c.Get(ctx, c.key(user), &v1alpha1.User{}); apierrors.IsNotFound(err) {
			return nil, err
		}
	}
	return live, nil
}

func tableOfLogins(w io.Writer, live []liveLogin) error {
	rows := [][]string{{"SID", "STARTED", "EXPIRES", "LAST USED", "ADDRESS", "USER AGENT"}}
	for _, l := range live {
		rows = append(rows, []string{l.ID, l.StartedAt.Format(time.RFC3339), l.ExpiresAt.Format(time.RFC3339), l.LastUsedAt.Format(time.RFC3339),
			printable(l.Address), printable(l.UserAgent)})
	}
	return printTable(w, rows)
}

// printable leaves out what a terminal would obey.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, s)
}
