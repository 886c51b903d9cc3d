package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/controllers/replica"
)

// followable is a kind whose objects replicas follow.
type followable struct {
	resource string // as in replica.Followed
	names    []string
	object   func() client.Object
	list     func() (client.ObjectList, func() []string)
}

// followables are all of them, by what kubectl calls them.
func followables() []followable {
	return []followable{
		{"users", []string{"user", "users", "lkuser"}, func() client.Object { return &v1alpha1.User{} },
			func() (client.ObjectList, func() []string) {
				l := &v1alpha1.UserList{}
				return l, func() []string { return named(l.Items) }
			}},
		{"roles", []string{"role", "roles", "lkrole"}, func() client.Object { return &v1alpha1.Role{} },
			func() (client.ObjectList, func() []string) {
				l := &v1alpha1.RoleList{}
				return l, func() []string { return named(l.Items) }
			}},
		{"realms", []string{"realm", "realms", "lkrealm"}, func() client.Object { return &v1alpha1.Realm{} },
			func() (client.ObjectList, func() []string) {
				l := &v1alpha1.RealmList{}
				return l, func() []string { return named(l.Items) }
			}},
		{"revokedtokens", []string{"revokedtoken", "revokedtokens", "lkrevoked"}, func() client.Object { return &v1alpha1.RevokedToken{} },
			func() (client.ObjectList, func() []string) {
				l := &v1alpha1.RevokedTokenList{}
				return l, func() []string { return named(l.Items) }
			}},
	}
}

// find returns the kind of that name; its group may follow, as in users.auth.latchkey.dev.
func find(kind string) (followable, error) {
	short := strings.TrimSuffix(strings.ToLower(kind), "."+v1alpha1.GroupName)
	for _, f := range followables() {
		if slices.Contains(f.names, short) {
			return f, nil
		}
	}
	return followable{}, fmt.Errorf("replicas don't follow %q: wait for a user, role, realm or revokedtoken, such as user/ann", kind)
}

// waitFor waits until objects are in force as they are now.
func waitFor(k *kubectl) *cobra.Command {
	var (
		where   installation
		timeout time.Duration
	)
	cmd := &cobra.Command{
		Use:   "wait KIND/NAME...",
		Short: "Wait until an object, as it is now, is in force on every replica",
		Long: `Wait until every replica that may be answering judges by an object as it is now: a user, role, realm or revokedtoken.
Users have no such status, as a write for each of them would be too much, so this asks the replicas' own Leases.

Exits with 0 when it is in force, 1 when the time is over (it says which replica lags), 2 when it can't be told.`,
		Example: `  kubectl apply -f ann.yaml && kubectl latchkey wait user/ann
  kubectl latchkey -n team-a wait role/editor user/ann --timeout 30s`,
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: k.completeObjects,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := k.cluster()
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), timeout)
			defer cancel()
			for _, arg := range args {
				if err := waitForOne(ctx, k, c, where, arg); err != nil {
					return err
				}
			}
			return nil
		},
	}
	where.register(cmd.Flags())
	cmd.Flags().DurationVar(&timeout, "timeout", 30*time.Second, "how long to wait, for all of them together")
	return cmd
}

func waitForOne(ctx context.Context, k *kubectl, c *clusterClient, where installation, arg string) error {
	kind, name, _ := strings.Cut(arg, "/")
	f, err := find(kind)
	if err != nil {
		return err
	}
	if name == "" {
		return fmt.Errorf("%q names no object: write KIND/NAME, such as user/ann", arg)
	}
	object := f.object()
	if err := c.Get(ctx, c.key(name), object); err != nil {
		return err
	}
	if err := c.Get(ctx, c.key(v1alpha1.RealmName), &v1alpha1.Realm{}); apierrors.IsNotFound(err) {
		return fmt.Errorf("namespace %q holds no Realm, so nothing in it is ever in force", c.realm)
	}
	arg = f.names[0] + "/" + name
	var last replica.Verdict
	err = where.follow(ctx, c,
		func(followed replica.Followed) bool { return followed.Kind(f.resource, object.GetResourceVersion()) },
		func(v replica.Verdict) bool {
			last = v
			return v.InForce == metav1.ConditionTrue && v.Total > 0
		})
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		fmt.Fprintf(k.ErrOut, "%s isn't in force: %s\n", arg, lagging(last, where))
		return errNo
	case err != nil:
		return err
	}
	fmt.Fprintf(k.Out, "%s in force on %s replicas%s\n", arg, last.Replicas(), also(last))
	return nil
}

// lagging says who is waited for.
func lagging(v replica.Verdict, where installation) string {
	switch {
	case !v.Known():
		return "the replicas couldn't be asked in that time"
	case v.InForce == metav1.ConditionTrue:
		return fmt.Sprintf("no replica answers: in namespace %q, none that isn't shut off has a Lease; if Latchkey is elsewhere say --latchkey-namespace", where.namespace)
	}
	return fmt.Sprintf("%s (%s)", v.Message, v.Replicas())
}

// also is what a verdict adds: a replica that wasn't counted.
func also(v replica.Verdict) string {
	if v.Message == "" {
		return ""
	}
	return "; " + v.Message
}

// completeObjects proposes kinds, and then names.
func (k *kubectl) completeObjects(cmd *cobra.Command, _ []string, prefix string) ([]string, cobra.ShellCompDirective) {
	kind, begun, named := strings.Cut(prefix, "/")
	if !named {
		var kinds []string
		for _, f := range followables() {
			kinds = append(kinds, f.names[0]+"/")
		}
		return kinds, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
	f, err := find(kind)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	list, each := f.list()
	found, directive := k.names(cmd.Context(), list, begun, each)
	for i := range found {
		found[i] = kind + "/" + found[i]
	}
	return found, directive
}
