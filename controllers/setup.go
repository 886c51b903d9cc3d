package controllers

import (
	"context"
	"fmt"

	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/latchkey-auth/latchkey/controllers/acknowledgement"
	"github.com/latchkey-auth/latchkey/controllers/realm"
	"github.com/latchkey-auth/latchkey/controllers/revokedtoken"
	"github.com/latchkey-auth/latchkey/controllers/role"
	"github.com/latchkey-auth/latchkey/controllers/secretwatch"
	"github.com/latchkey-auth/latchkey/controllers/session"
	"github.com/latchkey-auth/latchkey/controllers/signingkey"
	"github.com/latchkey-auth/latchkey/controllers/user"
	"github.com/latchkey-auth/latchkey/controllers/webhookcert"
	"github.com/latchkey-auth/latchkey/webhook/directory"
)

// The leader's own rights beside those that stand with each controller.
// +kubebuilder:rbac:groups=coordination.k8s.io,namespace=latchkey,resources=leases,verbs=get;create;update

// recorderName is who Events say they are from.
const recorderName = "latchkey"

// Config is what the controllers share with the service.
type Config struct {
	// ExternalURL is where the service is reached from outside; issuers follow from it.
	ExternalURL string
	// DefaultRealm is the namespace of the realm that answers at the root of ExternalURL.
	DefaultRealm string
	// Namespace is Latchkey's own, where replicas keep their Leases; required.
	Namespace string
	// Admission is whether the API server is told to ask latchkey-kubernetes before it stores objects.
	Admission bool
	// KubernetesURL is where it asks; empty: by the Service.
	KubernetesURL string
	// Clock is the API server's time, as everything with a date goes by it. Nil: the machine's.
	Clock clock.PassiveClock
}

// Setup adds every controller to mgr, which should have been made with ManagerOptions. ctx ends
// with mgr.
func Setup(ctx context.Context, mgr manager.Manager, c Config) error {
	if c.Clock == nil {
		c.Clock = clock.RealClock{}
	}
	now, live, writer := c.Clock.Now, mgr.GetAPIReader(), mgr.GetClient()
	recorder := mgr.GetEventRecorder(recorderName)
	secrets, err := secretwatch.New(mgr.GetConfig(), mgr.GetCache(), mgr.GetLogger().WithName("secretwatch"))
	if err != nil {
		return fmt.Errorf("set up secretwatch: %w", err)
	}
	replicas, err := acknowledgement.New(acknowledgement.Config{
		Live: live, Writer: writer, Leases: mgr.GetCache(), Namespace: c.Namespace, Clock: clock.RealClock{},
	})
	if err != nil {
		return fmt.Errorf("set up acknowledgement: %w", err)
	}
	ofRoles, ofRealms, ofRevocations := replicas.Follow("roles"), replicas.Follow("realms"), replicas.Follow("revokedtokens")
	realms := realm.Config{
		Client:   writer,
		Live:     live,
		Keys:     signingkey.New(live, writer, replicas, now),
		Replicas: ofRealms,
		Issuer: func(specIssuer, namespace string) string {
			return directory.Issuer(specIssuer, c.ExternalURL, c.DefaultRealm, namespace)
		},
		Events: recorder,
	}
	users := user.Config{Client: writer, Live: live, Events: recorder, Now: now}
	sessions := session.Config{Client: writer, Live: live, Events: recorder, Now: now}

	webhooks, err := webhookcert.New(webhookcert.Config{
		Live: live, Writer: writer, Namespace: c.Namespace, Admission: c.Admission, URL: c.KubernetesURL,
		Now: now, Clock: clock.RealClock{}, Log: mgr.GetLogger().WithName("webhookcert"),
	})
	if err != nil {
		return fmt.Errorf("set up webhookcert: %w", err)
	}

	for _, controller := range []struct {
		name string
		add  func() error
	}{ // all on the leader only
		{"role: what a Role amounts to", func() error { return role.Setup(ctx, mgr, ofRoles, ofRoles.Source(), recorder) }},
		{"realm: signing keys, and whether a realm is usable", func() error { return realm.Setup(mgr, realms, secrets.Keys(), ofRealms.Source()) }},
		{"user: passwords, disabling, orphans", func() error { return user.Setup(ctx, mgr, users, secrets.Passwords(), secrets.Passwords()) }},
		{"session: every way in which a login ends", func() error { return session.Setup(ctx, mgr, sessions) }},
		{"revokedtoken: whether it is enforced, collection", func() error { return revokedtoken.Setup(mgr, ofRevocations, ofRevocations.Source(), now) }},
		{"acknowledgement: what every replica has followed", func() error { return mgr.Add(replicas) }},
		{"secretwatch: Secrets of realms", func() error { return mgr.Add(secrets) }},
		{"webhookcert: what the API server asks, and its certificate", func() error { return mgr.Add(webhooks) }},
	} {
		if err := controller.add(); err != nil {
			return fmt.Errorf("set up %s: %w", controller.name, err)
		}
	}
	return nil
}
