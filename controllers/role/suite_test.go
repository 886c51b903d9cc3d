package role_test

import (
	"context"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/latchkey-auth/latchkey/controllers/controllertest"
	"github.com/latchkey-auth/latchkey/controllers/role"
)

var (
	suite   *controllertest.Suite
	leaders = clocktesting.NewFakeClock(time.Now()) // the leader's clock
)

func TestRole(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Role controller")
}

var _ = BeforeSuite(func(ctx SpecContext) {
	suite = controllertest.Start(ctx, nil, func(ctx context.Context, mgr manager.Manager) error {
		replicas, err := controllertest.Replicas(mgr, mgr.GetAPIReader(), leaders)
		if err != nil {
			return err
		}
		following := replicas.Follow("roles")
		if err := role.Setup(ctx, mgr, following, following.Source(), mgr.GetEventRecorder("latchkey")); err != nil {
			return err
		}
		return mgr.Add(replicas)
	})
})

var _ = AfterSuite(func() { suite.Stop() })
