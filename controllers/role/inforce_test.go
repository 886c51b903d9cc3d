package role_test

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/controllers/controllertest"
)

var _ = Describe("A Role, while replicas follow", func() {
	var namespace string

	BeforeEach(func(ctx SpecContext) { namespace = suite.Namespace(ctx) })

	create := func(ctx context.Context, r *v1alpha1.Role) *v1alpha1.Role {
		GinkgoHelper()
		r.Namespace = namespace
		Expect(suite.Client.Create(ctx, r)).To(Succeed())
		return r
	}
	get := func(ctx context.Context, r *v1alpha1.Role) *v1alpha1.Role {
		GinkgoHelper()
		is := &v1alpha1.Role{}
		Expect(suite.Client.Get(ctx, client.ObjectKeyFromObject(r), is)).To(Succeed())
		return is
	}
	says := func(ctx context.Context, r *v1alpha1.Role) func() string {
		return func() string {
			GinkgoHelper()
			is := get(ctx, r)
			if is.Status.ObservedGeneration != is.Generation {
				return ""
			}
			return is.Status.Replicas + " " + controllertest.Ready(is)
		}
	}
	asTimePasses := func(ctx context.Context, r *v1alpha1.Role, living ...*controllertest.Replica) func() string {
		return func() string {
			GinkgoHelper()
			for _, one := range living {
				one.Renew(ctx)
			}
			leaders.Step(time.Second)
			return says(ctx, r)()
		}
	}
	replica := func(ctx context.Context, name string) *controllertest.Replica {
		GinkgoHelper()
		return suite.Replica(ctx, controllertest.OwnNamespace, name)
	}

	It("is Ready once every replica judges by it, in one write, and again for each generation", func(ctx SpecContext) {
		a, b := replica(ctx, "a"), replica(ctx, "b")
		viewer := create(ctx, aRole("viewer"))
		a.Follow(ctx, "roles", viewer)
		Consistently(says(ctx, viewer), "200ms").Should(BeEmpty())
		b.Follow(ctx, "roles", viewer)
		Eventually(says(ctx, viewer)).Should(Equal("2/2 " + allExist))

		editor := get(ctx, viewer)
		editor.Spec.Rules = []v1alpha1.Rule{{
			Hosts: []v1alpha1.HostPattern{"*"}, Paths: []v1alpha1.PathPattern{"/**"}, Methods: []v1alpha1.MethodPattern{"*"},
		}}
		Expect(suite.Client.Update(ctx, editor)).To(Succeed())
		b.Follow(ctx, "roles", editor)
		Consistently(says(ctx, viewer), "200ms").Should(BeEmpty())
		a.Follow(ctx, "roles", editor)
		Eventually(says(ctx, viewer)).Should(Equal("2/2 " + allExist))
		Expect(suite.Faults.Writes(namespace)).To(HaveExactElements("patch Role/status", "patch Role/status"))

		create(ctx, aRole("later")) // nobody follows that, and viewer says what it said
		replica(ctx, "c")
		Consistently(says(ctx, viewer), "200ms").Should(Equal("2/2 " + allExist))
	})

	It("isn't Ready while a replica judges by an earlier generation", func(ctx SpecContext) {
		a, b := replica(ctx, "a"), replica(ctx, "b")
		viewer := create(ctx, aRole("viewer"))
		a.Follow(ctx, "roles", viewer)
		Eventually(asTimePasses(ctx, viewer, a)).Should(Equal(
			`1/2 False NotYetInForce: replica "b" is out of touch and may still answer by what it knew: reconnect it or end it`))
		Eventually(func() []string { return suite.Events(ctx, namespace) }).Should(ContainElement(HavePrefix(`Warning NotYetInForce: replica "b" `)))

		b.Follow(ctx, "roles", viewer)
		Eventually(says(ctx, viewer)).Should(Equal("2/2 " + allExist))
	})

	It("says at once what else is wrong, and how many judge by it when that is known", func(ctx SpecContext) {
		a := replica(ctx, "a")
		editor := create(ctx, aRole("editor", including("ghost")))
		Eventually(says(ctx, editor)).Should(HavePrefix(` False UnknownInclude: there is no Role "ghost"`))
		a.Follow(ctx, "roles", editor)
		Eventually(says(ctx, editor)).Should(HavePrefix("1/1 False UnknownInclude"))

		create(ctx, aRole("ghost")) // editor's generation is in force, and stays so
		Eventually(says(ctx, editor)).Should(Equal("1/1 " + allExist))
	})
})
