//go:build chaos

package chaos_test

import (
	. "github.com/onsi/ginkgo/v2"
)

// The cases, in the order in which they run. Each leaves everything whole again.
var _ = Describe("Under a steady load of checks", Ordered, ContinueOnFailure, func() {
	It("survives an API server that is killed for 30 s", apiServerKilled)
	It("survives an etcd that stops for 10 s", etcdPaused)
	It("survives watches that are cut", watchesCut)
	It("survives a network that goes silent", watchesBlackHoled)
	It("survives a history that is compacted", historyCompacted)
	It("survives every replica's being killed in turn", replicasKilled)
	It("finishes what a replica had begun when it was killed", replicaKilledBetweenWrites)
	It("finishes what a leader had begun when it was killed", leaderKilledBetweenWrites)
	It("survives a machine whose clock is off by two minutes", clockOff)
	It("never says Enforced too early", enforcedMeansInForce)
	It("rotates keys though the leader dies", leaderKilledWhileKeysRotate)
	It("closes itself where it may have missed too much", stalenessBounded)
	It("survives corrupted keys, and ends every login with deleted ones", keysCorruptedAndDeleted)
})
