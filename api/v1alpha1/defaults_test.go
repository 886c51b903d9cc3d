package v1alpha1_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

// defaults is the spec of a Realm that says nothing, as api.md promises it.
const defaults = `
tokens: {algorithm: ES256, accessTTL: 30m, refreshTTL: 168h, passwordGrant: true}
sessions: {cookieTTL: 12h, maxPerUser: 20, maxLoginsPerHour: 1000, refreshLeeway: 10s}
identityHeaders:
  user: X-Auth-Request-User
  uid: X-Auth-Request-Uid
  email: X-Auth-Request-Email
  groups: X-Auth-Request-Groups
basicAuth: false
keys: {rotationPeriod: 720h}
passwords: {minLength: 12}
lockout: {failures: 10, window: 15m, duration: 15m}
adminRole: admin
`

// defaulted is that spec with some fields set.
func defaulted(set func(spec map[string]any)) map[string]any {
	GinkgoHelper()
	spec := map[string]any{}
	Expect(yaml.Unmarshal([]byte(defaults), &spec)).To(Succeed())
	set(spec)
	return spec
}

// in sets one field of a spec.
func in(value any, path ...string) func(map[string]any) {
	return func(spec map[string]any) { Expect(unstructured.SetNestedField(spec, value, path...)).To(Succeed()) }
}

var _ = DescribeTable("A Realm gets every default",
	func(ctx SpecContext, manifest string, set func(map[string]any)) {
		realm := parsed(manifest, "default")
		Expect(api.Create(ctx, realm, client.DryRunAll)).To(Succeed())
		got, err := yaml.Marshal(realm.Object["spec"])
		Expect(err).NotTo(HaveOccurred())
		want, err := yaml.Marshal(defaulted(set))
		Expect(err).NotTo(HaveOccurred())
		Expect(got).To(MatchYAML(want))
	},
	Entry("when it has no spec", "{apiVersion: auth.latchkey.dev/v1alpha1, kind: Realm, metadata: {name: default}}", func(map[string]any) {}),
	Entry("when its spec is empty", aRealm(""), func(map[string]any) {}),
	Entry("when its spec is null", "{apiVersion: auth.latchkey.dev/v1alpha1, kind: Realm, metadata: {name: default}, spec: null}", func(map[string]any) {}),
	Entry("when its parts are empty", aRealm("tokens: {}, sessions: {}, identityHeaders: {}, keys: {}, passwords: {}, lockout: {}"), func(map[string]any) {}),
	Entry("when its parts are null", aRealm("tokens: null, sessions: null, identityHeaders: null, keys: null, passwords: null, lockout: null, adminRole: null"), func(map[string]any) {}),
	Entry("beside an algorithm", aRealm("tokens: {algorithm: EdDSA}"), in("EdDSA", "tokens", "algorithm")),
	Entry("beside no password grant", aRealm("tokens: {passwordGrant: false}"), in(false, "tokens", "passwordGrant")),
	Entry("beside a renamed header", aRealm("identityHeaders: {user: Remote-User}"), in("Remote-User", "identityHeaders", "user")),
	Entry("beside another administrator", aRealm("adminRole: root"), in("root", "adminRole")),
)

var _ = DescribeTable("Nothing is added to the spec of", func(ctx SpecContext, manifest string) {
	sent := parsed(manifest, "default")
	object := sent.DeepCopy()
	Expect(api.Create(ctx, object, client.DryRunAll)).To(Succeed())
	Expect(object.Object["spec"]).To(Equal(sent.Object["spec"]))
},
	Entry("a User", aUser("roles: [viewer]")),
	Entry("a Role", aRoleWithHosts("'*'")),
	Entry("a RevokedToken", aRevokedToken("user: {name: ada}")),
	Entry("a Session", aSession("")),
)
