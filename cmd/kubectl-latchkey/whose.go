package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/latchkey-auth/latchkey/cmd/kubectl-latchkey/credential"
	"github.com/latchkey-auth/latchkey/cmd/prompt"
	"github.com/latchkey-auth/latchkey/cmd/version"
)

// whose says which of one's own logins is meant: at which realm of which service, as whom. These flags are
// about the service, so --server and --certificate-authority hide those of kubectl, which are about the API server.
type whose struct {
	credential.Login
	authority string
}

func (o *whose) register(flags *pflag.FlagSet) {
	flags.StringVar(&o.Server, "server", "", "the URL of the service, such as https://auth.example.com; http only to this machine")
	flags.StringVar(&o.Realm, "realm", "", "the realm, by its namespace; the one at the service's root if it is left out")
	flags.StringVar(&o.User, "username", "", "who logs in; asked for, or the only one with a login here, if it is left out")
	flags.StringVar(&o.authority, "certificate-authority", "", "a file with the certificates (PEM) that the service is trusted by; this machine's if it is left out")
}

// logins are where one's own logins are kept: in kubectl's cache.
func (k *kubectl) logins() credential.Store {
	return credential.NewStore(filepath.Join(*k.CacheDir, "latchkey"))
}

// find fills in what the flags leave out, from the logins that are kept. It may leave the user out.
func (o *whose) find(store credential.Store) error {
	kept, err := store.Logins()
	if err != nil {
		return err
	}
	if o.Server != "" {
		if o.Server, err = credential.ParseServer(o.Server); err != nil {
			return err
		}
	}
	var fitting []credential.Login
	for _, l := range kept {
		// With a service and no realm the one at its root is meant; with neither, any.
		server := o.Server == "" || o.Server == l.Server
		realm := o.Realm == l.Realm || o.Server == "" && o.Realm == ""
		if server && realm && (o.User == "" || o.User == l.User) {
			fitting = append(fitting, l)
		}
	}
	switch {
	case o.Server != "" && o.User != "":
	case len(fitting) == 1:
		o.Login = fitting[0]
	case len(fitting) > 1:
		var each []string
		for _, l := range fitting {
			each = append(each, "\n  "+strings.Join(arguments(l), " "))
		}
		return fmt.Errorf("there are several logins, so say which one with:%s", strings.Join(each, ""))
	}
	return nil
}

// arguments are the flags that name l.
func arguments(l credential.Login) []string {
	named := []string{"--server", l.Server}
	if l.Realm != "" {
		named = append(named, "--realm", l.Realm)
	}
	if l.User != "" {
		named = append(named, "--username", l.User)
	}
	return named
}

// askUser asks who logs in, where the flags leave that out.
func (o *whose) askUser(k *kubectl, interactive bool) (err error) {
	if o.User != "" {
		return nil
	}
	if !interactive || !prompt.IsTerminal(k.In) {
		return errors.New("say who logs in with --username")
	}
	fmt.Fprint(k.ErrOut, "Username: ")
	o.User, err = prompt.Line(k.In)
	return err
}

// source gets tokens of the login that o names.
func (o *whose) source(k *kubectl, ask func(context.Context) (string, error)) (*credential.Source, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	var authority []byte
	if o.authority != "" {
		var err error
		if authority, err = os.ReadFile(o.authority); err != nil {
			return nil, fmt.Errorf("read --certificate-authority: %w", err)
		}
	}
	service, err := credential.NewService(o.Login, authority, "kubectl-latchkey/"+version.Of(stamped))
	if err != nil {
		return nil, err
	}
	return &credential.Source{Login: o.Login, Service: service, Store: k.logins(), Now: time.Now, Ask: ask}, nil
}
