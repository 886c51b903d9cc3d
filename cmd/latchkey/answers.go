package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/webhook/kubernetes"
	"github.com/latchkey-auth/latchkey/webhook/kubernetes/admission"
	"github.com/latchkey-auth/latchkey/webhook/kubernetes/authorize"
	"github.com/latchkey-auth/latchkey/webhook/kubernetes/tokenreview"
)

// answers fills in who answers which question of the API server.
func (a *asked) answers(to *kubernetes.Config, o *options, config *rest.Config, s *service) error {
	var err error
	if to.Admission, err = a.admission(o, config, to.Log, to.Registerer); err != nil {
		return err
	}
	identifier, err := identifier(o, s)
	if err != nil {
		return err
	}
	if to.TokenReview, err = tokenreview.New(tokenreview.Config{
		Directory: a.directory, Identifier: identifier, Log: to.Log, Registerer: to.Registerer,
	}); err != nil {
		return err
	}
	to.Authorize, err = authorize.New(authorize.Config{
		Directory: a.directory, Stale: a.feed.Stale, Realms: o.kubernetes.realms,
		DefaultRealm: o.defaultRealm, Log: to.Log, Registerer: to.Registerer,
	})
	return err
}

// admission judges by whole Roles and Realms, of which the directory keeps only what a check needs. A
// cache holds them, as includes may be many, and the API server is asked about a name that isn't in it.
func (a *asked) admission(o *options, config *rest.Config, log *slog.Logger, registry prometheus.Registerer) (http.Handler, error) {
	live, err := client.New(config, client.Options{Scheme: scheme(), Mapper: kinds()})
	if err != nil {
		return nil, fmt.Errorf("make client: %w", err)
	}
	a.objects, err = cache.New(config, cache.Options{
		Scheme: scheme(), Mapper: kinds(), DefaultTransform: cache.TransformStripManagedFields(),
		ByObject: map[client.Object]cache.ByObject{&v1alpha1.Role{}: {}, &v1alpha1.Realm{}: {}},
	})
	if err != nil {
		return nil, fmt.Errorf("make cache: %w", err)
	}
	return admission.New(admission.Config{
		Objects: a.objects, Live: live, Reviews: live,
		ServiceUser:  "system:serviceaccount:" + o.namespace + ":latchkey-serve",
		DefaultRealm: o.defaultRealm, ServiceURL: o.kubernetes.serviceURL, ExternalURL: o.externalURL,
		Logger: log, Registerer: registry,
	})
}

// identifier asks the service whose a token is: in this process, where it is here, else by its URL.
func identifier(o *options, s *service) (tokenreview.Identifier, error) {
	if s != nil {
		return tokenreview.NewProfile(o.kubernetes.serviceURL, tokenreview.HandlerTransport{Handler: s})
	}
	var authorities []byte
	if o.kubernetes.serviceCA != "" {
		var err error
		if authorities, err = os.ReadFile(o.kubernetes.serviceCA); err != nil {
			return nil, fmt.Errorf("read --service-ca-file: %w", err)
		}
	}
	transport, err := tokenreview.NewTransport(authorities)
	if err != nil {
		return nil, err
	}
	return tokenreview.NewProfile(o.kubernetes.serviceURL, transport)
}

// cached keeps the cache until ctx ends, and notes when it is full.
func (a *asked) cached(ctx context.Context) error {
	for _, kind := range []client.Object{&v1alpha1.Role{}, &v1alpha1.Realm{}} {
		if _, err := a.objects.GetInformer(ctx, kind, cache.BlockUntilSynced(false)); err != nil {
			return fmt.Errorf("follow %T: %w", kind, err)
		}
	}
	go func() { a.cacheFull.Store(a.objects.WaitForCacheSync(ctx)) }()
	return a.objects.Start(ctx)
}
