//go:build chaos

package chaos_test

import (
	"context"
	"math/rand/v2"
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/latchkey-auth/latchkey/controllers/replica"
)

// maxStaleness is the smallest that the flag takes.
const maxStaleness = 5 * time.Second

// reasonTooStale is what a replica says that may have missed too much.
const reasonTooStale = "too_stale"

func stalenessBounded(ctx SpecContext) {
	s := begin(ctx, "--max-staleness, network silent", "P3: past the bound every check is refused, though nobody was told that the connection is dead; "+
		"the gauge is right within a renewal of the Lease; readiness goes with it, and all returns")
	bounded := serving[2]
	flags := bounded.launch.Flags
	bounded.stop()
	bounded.launch.Flags = append([]string{"--max-staleness=" + maxStaleness.String()}, flags...)
	bounded.restart(ctx)
	load.Next()

	cutOff(bounded)
	bounded.network.BlackHole()
	silent := time.Now()
	bounded.Close(silent.Add(maxStaleness), reasonTooStale) // what it knows for certain is older than that
	Eventually(ready).WithArguments(ctx, bounded).WithTimeout(patience).Should(Equal(http.StatusServiceUnavailable), "it isn't ready any more")
	s.remark("unready %s after the network went silent (bound %s)", time.Since(silent).Round(100*time.Millisecond), maxStaleness)

	var worst time.Duration
	for range 5 {
		hold(ctx, time.Second)
		known := time.Since(silent)
		for series, seconds := range gauges(ctx, bounded, "latchkey_feed_staleness_seconds") {
			said := time.Duration(seconds * float64(time.Second))
			worst = max(worst, said-known)
			Expect(said).To(BeNumerically(">=", known), "%s never says less than is true", series)
		}
	}
	s.remark("the gauge said at most %s more than had passed since, never less; a renewal is due every %s", worst.Round(10*time.Millisecond), replica.RenewEvery)
	refused := s.countRefused(ctx, bounded)
	s.remark("past the bound %d of %d checks beside the load were refused", refused, sampled)
	Expect(refused).To(Equal(sampled))

	bounded.Open()
	bounded.network.Heal()
	healed := time.Now()
	Eventually(ready).WithArguments(ctx, bounded).WithTimeout(patience).Should(Equal(http.StatusOK))
	s.remark("ready %s after the network healed", time.Since(healed).Round(100*time.Millisecond))
	untilInTouch(ctx, serving...)
	bounded.Excuse("")
	Expect(s.countRefused(ctx, bounded)).To(BeZero(), "everything valid is accepted again")

	bounded.stop()
	bounded.launch.Flags = flags
	bounded.restart(ctx)
	s.end(ctx)
}

// sampled is how many checks of valid logins countRefused sends.
const sampled = 100

func (s *story) countRefused(ctx context.Context, p *process) (refused int) {
	GinkgoHelper()
	valid := load.Logins()
	for asked := 0; asked < sampled; {
		login := valid[rand.IntN(len(valid))]
		ok, err := accepts(ctx, p, login)()
		Expect(err).NotTo(HaveOccurred())
		if !login.Alive() {
			continue // its user has just logged out
		}
		asked++
		if !ok {
			refused++
		}
	}
	return refused
}
