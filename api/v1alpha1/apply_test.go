package v1alpha1_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"sigs.k8s.io/controller-runtime/pkg/client"
)

var _ = DescribeTable("Applying a manifest twice changes nothing the second time for",
	func(ctx SpecContext, manifest string) {
		namespace := aNamespace(ctx)
		apply := func() string {
			object := parsed(manifest, namespace)
			Expect(api.Apply(ctx, client.ApplyConfigurationFromUnstructured(object), client.FieldOwner("kubectl"))).To(Succeed())
			Expect(api.Get(ctx, client.ObjectKeyFromObject(object), object)).To(Succeed())
			return object.GetResourceVersion()
		}

		first := apply()

		Expect(apply()).To(Equal(first))
	},
	Entry("a Realm that says nothing", aRealm("")),
	Entry("a Realm that says much", aRealm("audiences: [b, a], sessions: {cookieDomain: example.com, allowedRedirects: ['*.example.com', app.example.com]}, keys: {distrustBefore: '2026-01-02T15:04:05Z'}")),
	Entry("a User", aUser("displayName: Ada, email: ada@example.com, passwordSecretRef: {name: ada}, roles: [b, a], disabled: false")),
	Entry("a Role", aRole("includes: [b, a], rules: [{hosts: ['*'], paths: [/b, /a], methods: [POST, GET]}], kubernetesRules: [{verbs: [list, get], resources: [pods]}]")),
	Entry("a RevokedToken", aRevokedToken("user: {name: ada, issuedBefore: '2026-01-02T15:04:05Z'}, expiresAt: '2026-03-02T15:04:05Z'")),
	Entry("a Session", aSession("cookieExpiresAt: '2026-01-02T15:04:05Z', refresh: {generation: 0}")),
)
