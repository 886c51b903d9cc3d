package controllertest

import (
	"context"
	"fmt"
	"time"

	"github.com/go-logr/logr"
	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/latchkey-auth/latchkey/hack/testenv"
)

// Suite is a control plane with a running manager.
type Suite struct {
	// Environment is the control plane; its Client has no cache.
	*testenv.Environment
	// Manager runs the controllers under test. Its client reads from a cache, but Secrets live.
	Manager manager.Manager
	// Faults sees, and can fail, every write of the Manager's client.
	Faults *Faults

	stop    context.CancelFunc
	stopped chan struct{}
}

// Start starts a control plane and a manager with what setup adds to it. Call it in
// BeforeSuite, and Stop in AfterSuite. adjust, which may be nil, has the last word on options.
func Start(ctx context.Context, adjust func(ctrl.Options) ctrl.Options, setup func(context.Context, manager.Manager) error) *Suite {
	ginkgo.GinkgoHelper()
	gomega.SetDefaultEventuallyTimeout(20 * time.Second)
	gomega.EnforceDefaultTimeoutsWhenUsingContexts() // else WithContext waits for ever
	gomega.SetDefaultEventuallyPollingInterval(20 * time.Millisecond)
	log.SetLogger(ginkgo.GinkgoLogr)
	environment, err := testenv.Start()
	gomega.Expect(err).NotTo(gomega.HaveOccurred())
	s := &Suite{Environment: environment, Faults: NewFaults(), stopped: make(chan struct{})}
	options := s.options(ginkgo.GinkgoLogr)
	if adjust != nil {
		options = adjust(options)
	}
	s.Manager, err = manager.New(environment.Config, options)
	gomega.Expect(err).NotTo(gomega.HaveOccurred())
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	gomega.Expect(setup(run, s.Manager)).To(gomega.Succeed())
	go func() {
		defer close(s.stopped)
		defer ginkgo.GinkgoRecover()
		gomega.Expect(s.Manager.Start(run)).To(gomega.Succeed())
	}()
	gomega.Expect(s.Manager.GetCache().WaitForCacheSync(ctx)).To(gomega.BeTrue())
	return s
}

func (s *Suite) options(logger logr.Logger) ctrl.Options {
	skip := true
	return ctrl.Options{
		Scheme:  testenv.Scheme(),
		Logger:  logger,
		Metrics: metricsserver.Options{BindAddress: "0"},
		Client:  client.Options{Cache: &client.CacheOptions{DisableFor: []client.Object{&corev1.Secret{}}}},
		NewClient: func(config *rest.Config, options client.Options) (client.Client, error) {
			c, err := client.NewWithWatch(config, options)
			if err != nil {
				return nil, err
			}
			return s.Faults.Wrap(c), nil
		},
		Controller: config.Controller{SkipNameValidation: &skip},
	}
}

// Stop stops the manager and then the control plane.
func (s *Suite) Stop() {
	ginkgo.GinkgoHelper()
	s.stop()
	<-s.stopped
	gomega.Expect(s.Environment.Stop()).To(gomega.Succeed())
}

// Namespace makes a namespace of its own for the running spec.
func (s *Suite) Namespace(ctx context.Context) string {
	ginkgo.GinkgoHelper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "spec-"}}
	gomega.Expect(s.Client.Create(ctx, namespace)).To(gomega.Succeed())
	return namespace.Name
}

// Events returns what was told about the objects of a namespace, each as "Type Reason: note".
func (s *Suite) Events(ctx context.Context, namespace string) []string {
	ginkgo.GinkgoHelper()
	list := &eventsv1.EventList{}
	gomega.Expect(s.Client.List(ctx, list, client.InNamespace(namespace))).To(gomega.Succeed())
	var told []string
	for _, e := range list.Items {
		told = append(told, fmt.Sprintf("%s %s: %s", e.Type, e.Reason, e.Note))
	}
	return told
}
