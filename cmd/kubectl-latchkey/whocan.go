package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"

	"github.com/spf13/cobra"

	"github.com/latchkey-auth/latchkey/cmd/kubectl-latchkey/decision"
)

// whoCan tells who may make a request.
func whoCan(k *kubectl) *cobra.Command {
	var o output
	cmd := &cobra.Command{
		Use:   "who-can METHOD URL",
		Short: "Tell which users may make a request, and by which Role",
		Long: `Tell who may make a request: everybody, every valid user, and the users whose own Roles allow it, each with the
Role, the way by which they hold it and its rule. Users who are disabled or being deleted may nothing and aren't listed.

The realm is the namespace; all of its Realm, Role and User objects are read with your rights.

Exit codes: 0 somebody may, 1 nobody may, 2 there is no answer.`,
		Example: `  kubectl latchkey who-can DELETE https://app.example.com/reports/7 -n latchkey
  kubectl latchkey who-can GET https://app.example.com/ -o json`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			w, err := k.whoCan(cmd.Context(), args[0], args[1])
			if err != nil {
				return err
			}
			if err := o.print(k.Out, w, func(out io.Writer) error { return printWhoCan(out, w) }); err != nil {
				return err
			}
			if !w.Anybody() {
				return errNo
			}
			return nil
		},
	}
	o.register(cmd.Flags())
	return cmd
}

func (k *kubectl) whoCan(ctx context.Context, method, url string) (*decision.WhoCan, error) {
	r, objects, err := k.readRules(ctx, url)
	if err != nil {
		return nil, err
	}
	if objects.Users, err = r.list(ctx, "users"); err != nil {
		return nil, err
	}
	return decision.New(r.namespace, objects).WhoCan(method, url, namesOf(objects.Users))
}

// namesOf are the names of whole objects, in their order.
func namesOf(objects []json.RawMessage) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, whole := range objects {
			var o struct {
				Metadata struct {
					Name string `json:"name"`
				} `json:"metadata"`
			}
			if json.Unmarshal(whole, &o) == nil && !yield(o.Metadata.Name) {
				return
			}
		}
	}
}

func printWhoCan(w io.Writer, who *decision.WhoCan) error {
	switch {
	case who.Problem != "":
		fmt.Fprintf(w, "nobody may: %s\n", who.Problem)
		return nil
	case !who.Anybody():
		fmt.Fprintln(w, "nobody may")
		return nil
	}
	if who.Anonymous != nil {
		fmt.Fprintf(w, "everybody may, also without a login: %s\n", who.Anonymous.Name())
	}
	if who.Authenticated != nil {
		fmt.Fprintf(w, "every valid user may: %s\n", who.Authenticated.Name())
	}
	if len(who.Users) == 0 {
		return nil
	}
	if who.Anonymous != nil || who.Authenticated != nil {
		fmt.Fprintln(w, "by their own Roles:")
	}
	rows := [][]string{{"USER", "HELD THROUGH", "ALLOWED BY", "IN FORCE"}}
	for _, user := range who.Users {
		rows = append(rows, []string{user.Name, user.Role.HeldThrough(), user.Rule.Name(), inForce(user.Role)})
	}
	return printTable(w, rows)
}
