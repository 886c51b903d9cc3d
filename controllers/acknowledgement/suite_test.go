package acknowledgement_test

import (
	"context"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/latchkey-auth/latchkey/controllers/controllertest"
)

var suite *controllertest.Suite

func TestAcknowledgement(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Acknowledgement")
}

var _ = BeforeSuite(func(ctx SpecContext) {
	suite = controllertest.Start(ctx, nil, func(context.Context, manager.Manager) error { return nil })
})

var _ = AfterSuite(func() { suite.Stop() })
