package revokedtoken_test

import (
	"context"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/latchkey-auth/latchkey/controllers/controllertest"
	"github.com/latchkey-auth/latchkey/controllers/revokedtoken"
)

var suite *controllertest.Suite

func TestRevokedToken(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "RevokedToken controller")
}

var _ = BeforeSuite(func(ctx SpecContext) {
	suite = controllertest.Start(ctx, nil, func(_ context.Context, mgr manager.Manager) error {
		return revokedtoken.Setup(mgr, time.Now)
	})
})

var _ = AfterSuite(func() { suite.Stop() })
