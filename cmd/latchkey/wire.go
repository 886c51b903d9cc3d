package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/certwatcher"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/cmd/version"
	"github.com/latchkey-auth/latchkey/controllers"
	"github.com/latchkey-auth/latchkey/controllers/feed"
	"github.com/latchkey-auth/latchkey/controllers/servertime"
	"github.com/latchkey-auth/latchkey/webhook"
)

// drainGrace is how long requests that were begun may take to end.
const drainGrace = 15 * time.Second

// run makes a process of its parts and runs it until ctx ends or a part fails.
//
// The end has an order: readiness goes first, then what was begun is answered, and only
// then stop the feeds and controllers that the answers rest on, and the Lease goes.
func run(ctx context.Context, o *options, p parts) error {
	log := newLogger(o)
	now := servertime.New(machineTime, log)
	config, err := restConfig(o, now)
	if err != nil {
		return err
	}
	registry := ctrlmetrics.Registry // one for all: controller-runtime's holds Go's and the process's, too
	if err := now.Register(registry); err != nil {
		return fmt.Errorf("register metrics: %w", err)
	}

	var draining atomic.Bool
	behind, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	all, behind := errgroup.WithContext(behind)
	answering, quiet := context.WithCancel(context.WithoutCancel(ctx))
	defer quiet()
	serving, front := errgroup.WithContext(ctx)

	ready := func() error {
		if draining.Load() {
			return errors.New("shutting down")
		}
		return nil
	}
	var fronts []serveUntil // what others ask of this process
	var s *service
	if p.service {
		if s, err = newService(o, config, now, log, registry); err != nil {
			return err
		}
		process := ready
		ready = func() error { return cmp.Or(process(), s.ready()) }
		server := webhook.NewServer(s, log)
		if o.tlsCert != "" {
			certificate, err := certwatcher.New(o.tlsCert, o.tlsKey)
			if err != nil {
				return fmt.Errorf("read --tls-cert-file and --tls-key-file: %w", err)
			}
			server.TLSConfig = &tls.Config{GetCertificate: certificate.GetCertificate, MinVersion: tls.VersionTLS12}
			all.Go(func() error { return certificate.Start(behind) })
		}
		public, err := webhook.Listen("public", o.listen, o.maxConnections, server, log)
		if err != nil {
			return err
		}
		grpc, err := listenGRPC(o, s, server.TLSConfig, ready, log)
		if err != nil {
			return err
		}
		fronts = append(fronts, func(ctx context.Context) error { return public.Serve(ctx, drainGrace) }, grpc)
		all.Go(func() error { return s.follow(behind, answering) })
		all.Go(func() error { announce(behind, s.feed, log); return nil })
	}
	if p.kubernetes && o.kubernetes.listen != "" {
		a, err := newAsked(o, config, s, now, log, registry)
		if err != nil {
			return err
		}
		if !p.service { // checks don't wait for the API server's certificate
			process := ready
			ready = func() error { return cmp.Or(process(), a.ready()) }
			all.Go(func() error { announce(behind, a.feed, log); return nil })
		}
		fronts = append(fronts, a.serve)
		all.Go(func() error { return a.follow(behind) })
	}
	if p.controllers {
		manager, err := newManager(behind, o, config, now)
		if err != nil {
			return err
		}
		all.Go(func() error { return manager.Start(behind) })
	}
	operations, err := webhook.Listen("operations", o.opsListen, operationsConnections, webhook.NewServer(webhook.Operations(registry, ready), log), log)
	if err != nil {
		return err
	}
	all.Go(func() error { return operations.Serve(behind, drainGrace) })

	serving.Go(func() error {
		select {
		case <-front.Done():
		case <-behind.Done(): // a part failed
			return nil
		}
		draining.Store(true)
		log.Info("shutting down")
		return nil
	})
	for _, serve := range fronts {
		serving.Go(func() error { return serve(delayed(front, behind, o.shutdownDelay)) })
	}
	err = serving.Wait()
	quiet()
	stop()
	return errors.Join(err, all.Wait())
}

// operationsConnections bounds the operations listener.
const operationsConnections = 256

// delayed returns a context that ends a while after ctx does, or with behind.
func delayed(ctx, behind context.Context, delay time.Duration) context.Context {
	later, end := context.WithCancel(context.WithoutCancel(ctx))
	context.AfterFunc(behind, end)
	context.AfterFunc(ctx, func() { time.AfterFunc(delay, end) })
	return later
}

// newManager makes the controllers' manager.
func newManager(ctx context.Context, o *options, config *rest.Config, now *servertime.Clock) (ctrl.Manager, error) {
	manager, err := ctrl.NewManager(config, controllers.ManagerOptions(ctrl.Options{
		Scheme:                        scheme(),
		Metrics:                       metricsserver.Options{BindAddress: "0"}, // served by the operations listener
		HealthProbeBindAddress:        "0",
		LeaderElection:                o.leaderElect,
		LeaderElectionID:              "latchkey-leader",
		LeaderElectionNamespace:       o.namespace,
		LeaderElectionReleaseOnCancel: true,
	}, o.namespace))
	if err != nil {
		return nil, fmt.Errorf("make manager: %w", err)
	}
	if err := controllers.Setup(ctx, manager, controllers.Config{ExternalURL: o.externalURL, DefaultRealm: o.defaultRealm, Namespace: o.namespace, Clock: now, Admission: o.admission, KubernetesURL: o.kubernetesURL}); err != nil {
		return nil, fmt.Errorf("set up controllers: %w", err)
	}
	return manager, nil
}

// announce logs once that the directory is full.
func announce(ctx context.Context, f *feed.Feed, log *slog.Logger) {
	full := func(context.Context) (bool, error) { return f.Synced(), nil }
	if wait.PollUntilContextCancel(ctx, 20*time.Millisecond, true, full) == nil {
		log.Info("ready")
	}
}

// newLogger makes the one logger, and bridges Kubernetes' libraries to it: their errors
// always, what they tell beside that for those who debug.
func newLogger(o *options) *slog.Logger {
	handler := slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: o.level})
	libraries := slog.LevelWarn
	if o.level < slog.LevelInfo {
		libraries = o.level
	}
	bridged := logr.FromSlogHandler(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: libraries}))
	ctrl.SetLogger(bridged)
	klog.SetLogger(bridged)
	return slog.New(handler)
}

// restConfig reaches the API server, without client-go's limit of 5 requests a second: a
// login must not wait behind it.
func restConfig(o *options, now *servertime.Clock) (*rest.Config, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = o.kubeconfig
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, nil).ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("find the API server (--kubeconfig, $KUBECONFIG or the Pod's ServiceAccount): %w", err)
	}
	config.QPS = -1
	config.UserAgent = "latchkey/" + version.Of(stamped)
	config.Wrap(now.Transport)
	return config, nil
}

func scheme() *runtime.Scheme {
	s := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(s); err != nil {
			panic(err) // two kinds claim one name: a bug
		}
	}
	return s
}
