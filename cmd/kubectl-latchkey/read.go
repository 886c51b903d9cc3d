package main

import (
	"context"
	"encoding/json"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/pager"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/cmd/kubectl-latchkey/decision"
	"github.com/latchkey-auth/latchkey/controllers/feed"
)

// reader reads a realm's objects with the rights of whoever runs kubectl. It hands them on as the API server writes
// them, so that one that can't be decoded hides no other.
type reader struct {
	client    dynamic.Interface
	namespace string
}

func (k *kubectl) reader() (*reader, error) {
	namespace, _, err := k.ToRawKubeConfigLoader().Namespace()
	if err != nil {
		return nil, err
	}
	config, err := k.ToRESTConfig()
	if err != nil {
		return nil, err
	}
	config.QPS = -1 // the API server has its own queues
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	return &reader{client, namespace}, nil
}

func (r *reader) of(resource string) dynamic.ResourceInterface {
	return r.client.Resource(v1alpha1.GroupVersion.WithResource(resource)).Namespace(r.namespace)
}

// readRules reads what everybody's decisions are made of, Realm and Roles, and returns what reads Users, too. Nothing is
// read where url ("": none) is one that nobody could ask for.
func (k *kubectl) readRules(ctx context.Context, url string) (r *reader, o feed.Objects, err error) {
	if url != "" {
		if _, _, err := decision.SplitURL(url); err != nil {
			return nil, o, err
		}
	}
	if r, err = k.reader(); err != nil {
		return nil, o, err
	}
	if o.Realms, err = r.list(ctx, "realms"); err != nil {
		return nil, o, err
	}
	o.Roles, err = r.list(ctx, "roles")
	return r, o, err
}

// list reads all objects of a kind.
func (r *reader) list(ctx context.Context, resource string) ([]json.RawMessage, error) {
	var all []json.RawMessage
	pages := pager.New(func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
		return r.of(resource).List(ctx, options)
	})
	err := pages.EachListItem(ctx, metav1.ListOptions{}, func(o runtime.Object) error {
		whole, err := json.Marshal(o)
		all = append(all, whole)
		return err
	})
	return all, r.mend("list", resource, err)
}

// user reads one User; nothing if there is none.
func (r *reader) user(ctx context.Context, name string) ([]json.RawMessage, error) {
	o, err := r.of("users").Get(ctx, name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return nil, nil
	case err != nil:
		return nil, r.mend("get", "users", err)
	}
	whole, err := json.Marshal(o)
	return []json.RawMessage{whole}, err
}

// mend says what to do about an error of the API server.
func (r *reader) mend(verb, resource string, err error) error {
	switch {
	case apierrors.IsForbidden(err):
		return fmt.Errorf("you may not %s %s.%s in namespace %q: ask for get and list on realms, roles and users there, as ClusterRole latchkey-viewer gives them (%w)",
			verb, resource, v1alpha1.GroupName, r.namespace, err)
	case apierrors.IsNotFound(err):
		return fmt.Errorf("the API server doesn't know %s.%s: install Latchkey's kinds, config/crd, or name another cluster (%w)", resource, v1alpha1.GroupName, err)
	case err != nil:
		return fmt.Errorf("%s %s in namespace %q: %w", verb, resource, r.namespace, err)
	}
	return nil
}
