package role_test

import (
	"context"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/latchkey-auth/latchkey/controllers/controllertest"
	"github.com/latchkey-auth/latchkey/controllers/role"
)

var suite *controllertest.Suite

func TestRole(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Role controller")
}

var _ = BeforeSuite(func(ctx SpecContext) {
	suite = controllertest.Start(ctx, nil, func(ctx context.Context, mgr manager.Manager) error {
		return role.Setup(ctx, mgr, mgr.GetEventRecorder("latchkey"))
	})
})

var _ = AfterSuite(func() { suite.Stop() })
