package role_test

import (
	"context"
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/types"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/controllers/controllertest"
	"github.com/latchkey-auth/latchkey/controllers/role"
)

const allExist = "True Ready: every included Role exists"

var _ = Describe("Role", func() {
	var namespace string

	BeforeEach(func(ctx SpecContext) { namespace = suite.Namespace(ctx) })

	create := func(ctx context.Context, roles ...*v1alpha1.Role) {
		GinkgoHelper()
		for _, r := range roles {
			r.Namespace = namespace
			Expect(suite.Client.Create(ctx, r)).To(Succeed())
		}
	}
	get := func(ctx context.Context, name string) *v1alpha1.Role {
		GinkgoHelper()
		r := &v1alpha1.Role{}
		Expect(suite.Client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, r)).To(Succeed())
		return r
	}
	eventually := func(ctx context.Context, name string) AsyncAssertion {
		return Eventually(func() *v1alpha1.Role { return get(ctx, name) }).WithContext(ctx)
	}

	DescribeTable("says what a role amounts to",
		func(ctx SpecContext, subject *v1alpha1.Role, others []*v1alpha1.Role, effective []string, condition string) {
			create(ctx, append(others, subject)...)

			eventually(ctx, subject.Name).Should(And(beReady(condition), haveEffective(effective...)))
		},
		Entry("when it includes nothing",
			aRole("viewer"), nil,
			[]string{"viewer"}, allExist),
		Entry("when it includes others, directly and not",
			aRole("admin", including("editor")), []*v1alpha1.Role{aRole("viewer"), aRole("editor", including("viewer"))},
			[]string{"admin", "editor", "viewer"}, allExist),
		Entry("when two ways lead to one role",
			aRole("admin", including("a", "b")), []*v1alpha1.Role{aRole("a", including("c")), aRole("b", including("c")), aRole("c")},
			[]string{"a", "admin", "b", "c"}, allExist),
		Entry("when some don't exist",
			aRole("admin", including("ghost", "viewer", "spectre")), []*v1alpha1.Role{aRole("viewer")},
			[]string{"admin", "viewer"}, `False UnknownInclude: there is no Role "ghost", "spectre" in this namespace, so including it grants nothing: create it, or remove it from spec.includes`),
		Entry("when what is missing is another role's to fix",
			aRole("admin", including("editor")), []*v1alpha1.Role{aRole("editor", including("ghost"))},
			[]string{"admin", "editor"}, allExist),
		Entry("when it includes itself",
			aRole("ouroboros", including("ouroboros")), nil,
			[]string{"ouroboros"}, "False IncludeCycle: the includes ouroboros → ouroboros lead back to where they began, so these roles are all one: remove one of the includes"),
		Entry("when it is on a cycle",
			aRole("a", including("b")), []*v1alpha1.Role{aRole("b", including("c")), aRole("c", including("a", "d")), aRole("d")},
			[]string{"a", "b", "c", "d"}, "False IncludeCycle: the includes a → b → c → a lead back to where they began, so these roles are all one: remove one of the includes"),
		Entry("when it includes a cycle without being on it",
			aRole("outside", including("a")), []*v1alpha1.Role{aRole("a", including("b")), aRole("b", including("a"))},
			[]string{"a", "b", "outside"}, allExist),
		Entry("when its name is reserved",
			aRole("anonymous"), nil,
			[]string{"anonymous"}, allExist),
	)

	It("names both ends of a cycle that is too long to tell", func(ctx SpecContext) {
		const length = 40
		for i := range length {
			create(ctx, aRole(fmt.Sprintf("r%02d", i), including(v1alpha1.GrantableRoleName(fmt.Sprintf("r%02d", (i+1)%length)))))
		}

		eventually(ctx, "r00").Should(beReady("False IncludeCycle: the includes r00 → r01 → r02 → r03 → r04 → r05 → r06 → r07 → r08 → r09 → " +
			"r10 → r11 → r12 → r13 → … → r00 lead back to where they began, so these roles are all one: remove one of the includes"))
		Expect(get(ctx, "r00").Status.EffectiveRoles).To(HaveLen(length))
	})

	It("is looked at again when a role far below appears, changes and disappears", func(ctx SpecContext) {
		create(ctx, aRole("top", including("middle")), aRole("middle", including("bottom")))
		eventually(ctx, "top").Should(haveEffective("middle", "top"))
		eventually(ctx, "middle").Should(beReady("False UnknownInclude"))

		create(ctx, aRole("bottom", including("beneath")), aRole("beneath"))
		eventually(ctx, "top").Should(haveEffective("beneath", "bottom", "middle", "top"))
		eventually(ctx, "middle").Should(beReady("True Ready"))

		Eventually(func() error {
			bottom := get(ctx, "bottom")
			bottom.Spec.Includes = nil
			return suite.Client.Update(ctx, bottom)
		}).Should(Succeed())
		eventually(ctx, "top").Should(haveEffective("bottom", "middle", "top"))

		Expect(suite.Client.Delete(ctx, get(ctx, "bottom"))).To(Succeed())
		eventually(ctx, "top").Should(haveEffective("middle", "top"))
		eventually(ctx, "middle").Should(beReady("False UnknownInclude"))
	})

	It("tells of what is wrong by an Event, and of its end", func(ctx SpecContext) {
		create(ctx, aRole("editor", including("viewer")))
		Eventually(func() []string { return suite.Events(ctx, namespace) }).Should(ConsistOf(HavePrefix(`Warning UnknownInclude: there is no Role "viewer"`)))
		create(ctx, aRole("viewer"))
		Eventually(func() []string { return suite.Events(ctx, namespace) }).Should(ContainElement("Normal Ready: every included Role exists"))
	})

	It("counts a role that is being deleted as gone, as the evaluator does", func(ctx SpecContext) {
		create(ctx, aRole("viewer", func(r *v1alpha1.Role) { r.Finalizers = []string{"example.com/held"} }), aRole("editor", including("viewer")))
		eventually(ctx, "editor").Should(beReady("True Ready"))
		Expect(suite.Client.Delete(ctx, get(ctx, "viewer"))).To(Succeed())

		eventually(ctx, "editor").Should(And(beReady("False UnknownInclude"), haveEffective("editor")))
		held := get(ctx, "viewer")
		held.Finalizers = nil
		Expect(suite.Client.Update(ctx, held)).To(Succeed())
	})

	It("isn't written when nothing changed", func(ctx SpecContext) {
		create(ctx, aRole("viewer"), aRole("editor", including("viewer")))
		eventually(ctx, "editor").Should(haveEffective("editor", "viewer"))
		eventually(ctx, "viewer").Should(haveEffective("viewer"))
		settled := get(ctx, "editor")
		writes := suite.Faults.Writes(namespace)

		reconciler := newReconciler()
		for range 2 {
			Eventually(func(g Gomega) {
				cached := &v1alpha1.Role{}
				g.Expect(suite.Manager.GetClient().Get(ctx, client.ObjectKeyFromObject(settled), cached)).To(Succeed())
				g.Expect(cached.ResourceVersion).To(Equal(settled.ResourceVersion))
				_, err := reconciler.Reconcile(ctx, cached)
				g.Expect(err).NotTo(HaveOccurred())
			}).Should(Succeed())
		}

		Expect(get(ctx, "editor").ResourceVersion).To(Equal(settled.ResourceVersion))
		Expect(suite.Faults.Writes(namespace)).To(Equal(writes))
	})

	It("never overwrites what another leader wrote in the meantime", func(ctx SpecContext) {
		create(ctx, aRole("viewer"))
		eventually(ctx, "viewer").Should(beReady("True Ready"))
		stale := get(ctx, "viewer")
		stale.Status = v1alpha1.RoleStatus{}
		stale.ResourceVersion = "1"

		_, err := newReconciler().Reconcile(ctx, stale)

		Expect(apierrors.IsConflict(err)).To(BeTrue(), "%v", err)
	})

	DescribeTable("is repaired when the leader dies at its one write",
		func(ctx SpecContext, when controllertest.Moment) {
			suite.Faults.Fail(namespace, 1, when)
			create(ctx, aRole("viewer"))

			eventually(ctx, "viewer").Should(beReady("True Ready"))
			Expect(suite.Faults.Writes(namespace)).NotTo(BeEmpty())
		},
		Entry("when the write isn't done", controllertest.BeforeWrite),
		Entry("when its answer is lost", controllertest.AfterWrite),
	)
})

func newReconciler() *role.Reconciler {
	return role.New(suite.Manager.GetClient(), controllertest.InForce{}, suite.Manager.GetEventRecorder("latchkey"))
}

type roleOption func(*v1alpha1.Role)

func aRole(name string, options ...roleOption) *v1alpha1.Role {
	r := &v1alpha1.Role{ObjectMeta: metav1.ObjectMeta{Name: name}}
	for _, option := range options {
		option(r)
	}
	return r
}

func including(names ...v1alpha1.GrantableRoleName) roleOption {
	return func(r *v1alpha1.Role) { r.Spec.Includes = names }
}

func haveEffective(names ...string) types.GomegaMatcher {
	return HaveField("Status.EffectiveRoles", Equal(names))
}

func beReady(condition string) types.GomegaMatcher {
	return WithTransform(func(r *v1alpha1.Role) string { return controllertest.Ready(r) }, HavePrefix(condition))
}
