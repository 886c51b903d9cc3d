package main

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
)

// completing is how long somebody waits who has pressed Tab.
const completing = 3 * time.Second

// names lists the names that begin with prefix. Whatever goes wrong, nothing is proposed.
func (k *kubectl) names(ctx context.Context, list client.ObjectList, prefix string, each func() []string, options ...client.ListOption) ([]string, cobra.ShellCompDirective) {
	ctx, cancel := context.WithTimeout(ctx, completing)
	defer cancel()
	c, err := k.cluster()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	if len(options) == 0 {
		options = []client.ListOption{client.InNamespace(c.realm)}
	}
	if err := c.List(ctx, list, options...); err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var fitting []string
	for _, name := range each() {
		if strings.HasPrefix(name, prefix) {
			fitting = append(fitting, name)
		}
	}
	return fitting, cobra.ShellCompDirectiveNoFileComp
}

// named are the names of items.
func named[T any, P interface {
	*T
	GetName() string
}](items []T) []string {
	var names []string
	for i := range items {
		names = append(names, P(&items[i]).GetName())
	}
	return names
}

// completeUsers proposes the realm's users as the one argument.
func (k *kubectl) completeUsers(cmd *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	list := &v1alpha1.UserList{}
	return k.names(cmd.Context(), list, prefix, func() []string { return named(list.Items) })
}

// completeSessions proposes the realm's logins.
func (k *kubectl) completeSessions(cmd *cobra.Command, _ []string, prefix string) ([]string, cobra.ShellCompDirective) {
	list := &v1alpha1.SessionList{}
	return k.names(cmd.Context(), list, prefix, func() []string { return named(list.Items) })
}

// completeRealms proposes the namespaces that are realms.
func (k *kubectl) completeRealms(cmd *cobra.Command, _ []string, prefix string) ([]string, cobra.ShellCompDirective) {
	list := &v1alpha1.RealmList{}
	return k.names(cmd.Context(), list, prefix, func() []string {
		var namespaces []string
		for i := range list.Items {
			namespaces = append(namespaces, list.Items[i].Namespace)
		}
		return namespaces
	}, client.InNamespace(""))
}
