package realm_test

import (
	"context"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/latchkey-auth/latchkey/controllers/controllertest"
	"github.com/latchkey-auth/latchkey/controllers/realm"
	"github.com/latchkey-auth/latchkey/controllers/secretwatch"
	"github.com/latchkey-auth/latchkey/controllers/signingkey"
)

var suite *controllertest.Suite

func TestRealm(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Realm controller")
}

var _ = BeforeSuite(func(ctx SpecContext) {
	suite = controllertest.Start(ctx, nil, func(_ context.Context, mgr manager.Manager) error {
		secrets, err := secretwatch.New(mgr.GetConfig(), mgr.GetCache(), mgr.GetLogger())
		if err != nil {
			return err
		}
		if err := realm.Setup(mgr, config(mgr), secrets.Keys()); err != nil {
			return err
		}
		return mgr.Add(secrets)
	})
})

var _ = AfterSuite(func() { suite.Stop() })

func config(mgr manager.Manager) realm.Config {
	return realm.Config{
		Client: mgr.GetClient(),
		Keys:   signingkey.New(mgr.GetAPIReader(), mgr.GetClient(), time.Now),
		Issuer: func(specIssuer, namespace string) string {
			if specIssuer != "" {
				return specIssuer
			}
			return "https://auth.example.com/realms/" + namespace
		},
		Events: mgr.GetEventRecorder("latchkey"),
		Now:    time.Now,
	}
}
