package v1alpha1_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/latchkey-auth/latchkey/hack/testenv"
)

func TestKinds(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Kinds of auth.latchkey.dev")
}

// Clients of the suite's API server, as an administrator: one that encodes and decodes, and one that sends bytes.
var (
	api client.Client
	raw rest.Interface
)

var _ = BeforeSuite(func() {
	environment, err := testenv.Start()
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(environment.Stop)
	api = environment.Client
	config := rest.CopyConfig(environment.Config)
	config.NegotiatedSerializer = clientgoscheme.Codecs
	raw, err = rest.UnversionedRESTClientFor(config)
	Expect(err).NotTo(HaveOccurred())
})

// The API server adds this cause when a rule could not be tried because of another cause.
const rulesNotChecked = "some validation rules were not checked"

// parsed is a manifest as kubectl would send it, in a namespace.
func parsed(manifest, namespace string) *unstructured.Unstructured {
	GinkgoHelper()
	object := &unstructured.Unstructured{}
	Expect(yaml.Unmarshal([]byte(manifest), &object.Object)).To(Succeed(), manifest)
	object.SetNamespace(namespace)
	return object
}

// created is what the API server makes of a manifest, in a namespace.
func created(ctx context.Context, manifest, namespace string) *unstructured.Unstructured {
	GinkgoHelper()
	object := parsed(manifest, namespace)
	Expect(api.Create(ctx, object)).To(Succeed(), manifest)
	return object
}

// aNamespace is a namespace of the running spec's own.
func aNamespace(ctx context.Context) string {
	GinkgoHelper()
	namespace := parsed("{apiVersion: v1, kind: Namespace, metadata: {generateName: kinds-}}", "")
	Expect(api.Create(ctx, namespace)).To(Succeed())
	return namespace.GetName()
}

// causes are the sentences of a refusal, each with its field, as kubectl prints them.
func causes(err error) []string {
	GinkgoHelper()
	Expect(err).To(HaveOccurred())
	Expect(apierrors.IsInvalid(err)).To(BeTrue(), err.Error())
	var sentences []string
	for _, cause := range err.(apierrors.APIStatus).Status().Details.Causes {
		if !strings.Contains(cause.Message, rulesNotChecked) {
			sentences = append(sentences, cause.Field+": "+cause.Message)
		}
	}
	slices.Sort(sentences)
	return slices.Compact(sentences)
}
