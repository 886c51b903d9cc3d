package replicas_test

import (
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("A login over three replicas", func() {
	It("begins at one, is known to the second, goes on at the third, and ends at all with a logout at the first", func(ctx SpecContext) {
		began := logIn(ctx, 1)
		everyReplica(ctx, began.Access, http.StatusOK)
		goesOn := refresh(ctx, 3, began)
		everyReplica(ctx, goesOn.Access, http.StatusOK)
		Expect(claims(goesOn.Access).SessionID).To(Equal(claims(began.Access).SessionID))
		Expect(at(2).Check(ctx, began.Access)).To(Equal(http.StatusOK), "the older access token lives as long as it says")

		Expect(at(1).Logout(ctx, goesOn.Access)).To(Succeed())

		Expect(at(1).Check(ctx, goesOn.Access)).To(Equal(http.StatusUnauthorized), "dead on return")
		for _, tokens := range []string{began.Access, goesOn.Access} {
			everyReplica(ctx, tokens, http.StatusUnauthorized)
		}
		for replica := 1; replica <= replicaCount; replica++ {
			Expect(refreshRefused(ctx, replica, goesOn)).To(Succeed())
			Expect(refreshRefused(ctx, replica, began)).To(Succeed())
		}
	})

	It("goes on at any replica with the token that another one gave", func(ctx SpecContext) {
		tokens := logIn(ctx, 1)
		for i := range 9 {
			tokens = refresh(ctx, 1+(i+1)%replicaCount, tokens)
		}
		everyReplica(ctx, tokens.Access, http.StatusOK)
	})

	It("goes on after an answer was lost: the same token is answered again, by any replica", func(ctx SpecContext) {
		began := logIn(ctx, 1)
		lost := refresh(ctx, 2, began)
		again := refresh(ctx, 3, began)
		Expect(again.Refresh).NotTo(Equal(lost.Refresh))
		tokens := refresh(ctx, 1, again)
		everyReplica(ctx, tokens.Access, http.StatusOK)
	})
})
