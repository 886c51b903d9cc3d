package user_test

import (
	"context"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/latchkey-auth/latchkey/controllers/controllertest"
	"github.com/latchkey-auth/latchkey/controllers/secretwatch"
	"github.com/latchkey-auth/latchkey/controllers/user"
)

var suite *controllertest.Suite

func TestUser(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "User controllers")
}

var _ = BeforeSuite(func(ctx SpecContext) {
	suite = controllertest.Start(ctx, nil, func(ctx context.Context, mgr manager.Manager) error {
		secrets, err := secretwatch.New(mgr.GetConfig(), mgr.GetCache(), mgr.GetLogger())
		if err != nil {
			return err
		}
		if err := user.Setup(ctx, mgr, config(mgr), secrets.Passwords(), secrets.Passwords()); err != nil {
			return err
		}
		return mgr.Add(secrets)
	})
})

var _ = AfterSuite(func() { suite.Stop() })

func config(mgr manager.Manager) user.Config {
	return user.Config{Client: mgr.GetClient(), Live: mgr.GetAPIReader(), Events: mgr.GetEventRecorder("latchkey"), Now: time.Now}
}
