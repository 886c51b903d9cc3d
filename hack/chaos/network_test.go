//go:build chaos

package chaos_test

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// Attack Q12: what ends while a replica is cut off is refused by it once it is in touch again.
func watchesCut(ctx SpecContext) {
	s := begin(ctx, "watches cut", "P1, P5: a replica that lost its connection makes up for what it missed; nothing revoked is accepted by one that is in touch")
	for range 3 {
		cutOff(serving...)
		for _, p := range everybody() {
			p.network.Sever()
		}
		s.remark("every connection severed: in touch after %s", untilInTouch(ctx, serving...).Round(time.Millisecond))
	}
	away := serving[2]
	cutOff(away)
	away.network.Cut()
	for range 5 {
		login := logIn(ctx, serving[0], userName(1))
		load.Add(login)
		logOut(ctx, serving[1], login)
	}
	hold(ctx, 3*time.Second)
	away.network.Heal()
	s.remark("%s cut off while 5 logins ended: in touch %s after the network healed", away.name, untilInTouch(ctx, serving...).Round(time.Millisecond))
	s.end(ctx)
}

// Attack Q13: the replica that answered refuses at once, one whose watch lags when it has caught up.
func watchesBlackHoled(ctx SpecContext) {
	s := begin(ctx, "network silent for 12 s", "P1, P5: the same where nobody tells the replica that its connection is dead")
	away := serving[2]
	cutOff(away)
	away.network.BlackHole()
	for range 5 {
		login := logIn(ctx, serving[0], userName(2))
		load.Add(login)
		logOut(ctx, serving[1], login)
	}
	hold(ctx, 12*time.Second)
	away.network.Heal()
	s.remark("in touch %s after the network healed", untilInTouch(ctx, serving...).Round(time.Millisecond))
	s.end(ctx)
}

func historyCompacted(ctx SpecContext) {
	s := begin(ctx, "history compacted (410)", "P5: a replica whose place in history is gone lists anew; meanwhile nothing revoked is accepted that it knew of, and nothing valid is refused")
	away := serving[2]
	mark := away.journal.mark()
	cutOff(away)
	away.network.Cut()
	for range 10 {
		login := logIn(ctx, serving[0], userName(3))
		load.Add(login)
		logOut(ctx, serving[1], login)
	}
	revision, err := env.Compact(ctx)
	Expect(err).NotTo(HaveOccurred())
	cutOff(serving...)
	Expect(env.KillAPIServer()).To(Succeed()) // the next one remembers nothing of its own, either
	Expect(env.RestartAPIServer()).To(Succeed())
	away.network.Heal()
	s.remark("compacted at %d, in touch %s after the API server was back", revision, untilInTouch(ctx, serving...).Round(time.Millisecond))
	expired := away.journal.since(mark, "too old resource version")
	Expect(expired).NotTo(BeEmpty(), "%s was told that its place in history is gone", away.name)
	s.remark("%s was told %d times that its resourceVersion is too old, and listed anew", away.name, len(expired))
	s.end(ctx)
}
