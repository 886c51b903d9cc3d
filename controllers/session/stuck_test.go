package session_test

import (
	"context"
	"errors"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/controllers/controllertest"
)

// terminate deletes the namespace. It stays and terminates: nothing here finalizes namespaces.
func (w world) terminate(ctx context.Context) {
	GinkgoHelper()
	Expect(suite.Client.Delete(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: w.namespace}})).To(Succeed())
}

var _ = Describe("A Session never gets stuck", func() {
	DescribeTable("in a namespace that terminates",
		func(ctx SpecContext, plan func(w world), existing ...client.Object) {
			w := newWorld(ctx, existing...)
			w.create(ctx, aSession("s1"), aSession("s2", withoutMetadata()), aSession("s3", expiring(time.Now().Add(-time.Second))))
			plan(w)
			w.terminate(ctx)

			Expect(suite.Client.DeleteAllOf(ctx, &v1alpha1.Session{}, client.InNamespace(w.namespace))).To(Succeed()) // as the namespace controller does

			w.remaining(ctx).Should(BeEmpty())
			Expect(w.revokedSessions(ctx)).To(BeEmpty())
		},
		Entry("when its Realm is still there", func(world) {}, aRealm()),
		Entry("when its Realm went first", func(world) {}),
		Entry("when the leader dies before it tries to revoke", func(w world) { suite.Faults.Fail(w.namespace, 1, controllertest.BeforeWrite) }, aRealm()),
		Entry("when the leader dies before the finalizer is removed", func(w world) { suite.Faults.Fail(w.namespace, 2, controllertest.BeforeWrite) }, aRealm()),
		Entry("when the leader dies after the finalizer was removed", func(w world) { suite.Faults.Fail(w.namespace, 2, controllertest.AfterWrite) }, aRealm()),
	)

	It("when the Realm goes between its deletion and its end", func(ctx SpecContext) {
		realm, s := aRealm(), aSession("s1")
		w := newWorld(ctx, realm, s)
		suite.Faults.Refuse(w.namespace, "create RevokedToken", errors.New("the API server doesn't answer"))
		Expect(suite.Client.Delete(ctx, s)).To(Succeed())
		Eventually(func() []string { return suite.Faults.Writes(w.namespace) }).WithContext(ctx).Should(ContainElement("create RevokedToken"))

		Expect(suite.Client.Delete(ctx, realm)).To(Succeed())

		w.remaining(ctx).Should(BeEmpty())
		Expect(w.revokedSessions(ctx)).To(BeEmpty())
	})

	It("when the leader lacks rights: it waits, says so, and goes on when it has them", func(ctx SpecContext) {
		s := aSession("s1")
		w := newWorld(ctx, aRealm(), s)
		resource := schema.GroupResource{Group: v1alpha1.GroupName, Resource: "revokedtokens"}
		suite.Faults.Refuse(w.namespace, "create RevokedToken", apierrors.NewForbidden(resource, "", errors.New("no rights")))
		Expect(suite.Client.Delete(ctx, s)).To(Succeed())

		Eventually(func() []string { return suite.Events(ctx, w.namespace) }).WithContext(ctx).Should(ContainElement(And(
			HavePrefix("Warning SessionNotRevoked: the API server refuses the RevokedToken of this login"), ContainSubstring("no rights"))))
		Expect(w.sessions(ctx)).To(ConsistOf("s1"), "a Session that went without its revocation would leave its tokens alive")
		Expect(suite.Faults.Writes(w.namespace)).NotTo(ContainElement("patch Session"))
		suite.Faults.Refuse(w.namespace, "create RevokedToken", nil)

		w.remaining(ctx).Should(BeEmpty())
		Expect(w.revokedSessions(ctx)).To(HaveKey("s1"))
	})

	It("when others write it all the time", func(ctx SpecContext) {
		s := aSession("s1", func(s *v1alpha1.Session) { s.Finalizers = append(s.Finalizers, "example.com/busy") })
		w := newWorld(ctx, aRealm(), s)
		resource := schema.GroupResource{Group: v1alpha1.GroupName, Resource: "sessions"}
		suite.Faults.Refuse(w.namespace, "patch Session", apierrors.NewConflict(resource, "s1", errors.New("somebody was faster")))
		Expect(suite.Client.Delete(ctx, s)).To(Succeed())
		Eventually(func() []string { return suite.Faults.Writes(w.namespace) }).WithContext(ctx).Should(ContainElement("patch Session"))
		suite.Faults.Refuse(w.namespace, "patch Session", nil)
		Expect(suite.Client.Patch(ctx, s, client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"annotations":{"example.com/x":"y"}}}`)))).To(Succeed())

		Eventually(func() []string {
			Expect(suite.Client.Get(ctx, client.ObjectKeyFromObject(s), s)).To(Succeed())
			return s.Finalizers
		}).WithContext(ctx).Should(Equal([]string{"example.com/busy"}))
		Expect(w.revokedSessions(ctx)).To(HaveLen(1))
		Expect(suite.Client.Patch(ctx, s, client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"finalizers":null}}`)))).To(Succeed())
	})
})

var _ = Describe("A Session whose metadata was tampered with", func() {
	DescribeTable("is ended by its deletion all the same",
		func(ctx SpecContext, tamper sessionOption) {
			s := aSession("s1", tamper)
			w := newWorld(ctx, aRealm(), s)

			Expect(client.IgnoreNotFound(suite.Client.Delete(ctx, s))).To(Succeed())

			w.remaining(ctx).Should(BeEmpty())
			Expect(w.revokedSessions(ctx)).To(HaveKeyWithValue("s1", BeTemporally("~", time.Now().Add(24*time.Hour), time.Minute)))
		},
		Entry("when it names another user", labelled("bob", "uid-bob")),
		Entry("when it names nobody", labelled("", "")),
		Entry("when its expiry is nonsense", annotated("tomorrow")),
		Entry("when its expiry was brought forward, which ends it at once", annotated("2020-01-01T00:00:00Z")),
		Entry("when its expiry was put off", annotated("9999-12-31T23:59:59Z")),
	)

	DescribeTable("is collected when no login can last any longer",
		func(ctx SpecContext, tamper sessionOption) {
			w := newWorld(ctx, aRealm(), aSession("ann-1", tamper))
			end := time.Now().Add(2161 * time.Hour)

			Expect(look(ctx, w, end.Add(-time.Hour))).To(BeNumerically("<=", time.Hour))
			look(ctx, w, end)

			w.remaining(ctx).Should(BeEmpty())
		},
		Entry("when its expiry was put off", annotated("9999-12-31T23:59:59Z")),
		Entry("when its spec puts it off, too", func(s *v1alpha1.Session) {
			s.Spec.ExpiresAt = metav1.NewTime(time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC))
			annotated("")(s)
		}),
	)

	It("is ended by a revocation of its sid, whosever it says it is", func(ctx SpecContext) {
		w := newWorld(ctx, aRealm(), aSession("s1", labelled("bob", "uid-bob")))
		w.create(ctx, aRevocation(v1alpha1.RevokedTokenSpec{SessionID: "s1"}))

		w.remaining(ctx).Should(BeEmpty())
	})
})

func labelled(user, uid string) sessionOption {
	return func(s *v1alpha1.Session) {
		s.Labels = map[string]string{v1alpha1.SessionUserLabel: user, v1alpha1.SessionUserUIDLabel: uid}
	}
}

func annotated(expires string) sessionOption {
	return func(s *v1alpha1.Session) {
		s.Annotations = map[string]string{v1alpha1.SessionExpiresAnnotation: expires}
	}
}

var _ = Describe("A Session that can't be decoded", Serial, func() {
	DescribeTable("goes, and its login is revoked for as long as anything can live",
		func(ctx SpecContext, spec any, annotations map[string]any) {
			w := newWorld(ctx, aRealm())
			s := &unstructured.Unstructured{Object: map[string]any{
				"metadata": map[string]any{"name": "s1", "namespace": w.namespace, "finalizers": []any{v1alpha1.SessionFinalizer}, "annotations": annotations},
				"spec":     spec,
			}}
			s.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("Session"))
			admitAnything(ctx)
			Eventually(func() error { return suite.Client.Create(ctx, s.DeepCopy()) }).WithContext(ctx).Should(Succeed()) // once the schema is in force

			Expect(client.IgnoreNotFound(suite.Client.Delete(ctx, s))).To(Succeed())

			Eventually(func() error { return suite.Client.Get(ctx, client.ObjectKeyFromObject(s), s) }).WithContext(ctx).Should(MatchError(apierrors.IsNotFound, "gone"))
			revoked := &v1alpha1.RevokedToken{}
			Expect(suite.Client.Get(ctx, client.ObjectKey{Namespace: w.namespace, Name: v1alpha1.SessionRevocationName("s1")}, revoked)).To(Succeed())
			Expect(revoked.Spec.ExpiresAt).To(BeNil())
		},
		Entry("when its times are another version's", map[string]any{"expiresAt": "2026-05-01t12:00:00z", "user": map[string]any{"name": "ann", "uid": "u"}}, nil),
		Entry("when its spec is no object", "nonsense", nil),
		Entry("when it has no spec", nil, nil),
		Entry("when it has expired by its annotation", int64(5), map[string]any{v1alpha1.SessionExpiresAnnotation: "2020-01-01T00:00:00Z"}),
	)
})

// admitAnything takes the schema of Sessions away until the spec is over.
func admitAnything(ctx context.Context) {
	GinkgoHelper()
	put := func(ctx context.Context, versions []any) {
		Eventually(func() error {
			crd := sessionsCRD(ctx)
			Expect(unstructured.SetNestedSlice(crd.Object, versions, "spec", "versions")).To(Succeed())
			return suite.Client.Update(ctx, crd)
		}).WithContext(ctx).Should(Succeed())
	}
	before, _, err := unstructured.NestedSlice(sessionsCRD(ctx).Object, "spec", "versions")
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func(ctx SpecContext) {
		put(ctx, before)
		nonsense := &unstructured.Unstructured{Object: map[string]any{"spec": int64(5)}}
		nonsense.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("Session"))
		nonsense.SetNamespace("default")
		nonsense.SetName("nonsense")
		Eventually(func() error { return suite.Client.Create(ctx, nonsense, client.DryRunAll) }).WithContext(ctx).Should(
			MatchError(apierrors.IsInvalid, "the schema is in force again"))
	})
	after := runtime.DeepCopyJSONValue(before).([]any)
	after[0].(map[string]any)["schema"] = map[string]any{"openAPIV3Schema": map[string]any{
		"type": "object", "properties": map[string]any{"spec": map[string]any{"x-kubernetes-preserve-unknown-fields": true, "nullable": true}},
	}}
	delete(after[0].(map[string]any), "additionalPrinterColumns")
	put(ctx, after)
}

func sessionsCRD(ctx context.Context) *unstructured.Unstructured {
	GinkgoHelper()
	crd := &unstructured.Unstructured{}
	crd.SetGroupVersionKind(schema.GroupVersionKind{Group: "apiextensions.k8s.io", Version: "v1", Kind: "CustomResourceDefinition"})
	Expect(suite.Client.Get(ctx, client.ObjectKey{Name: "sessions." + v1alpha1.GroupName}, crd)).To(Succeed())
	return crd
}
