package kubernetes_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/latchkey-auth/latchkey/hack/stack"
)

// answer starts what the API server asks, with the rights of its ServiceAccount. The API
// server started before and knows its address.
func (w *world) answer(ctx context.Context, address string) {
	GinkgoHelper()
	process, err := stack.Launch{
		Command: stack.Kubernetes, Binary: binary, Env: w.env, Dir: w.dir, Listen: address, ExternalURL: w.url, Log: GinkgoWriter,
		Flags: []string{
			"--kubernetes-tls-cert-file", w.tls.cert, "--kubernetes-tls-key-file", w.tls.key,
			"--service-url", w.url, "--service-ca-file", w.tls.ca, "--kubernetes-authorizer-realms", stack.Namespace,
		},
	}.Start(ctx)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(process.Stop)
}
