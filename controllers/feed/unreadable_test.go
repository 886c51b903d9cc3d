package feed_test

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
)

var _ = Describe("An object that can't be decoded", Ordered, func() {
	// Schemas of another version, or edited by hand, admit what ours don't.
	BeforeAll(func(ctx SpecContext) {
		for _, kind := range []string{"realms", "users", "roles", "revokedtokens"} {
			admitAnything(ctx, kind+"."+v1alpha1.GroupName)
		}
	})

	DescribeTable("stops nothing but itself, and denies what it names",
		func(ctx SpecContext, runsBefore bool) {
			realm := aRealm(ctx)
			var f running
			if runsBefore {
				f = aSyncedFeed()
			}
			broken := aNamespace(ctx)
			admitted(ctx, broken, "Realm", "default", map[string]any{"tokens": map[string]any{"accessTTL": "1d"}})
			admitted(ctx, realm.Namespace, "User", "ann", map[string]any{"disabled": "no"})
			admitted(ctx, realm.Namespace, "Role", "viewer", map[string]any{"rules": "all"})
			admitted(ctx, realm.Namespace, "RevokedToken", "r", map[string]any{"user": map[string]any{"name": "bob", "issuedBefore": "2026-05-01t12:00:00z"}})
			bob := create(ctx, aUser(realm.Namespace, "bob", "viewer", "editor"))
			create(ctx, aRole(realm.Namespace, "editor"))
			create(ctx, aRevokedToken(realm.Namespace, "s", v1alpha1.RevokedTokenSpec{SessionID: "s1"}))
			if !runsBefore {
				f = aSyncedFeed()
			}
			Eventually(f.user(realm.Namespace, "bob")).ShouldNot(BeNil())
			r := f.directory.Realm(realm.Namespace)
			later := bob.CreationTimestamp.Add(time.Hour)

			Eventually(func() bool { return r.Revoked("", "s1", r.User("bob"), later) }).Should(BeTrue())
			Expect(r.Revoked("", "", r.User("bob"), later)).To(BeFalse())
			Expect(r.Revoked("", "", r.User("bob"), bob.CreationTimestamp.Add(-time.Second))).To(BeTrue())
			Expect(r.User("ann").Active()).To(BeFalse())
			Eventually(func() []string { return r.Subject(r.User("bob")).Groups }).Should(Equal([]string{"editor"}))
			Eventually(f.realm(broken)).ShouldNot(BeNil())
			Expect(f.directory.Realm(broken).Settings().Unusable).To(ContainSubstring("1d"))
			for _, kind := range []string{"realms", "users", "roles", "revokedtokens"} {
				Expect(f.log.lines(`"level":"INFO"`, "can't be read", `"kind":"`+kind+`"`)()).NotTo(BeEmpty())
			}
		},
		Entry("when it comes with a list", false),
		Entry("when it comes with the watch", true),
	)
})

// admitted makes an object that our schema would refuse.
func admitted(ctx context.Context, namespace, kind, name string, spec map[string]any) {
	GinkgoHelper()
	o := &unstructured.Unstructured{Object: map[string]any{"spec": spec}}
	o.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(kind))
	o.SetNamespace(namespace)
	o.SetName(name)
	Eventually(func() error { return api.Create(ctx, o.DeepCopy()) }).Should(Succeed()) // once the API server has taken the schema over
	DeferCleanup(func(ctx SpecContext) { Expect(api.Delete(ctx, o)).To(Succeed()) })
}

// admitAnything takes the schema of a kind's spec away, until the specs of the
// container are over.
func admitAnything(ctx context.Context, name string) {
	GinkgoHelper()
	crd := unstructuredCRD(ctx, name)
	before, _, err := unstructured.NestedSlice(crd.Object, "spec", "versions")
	Expect(err).NotTo(HaveOccurred())
	put := func(ctx context.Context, versions []any) {
		Eventually(func() error {
			crd := unstructuredCRD(ctx, name)
			Expect(unstructured.SetNestedSlice(crd.Object, versions, "spec", "versions")).To(Succeed())
			return api.Update(ctx, crd)
		}).Should(Succeed())
	}
	DeferCleanup(func(ctx SpecContext) {
		put(ctx, before)
		kind, _, _ := unstructured.NestedString(crd.Object, "spec", "names", "kind")
		Eventually(func() error { return tried(ctx, kind) }).Should(MatchError(apierrors.IsInvalid, "the schema is in force again"))
	})
	after := runtime.DeepCopyJSONValue(before).([]any)
	loose := map[string]any{"type": "object", "properties": map[string]any{
		"spec":   map[string]any{"x-kubernetes-preserve-unknown-fields": true},
		"status": map[string]any{"type": "object", "x-kubernetes-preserve-unknown-fields": true},
	}}
	after[0].(map[string]any)["schema"] = map[string]any{"openAPIV3Schema": loose}
	delete(after[0].(map[string]any), "additionalPrinterColumns")
	put(ctx, after)
}

// tried says whether the API server would admit an object that is nonsense.
func tried(ctx context.Context, kind string) error {
	o := &unstructured.Unstructured{Object: map[string]any{"spec": int64(5)}}
	o.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(kind))
	o.SetNamespace("default")
	o.SetName("default")
	return api.Create(ctx, o, client.DryRunAll)
}

func unstructuredCRD(ctx context.Context, name string) *unstructured.Unstructured {
	GinkgoHelper()
	crd := &unstructured.Unstructured{}
	crd.SetGroupVersionKind(schema.GroupVersionKind{Group: "apiextensions.k8s.io", Version: "v1", Kind: "CustomResourceDefinition"})
	Expect(api.Get(ctx, client.ObjectKey{Name: name}, crd)).To(Succeed())
	return crd
}
