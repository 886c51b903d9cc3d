package v1alpha1_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// change is one way of writing to an object that exists.
type change func(ctx context.Context, object *unstructured.Unstructured) error

// merge sends a JSON merge patch (RFC 7396), as kubectl patch --type=merge does.
func merge(patch string) change { return send(types.MergePatchType, patch) }

// edit sends a JSON patch (RFC 6902), as kubectl patch --type=json does.
func edit(patch string) change { return send(types.JSONPatchType, patch) }

func send(kind types.PatchType, patch string) change {
	return func(ctx context.Context, object *unstructured.Unstructured) error {
		return api.Patch(ctx, object, client.RawPatch(kind, []byte(patch)))
	}
}

// replace sends the whole object with another spec, as kubectl replace does; with nil, without any.
func replace(spec map[string]any) change {
	return func(ctx context.Context, object *unstructured.Unstructured) error {
		delete(object.Object, "spec")
		if spec != nil {
			object.Object["spec"] = spec
		}
		return api.Update(ctx, object)
	}
}

// apply applies a manifest server-side with force, as another field manager.
func apply(manifest string) change {
	return func(ctx context.Context, object *unstructured.Unstructured) error {
		configuration := client.ApplyConfigurationFromUnstructured(parsed(manifest, object.GetNamespace()))
		return api.Apply(ctx, configuration, client.FieldOwner("another"), client.ForceOwnership)
	}
}

// keep expects a change of the manifest's object to be refused with exactly these sentences, and to have no effect.
func keep(ctx SpecContext, manifest string, how change, want ...string) {
	object := created(ctx, manifest, aNamespace(ctx))
	before := object.DeepCopy()

	Expect(causes(how(ctx, object))).To(ConsistOf(want))

	after := before.DeepCopy()
	Expect(api.Get(ctx, client.ObjectKeyFromObject(before), after)).To(Succeed())
	Expect(after).To(Equal(before))
}

const (
	revokedTokenChanged = "spec: Invalid value: a RevokedToken can't be changed: delete it and make another"
	sessionChanged      = "spec: Invalid value: user and expiresAt of a Session can't be changed: delete it to end the login"
	specRequired        = "spec: Required value"
	namesNothing        = "spec: Invalid value: name exactly one of tokenID, sessionID and user"
)

var _ = Describe("What can't be changed", func() {
	DescribeTable("of a RevokedToken", keep,
		Entry("is the token", aRevokedToken("tokenID: a"), merge(`{"spec": {"tokenID": "b"}}`), revokedTokenChanged),
		Entry("is the kind of thing that it names", aRevokedToken("tokenID: a"), merge(`{"spec": {"tokenID": null, "sessionID": "b"}}`), revokedTokenChanged),
		Entry("is the user", aRevokedToken("user: {name: ada}"), merge(`{"spec": {"user": {"name": "eddie"}}}`), revokedTokenChanged),
		Entry("is the user's UID", aRevokedToken("user: {name: ada}"), merge(`{"spec": {"user": {"uid": "other"}}}`), revokedTokenChanged),
		Entry("is the moment, to an earlier one", aRevokedToken("user: {name: ada, issuedBefore: '2026-01-02T15:04:05Z'}"),
			merge(`{"spec": {"user": {"issuedBefore": "2020-01-02T15:04:05Z"}}}`), revokedTokenChanged),
		Entry("is the moment, to none", aRevokedToken("user: {name: ada, issuedBefore: '2026-01-02T15:04:05Z'}"),
			merge(`{"spec": {"user": {"issuedBefore": null}}}`), revokedTokenChanged),
		Entry("is expiresAt, from none", aRevokedToken("tokenID: a"), merge(`{"spec": {"expiresAt": "2020-01-02T15:04:05Z"}}`), revokedTokenChanged),
		Entry("is expiresAt, to none", aRevokedToken("tokenID: a, expiresAt: '2026-01-02T15:04:05Z'"), edit(`[{"op": "remove", "path": "/spec/expiresAt"}]`), revokedTokenChanged),
		Entry("is the reason", aRevokedToken("tokenID: a, reason: b"), merge(`{"spec": {"reason": "c"}}`), revokedTokenChanged),
		Entry("is the spec, by removing it first", aRevokedToken("tokenID: a"), edit(`[{"op": "remove", "path": "/spec"}]`), specRequired),
		Entry("is the spec, by removing it and adding another at once", aRevokedToken("tokenID: a"),
			edit(`[{"op": "remove", "path": "/spec"}, {"op": "add", "path": "/spec", "value": {"tokenID": "b"}}]`), revokedTokenChanged),
		Entry("is the spec, by making it null", aRevokedToken("tokenID: a"), merge(`{"spec": null}`), specRequired),
		Entry("is the spec, by emptying it", aRevokedToken("tokenID: a"), replace(map[string]any{}), revokedTokenChanged, namesNothing),
		Entry("is the spec, by replacing the object", aRevokedToken("tokenID: a"), replace(map[string]any{"tokenID": "b"}), revokedTokenChanged),
		Entry("is the spec, by replacing the object with one without", aRevokedToken("tokenID: a"), replace(nil), specRequired),
		Entry("is the spec, by applying with force", aRevokedToken("tokenID: a"), apply(aRevokedToken("tokenID: b")), revokedTokenChanged),
	)

	DescribeTable("of a Session", keep,
		Entry("is the user's name", aSession(""), merge(`{"spec": {"user": {"name": "eddie"}}}`), sessionChanged),
		Entry("is the user's UID", aSession(""), merge(`{"spec": {"user": {"uid": "other"}}}`), sessionChanged),
		Entry("is its end", aSession(""), merge(`{"spec": {"expiresAt": "2099-01-02T15:04:05Z"}}`), sessionChanged),
		Entry("is its having an end", aSession(""), edit(`[{"op": "remove", "path": "/spec/expiresAt"}]`), "spec.expiresAt: Required value"),
		Entry("is its having a user", aSession(""), merge(`{"spec": {"user": null}}`), "spec.user: Required value"),
		Entry("is the spec, by removing it first", aSession(""), edit(`[{"op": "remove", "path": "/spec"}]`), specRequired),
		Entry("is the spec, by replacing the object with one without", aSession(""), replace(nil), specRequired),
		Entry("is the user, by applying with force", aSession(""),
			apply(named("Session", "6f1b", "user: {name: eddie, uid: 1-2}, "+sessionEnd)), sessionChanged),
	)

	It("are not how far refresh has come, nor the client, nor the cookie of a Session", func(ctx SpecContext) {
		session := created(ctx, aSession(""), aNamespace(ctx))
		Expect(merge(`{"spec": {"refresh": {"generation": 1, "tokenID": "a", "at": "2026-01-02T15:04:05Z"},
			"client": {"address": "::1"}, "cookieExpiresAt": "2026-01-02T15:04:05Z"}}`)(ctx, session)).To(Succeed())
	})

	It("is not reached through the status of a RevokedToken", func(ctx SpecContext) {
		token := created(ctx, aRevokedToken("tokenID: a"), aNamespace(ctx))
		Expect(unstructured.SetNestedField(token.Object, "b", "spec", "tokenID")).To(Succeed())
		Expect(unstructured.SetNestedField(token.Object, "1/1", "status", "replicas")).To(Succeed())

		Expect(api.Status().Update(ctx, token)).To(Succeed())

		Expect(token.Object["spec"]).To(HaveKeyWithValue("tokenID", "a"))
		Expect(token.Object["status"]).To(HaveKeyWithValue("replicas", "1/1"))
	})
})
