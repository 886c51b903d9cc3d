package realm_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/controllers/controllertest"
	"github.com/latchkey-auth/latchkey/controllers/realm"
	"github.com/latchkey-auth/latchkey/controllers/replica"
	"github.com/latchkey-auth/latchkey/controllers/secretwatch"
	"github.com/latchkey-auth/latchkey/controllers/signingkey"
	"github.com/latchkey-auth/latchkey/webhook/token"
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
		Live:     mgr.GetAPIReader(),
		Replicas: controllertest.InForce{},
		Keys:     keepers{mgr},
		Issuer: func(specIssuer, namespace string) string {
			if specIssuer != "" {
				return specIssuer
			}
			return "https://auth.example.com/realms/" + namespace
		},
		Events: mgr.GetEventRecorder("latchkey"),
	}
}

// keepers keep the keys of each namespace by a clock of its own.
type keepers struct{ mgr manager.Manager }

func (k keepers) Ensure(ctx context.Context, realm *v1alpha1.Realm) (token.Document, replica.Verdict, error) {
	now := func() time.Time { return time.Now().Add(world.ahead(realm.Namespace)) }
	return signingkey.New(k.mgr.GetAPIReader(), k.mgr.GetClient(), &world, now).Ensure(ctx, realm)
}

// world is what specs do to the world of their namespace.
var world circumstances

type circumstances struct {
	mu     sync.Mutex
	clocks map[string]time.Duration
	blocks map[string]bool
}

// pass lets time pass for a realm, on top of what passes anyway. Nobody is told.
func (c *circumstances) pass(namespace string, d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.clocks == nil {
		c.clocks = map[string]time.Duration{}
	}
	c.clocks[namespace] += d
}

func (c *circumstances) ahead(namespace string) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.clocks[namespace]
}

// block says whether replica blue doesn't hear of the keys of a realm.
func (c *circumstances) block(namespace string, blocked bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.blocks == nil {
		c.blocks = map[string]bool{}
	}
	c.blocks[namespace] = blocked
}

func (c *circumstances) KeysFollowed(_ context.Context, namespace, _ string) (replica.Verdict, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.blocks[namespace] {
		return replica.Verdict{InForce: metav1.ConditionFalse, Message: "replica blue hasn't followed"}, nil
	}
	return replica.Verdict{InForce: metav1.ConditionTrue}, nil
}
