// Package config_test renders the manifests of this folder as kubectl does and gives them to a real
// API server: what is applied, what each ServiceAccount may then do, and whether Pods would be let in.
package config_test

import (
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/hack/testenv"
)

func TestConfig(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Manifests")
}

// The suite's API server, which has config/default and the realm of testdata/team-a, and its administrator's client.
var (
	environment *testenv.Environment
	api         client.Client
)

var _ = BeforeSuite(func(ctx SpecContext) {
	var err error
	environment, err = testenv.Start()
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(environment.Stop)
	api = environment.Client
	apply(ctx, render("default"))
	apply(ctx, append(namespaces("team-a", "elsewhere"), render("testdata", "team-a")...))
})
