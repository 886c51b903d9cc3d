package revokedtoken_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/latchkey-auth/latchkey/controllers/controllertest"
	"github.com/latchkey-auth/latchkey/controllers/revokedtoken"
)

var (
	suite   *controllertest.Suite
	leaders = clocktesting.NewFakeClock(time.Now()) // the leader's clock
	lists   atomic.Int64                            // live ones of Leases
)

func TestRevokedToken(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "RevokedToken controller")
}

var _ = BeforeSuite(func(ctx SpecContext) {
	suite = controllertest.Start(ctx, nil, func(_ context.Context, mgr manager.Manager) error {
		replicas, err := controllertest.Replicas(mgr, counting{mgr.GetAPIReader(), &lists}, leaders)
		if err != nil {
			return err
		}
		following := replicas.Follow("revokedtokens")
		if err := revokedtoken.Setup(mgr, following, following.Source(), time.Now); err != nil {
			return err
		}
		return mgr.Add(replicas)
	})
})

var _ = AfterSuite(func() { suite.Stop() })
