package session_test

import (
	"context"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/latchkey-auth/latchkey/controllers/controllertest"
	"github.com/latchkey-auth/latchkey/controllers/session"
)

var suite *controllertest.Suite

func TestSession(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Session controller")
}

var _ = BeforeSuite(func(ctx SpecContext) {
	suite = controllertest.Start(ctx, nil, func(ctx context.Context, mgr manager.Manager) error {
		return session.Setup(ctx, mgr, config(mgr, time.Now))
	})
})

var _ = AfterSuite(func() { suite.Stop() })

func config(mgr manager.Manager, now func() time.Time) session.Config {
	return session.Config{Client: mgr.GetClient(), Live: mgr.GetAPIReader(), Events: mgr.GetEventRecorder("latchkey"), Now: now}
}
