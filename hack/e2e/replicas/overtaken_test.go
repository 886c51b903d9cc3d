package replicas_test

import (
	"errors"
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// P7: within the realm's leeway an overtaken token is only refused, for it may come from a race;
// later it is taken for stolen. (The realm's is two seconds, the shortest there is.)
var _ = DescribeTable("P7 An overtaken refresh token ends the login that it belongs to", func(ctx SpecContext, where int) {
	stolen := logIn(ctx, 1)
	newest := refresh(ctx, 3, refresh(ctx, 2, stolen))

	Eventually(func() error {
		if err := refreshRefused(ctx, where, stolen); err != nil {
			return StopTrying("an overtaken token isn't refused").Wrap(err)
		}
		status, err := at(where).Check(ctx, newest.Access)
		if err == nil && status != http.StatusUnauthorized {
			err = errors.New("the login goes on")
		}
		return err
	}).WithTimeout(patience).WithPolling(100 * time.Millisecond).Should(Succeed())

	everyReplica(ctx, newest.Access, http.StatusUnauthorized)
	for replica := 1; replica <= replicaCount; replica++ {
		Expect(refreshRefused(ctx, replica, newest)).To(Succeed())
	}
	Expect(k(ctx, "get", "lkrevoked", "-o", revocationOf(newest.Access, "spec.reason"))).To(Equal("refresh token reused"))
},
	Entry("when the replica sees it where the login began", 1),
	Entry("when the replica sees it that overtook it", 2),
	Entry("when the replica sees it that has only met later ones", 3),
)
