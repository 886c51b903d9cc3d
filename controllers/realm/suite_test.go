package realm_test

import (
	"context"
	"errors"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/latchkey-auth/latchkey/controllers/controllertest"
	"github.com/latchkey-auth/latchkey/controllers/realm"
	"github.com/latchkey-auth/latchkey/controllers/secretwatch"
	"github.com/latchkey-auth/latchkey/controllers/signingkey"
)

var (
	suite   *controllertest.Suite
	leaders = clocktesting.NewFakeClock(time.Now()) // the leader's clock
)

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
		replicas, err := controllertest.Replicas(mgr, mgr.GetAPIReader(), leaders)
		if err != nil {
			return err
		}
		following, c := replicas.Follow("realms"), config(mgr)
		c.Replicas = following
		if err := realm.Setup(mgr, c, secrets.Keys(), following.Source()); err != nil {
			return err
		}
		return errors.Join(mgr.Add(secrets), mgr.Add(replicas))
	})
})

var _ = AfterSuite(func() { suite.Stop() })

func config(mgr manager.Manager) realm.Config {
	return realm.Config{
		Client:   mgr.GetClient(),
		Replicas: controllertest.InForce{},
		Keys:     signingkey.New(mgr.GetAPIReader(), mgr.GetClient(), time.Now),
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
