package user_test

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/controllers/user"
)

var _ = Describe("An orphaned password Secret", func() {
	var (
		clock     time.Time
		collector *user.Collector
	)

	BeforeEach(func() {
		clock = time.Date(2031, 5, 6, 7, 8, 9, 0, time.UTC)
		c := config(suite.Manager)
		c.Now = func() time.Time { return clock }
		collector = user.NewCollector(c)
	})

	ours := func(s *corev1.Secret) {
		s.Labels = map[string]string{v1alpha1.ManagedByLabel: v1alpha1.ManagedByLatchkey}
	}
	look := func(ctx context.Context, w world) time.Duration {
		GinkgoHelper()
		result, err := collector.Reconcile(ctx, reconcile.Request{NamespacedName: client.ObjectKey{Namespace: w.namespace, Name: "ann-password"}})
		Expect(err).NotTo(HaveOccurred())
		return result.RequeueAfter
	}
	gone := func(ctx context.Context, w world) bool {
		GinkgoHelper()
		err := suite.Client.Get(ctx, client.ObjectKey{Namespace: w.namespace, Name: "ann-password"}, &corev1.Secret{})
		Expect(client.IgnoreNotFound(err)).NotTo(HaveOccurred())
		return apierrors.IsNotFound(err)
	}

	It("is collected ten minutes after it was first seen, and not before", func(ctx SpecContext) {
		w := newWorld(ctx, aSecret(ours))
		Expect(look(ctx, w)).To(Equal(10 * time.Minute))
		clock = clock.Add(10*time.Minute - time.Second)
		Expect(look(ctx, w)).To(Equal(time.Second))
		Expect(gone(ctx, w)).To(BeFalse())

		clock = clock.Add(time.Second)
		Expect(look(ctx, w)).To(BeZero())
		Expect(gone(ctx, w)).To(BeTrue())
		Expect(look(ctx, w)).To(BeZero())
	})

	It("has another ten minutes when somebody writes it, as a retry does before it makes the User", func(ctx SpecContext) {
		w := newWorld(ctx, aSecret(ours))
		look(ctx, w)
		clock = clock.Add(10 * time.Minute)
		w.changeSecret(ctx, withHash(hashOf("again")))

		Expect(look(ctx, w)).To(Equal(10 * time.Minute))
		Expect(gone(ctx, w)).To(BeFalse())
	})

	It("is none any more when a User names it", func(ctx SpecContext) {
		w := newWorld(ctx, aSecret(ours))
		look(ctx, w)
		w.create(ctx, aUser())
		Eventually(func() time.Duration { return look(ctx, w) }).WithContext(ctx).Should(BeZero())
		clock = clock.Add(time.Hour)
		Expect(look(ctx, w)).To(BeZero())
		Expect(gone(ctx, w)).To(BeFalse())

		Expect(suite.Client.Delete(ctx, w.user(ctx))).To(Succeed())
		Eventually(func() time.Duration { return look(ctx, w) }).WithContext(ctx).Should(Equal(10*time.Minute), "it counts from the beginning")
	})

	DescribeTable("is never a Secret that the users endpoint didn't make",
		func(ctx SpecContext, options ...secretOption) {
			w := newWorld(ctx, aSecret(options...))
			Expect(look(ctx, w)).To(BeZero())
			clock = clock.Add(time.Hour)
			Expect(look(ctx, w)).To(BeZero())
			Expect(gone(ctx, w)).To(BeFalse())
		},
		Entry("when it has no label"),
		Entry("when it is of another type", ours, ofType(corev1.SecretTypeOpaque)),
		Entry("when it holds signing keys", ours, ofType(v1alpha1.SigningKeysSecretType)),
	)

	It("stays when it changes under the collector's hands", func(ctx SpecContext) {
		w := newWorld(ctx, aSecret(ours))
		c := config(suite.Manager)
		c.Now = func() time.Time { return clock }
		c.Live = &touching{Reader: suite.Manager.GetAPIReader(), then: func() {}}
		collector = user.NewCollector(c)
		look(ctx, w)
		clock = clock.Add(time.Hour)
		c.Live.(*touching).then = func() { w.changeSecret(ctx, withHash(hashOf("again"))) }

		_, err := collector.Reconcile(ctx, reconcile.Request{NamespacedName: client.ObjectKey{Namespace: w.namespace, Name: "ann-password"}})

		Expect(apierrors.IsConflict(err)).To(BeTrue(), "%v", err)
		Expect(gone(ctx, w)).To(BeFalse())
	})
})

// touching does something right after each read.
type touching struct {
	client.Reader
	then func()
}

func (t *touching) Get(ctx context.Context, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
	err := t.Reader.Get(ctx, key, o, opts...)
	t.then()
	return err
}
