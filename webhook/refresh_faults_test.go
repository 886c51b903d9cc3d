package webhook_test

import (
	"context"
	"errors"
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
)

var errCut = errors.New("the connection was cut")

// cutOff cuts calls of that kind before they arrive; all of them if which is nil.
func cutOff(which func(verb string, object client.Object) bool) way {
	return func(_ context.Context, verb string, object client.Object, do func() error) error {
		if which == nil || which(verb, object) {
			return errCut
		}
		return do()
	}
}

// answerCut lets calls of a verb arrive, and cuts their answers.
func answerCut(verb string) way {
	return func(_ context.Context, v string, _ client.Object, do func() error) error {
		err := do()
		if v == verb {
			return errors.Join(err, errCut)
		}
		return err
	}
}

func isVerb(verb string) func(string, client.Object) bool {
	return func(v string, _ client.Object) bool { return v == verb }
}

func isSession(verb string, object client.Object) bool {
	_, session := object.(*v1alpha1.Session)
	return session && verb == "get"
}

func isSecret(_ string, object client.Object) bool {
	_, secret := object.(*corev1.Secret)
	return secret
}

// throttled is what the API server's priority and fairness answers when it has too much to do.
func throttled(context.Context, string, client.Object, func() error) error {
	return apierrors.NewTooManyRequests("too many requests, please try again later", 1)
}

// swallowed never answers, which a deadline has to end.
func swallowed(ctx context.Context, _ string, _ client.Object, _ func() error) error {
	<-ctx.Done()
	return ctx.Err()
}

func beUnavailable() OmegaMatcher {
	return And(
		HaveField("Status", http.StatusServiceUnavailable),
		HaveField("Header", HaveKeyWithValue("Retry-After", ConsistOf("1"))),
		HaveField("Body", ContainSubstring("temporarily_unavailable")),
	)
}

var _ = Describe("Refresh while the API server fails", Ordered, func() {
	var one, other *replica
	var r realm

	BeforeAll(func(ctx SpecContext) {
		one, other = newReplica(ctx), newReplica(ctx)
		r = aRealm(ctx)
		r.user(ctx, "alice", "viewer")
		one.knows(ctx, r, "alice")
		other.knows(ctx, r, "alice")
	})

	DescribeTable("answers 503 and burns no token (R04)", func(ctx SpecContext, w way) {
		first := r.in("alice")
		second := one.renewed(r, first.refresh)
		one.goThrough(w)

		began := time.Now()
		Expect(one.refresh(r, second.refresh)).To(beUnavailable())
		AddReportEntry("answered 503 after", time.Since(began).Round(time.Millisecond).String())

		one.goThrough(nil)
		for _, rep := range []*replica{one, other} {
			rep.wait(time.Minute)
			DeferCleanup(func() { rep.wait(-time.Minute) })
		}
		third := other.renewed(r, second.refresh)
		Expect(generation(third.refresh)).To(BeEquivalentTo(3))
		Expect(generation(one.renewed(r, third.refresh).refresh)).To(BeEquivalentTo(4))
		Expect(r.revocations(ctx)).To(BeEmpty())
	},
		Entry("when it can't be reached", cutOff(nil)),
		Entry("when the Session can't be read", cutOff(isSession)),
		Entry("when the password can't be read", cutOff(isSecret)),
		Entry("when the write doesn't arrive", cutOff(isVerb("patch"))),
		Entry("when the write is done, but that isn't heard", answerCut("patch")),
		Entry("when nothing ever answers", way(swallowed)),
		Entry("when it says that there are too many requests (Q28)", way(throttled)),
	)

	It("decides again when somebody else was faster", func(ctx SpecContext) {
		t := r.in("alice")
		conflicts := 0
		one.goThrough(func(_ context.Context, verb string, object client.Object, do func() error) error {
			if verb == "patch" && conflicts < 3 {
				conflicts++
				return apierrors.NewConflict(schema.GroupResource{Resource: "sessions"}, object.GetName(), errCut)
			}
			return do()
		})

		Expect(generation(one.renewed(r, t.refresh).refresh)).To(BeEquivalentTo(2))

		Expect(conflicts).To(Equal(3))
		Expect(r.sessionOf(ctx, t).Spec.Refresh.Generation).To(BeEquivalentTo(1))
	})

	It("says that a token was reused only once the login has ended", func(ctx SpecContext) {
		first := r.in("alice")
		last := one.renewed(r, one.renewed(r, first.refresh).refresh)
		one.wait(20 * time.Second)
		DeferCleanup(func() { one.wait(-20 * time.Second) })
		one.goThrough(cutOff(isVerb("create")))

		Expect(one.refresh(r, first.refresh)).To(beUnavailable())

		Expect(r.revocations(ctx)).To(BeEmpty())
		one.goThrough(nil)
		Expect(one.refresh(r, first.refresh)).To(beADeadRefreshToken())
		Expect(one.get(r, "/check/role/viewer", last.access)).To(beADenial(401, "token_revoked"))
		Expect(r.revocations(ctx)).To(ConsistOf(HaveField("Spec.Reason", "refresh token reused")))
	})
})
