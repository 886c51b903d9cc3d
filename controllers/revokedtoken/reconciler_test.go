package revokedtoken_test

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/controllers/controllertest"
	"github.com/latchkey-auth/latchkey/controllers/revokedtoken"
)

var _ = Describe("RevokedToken", func() {
	var namespace string

	BeforeEach(func(ctx SpecContext) { namespace = suite.Namespace(ctx) })

	create := func(ctx context.Context, expires *metav1.Time) *v1alpha1.RevokedToken {
		GinkgoHelper()
		t := &v1alpha1.RevokedToken{
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "x"},
			Spec:       v1alpha1.RevokedTokenSpec{TokenID: "jti", ExpiresAt: expires},
		}
		Expect(suite.Client.Create(ctx, t)).To(Succeed())
		return t
	}
	exists := func(ctx context.Context) func() bool {
		return func() bool {
			GinkgoHelper()
			err := suite.Client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: "x"}, &v1alpha1.RevokedToken{})
			Expect(client.IgnoreNotFound(err)).NotTo(HaveOccurred())
			return !apierrors.IsNotFound(err)
		}
	}
	in := func(d time.Duration) *metav1.Time { return new(metav1.NewTime(time.Now().Add(d).UTC())) }

	It("is collected when it has expired", func(ctx SpecContext) {
		create(ctx, in(-time.Second))
		Eventually(exists(ctx)).WithContext(ctx).Should(BeFalse())
	})

	It("is collected when it expires", func(ctx SpecContext) {
		create(ctx, in(2*time.Second))
		Eventually(exists(ctx)).WithContext(ctx).Should(BeFalse())
		writes := suite.Faults.Writes(namespace)
		Expect(writes[len(writes)-1]).To(Equal("delete RevokedToken"))
		Expect(writes[:len(writes)-1]).To(Or(BeEmpty(), Equal([]string{"patch RevokedToken/status"})), "a slow leader may find nothing to say in time")
	})

	DescribeTable("stays as long as what it names can live",
		func(ctx SpecContext, expires *metav1.Time, lives time.Duration) {
			token := create(ctx, expires)
			Eventually(func() *v1alpha1.RevokedToken { // the leader has said all that it has to say
				GinkgoHelper()
				Expect(suite.Client.Get(ctx, client.ObjectKeyFromObject(token), token)).To(Succeed())
				return token
			}).Should(HaveField("Status.EnforcedAt", Not(BeNil())))
			end := token.CreationTimestamp.Add(lives)
			if expires != nil {
				Expect(suite.Client.Get(ctx, client.ObjectKeyFromObject(token), token)).To(Succeed())
				end = token.Spec.ExpiresAt.Time
			}
			at := func(now time.Time) time.Duration {
				GinkgoHelper()
				result, err := revokedtoken.New(suite.Manager.GetClient(), controllertest.InForce{}, func() time.Time { return now }).Reconcile(ctx, token)
				Expect(err).NotTo(HaveOccurred())
				return result.RequeueAfter
			}

			Expect(at(end.Add(-time.Minute))).To(Equal(time.Minute))
			Expect(at(end.Add(-time.Nanosecond))).To(Equal(time.Nanosecond))
			Expect(exists(ctx)()).To(BeTrue())
			Expect(suite.Faults.Writes(namespace)).NotTo(ContainElement("delete RevokedToken"))

			Expect(at(end)).To(BeZero())
			Expect(exists(ctx)()).To(BeFalse())
			Expect(at(end)).To(BeZero(), "gone is gone")
		},
		Entry("when it says until when", in(48*time.Hour), 48*time.Hour),
		Entry("when it says nothing: 2160h", nil, 2160*time.Hour),
	)

	It("leaves another of its name alone", func(ctx SpecContext) {
		old := create(ctx, in(time.Hour))
		Expect(suite.Client.Delete(ctx, old)).To(Succeed())
		create(ctx, in(time.Hour))

		_, err := revokedtoken.New(suite.Manager.GetClient(), controllertest.InForce{}, func() time.Time { return time.Now().Add(2 * time.Hour) }).Reconcile(ctx, old)

		Expect(err).NotTo(HaveOccurred())
		Expect(exists(ctx)()).To(BeTrue())
	})

	DescribeTable("is collected also when the leader dies",
		func(ctx SpecContext, when controllertest.Moment) {
			suite.Faults.Fail(namespace, 1, when)
			create(ctx, in(-time.Second))
			Eventually(exists(ctx)).WithContext(ctx).Should(BeFalse())
		},
		Entry("when it isn't deleted", controllertest.BeforeWrite),
		Entry("when it is, and the answer is lost", controllertest.AfterWrite),
	)
})
