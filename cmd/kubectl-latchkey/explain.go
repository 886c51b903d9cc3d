package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/latchkey-auth/latchkey/cmd/kubectl-latchkey/decision"
)

// explain tells what /check answers to somebody's request, and why.
func explain(k *kubectl) *cobra.Command {
	var o output
	q := decision.Question{}
	cmd := &cobra.Command{
		Use:   "explain USER METHOD URL",
		Short: "Tell whether a user's request is allowed, by which rule, or why not",
		Long: `Tell what /check answers to a request of a user whose login is alive, and why: by which rule of which Role, held
by which way, or what comes nearest to allowing it. USER anonymous is somebody without a login.

The realm is the namespace. Its objects are read with your rights (get and list on realms, roles and users), and the
code that decides at /check decides here. A replica that hasn't followed the newest change yet may still answer by
the one before; the table says which Roles are in force on all.

Exit codes: 0 allowed, 1 not allowed, 2 there is no answer.`,
		Example: `  kubectl latchkey explain vera GET https://app.example.com/reports/7 -n latchkey
  kubectl latchkey explain anonymous GET https://app.example.com/public/
  kubectl latchkey explain vera --role editor,admin    # what /check/role/editor,admin says`,
		ValidArgsFunction: k.completeUsers,
		Args: func(cmd *cobra.Command, args []string) error {
			q.ByRoles = cmd.Flags().Changed("role")
			if len(args) == 3 || q.ByRoles && len(args) == 1 {
				return nil
			}
			return errors.New("write explain USER METHOD URL, or explain USER --role ROLES")
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if q.User = args[0]; len(args) == 3 {
				q.Method, q.URL = args[1], args[2]
			}
			e, err := k.explain(cmd.Context(), q)
			if err != nil {
				return err
			}
			if err := o.print(k.Out, e, func(w io.Writer) error { return printExplanation(w, e) }); err != nil {
				return err
			}
			if !e.Allowed {
				return errNo
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&q.Roles, "role", "", "judge by Roles alone, as /check/role/… does: Role names with commas between them, of which any is enough")
	o.register(cmd.Flags())
	return cmd
}

func (k *kubectl) explain(ctx context.Context, q decision.Question) (*decision.Explanation, error) {
	r, objects, err := k.readRules(ctx, q.URL)
	if err != nil {
		return nil, err
	}
	if q.User != decision.Anonymous {
		if objects.Users, err = r.user(ctx, q.User); err != nil {
			return nil, err
		}
	}
	return decision.New(r.namespace, objects).Explain(q)
}

// printExplanation begins with the verdict: most people read no further.
func printExplanation(w io.Writer, e *decision.Explanation) error {
	fmt.Fprintln(w, e.Verdict)
	for i, rule := range e.Rules {
		if i > 0 {
			fmt.Fprintf(w, "also allowed by %s\n", rule.Name())
		}
	}
	if len(e.Roles) > 0 {
		rows := [][]string{{"ROLE", "HELD THROUGH", "GENERATION", "IN FORCE"}}
		for _, role := range e.Roles {
			rows = append(rows, []string{role.Name, role.HeldThrough(), fmt.Sprint(role.Generation), inForce(role)})
		}
		fmt.Fprintln(w)
		if err := printTable(w, rows); err != nil {
			return err
		}
	}
	if len(e.Hints) > 0 {
		fmt.Fprintln(w)
	}
	for _, hint := range e.Hints {
		fmt.Fprintln(w, "-", hint)
	}
	return nil
}

// inForce says on how many replicas a Role's generation is in force.
func inForce(role decision.Role) string {
	switch {
	case role.InForce:
		return role.Replicas
	case role.Replicas == "":
		return "not known"
	}
	return "not known (" + role.Replicas + ")"
}
