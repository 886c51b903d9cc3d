//go:build chaos

package chaos_test

import (
	. "github.com/onsi/ginkgo/v2"
)

// rounds is how often every replica is killed.
const rounds = 2

func replicasKilled(ctx SpecContext) {
	s := begin(ctx, "every replica killed in turn", "P4: a replica that was killed and started again answers nothing but refusals until it knows everything, "+
		"and never accepts what is revoked; the others go on")
	for range rounds {
		for i, p := range serving {
			login := logIn(ctx, p, userName(4))
			load.Add(login)
			other := logIn(ctx, p, userName(5))
			load.Add(other)
			logOut(ctx, p, login)
			p.kill()
			logOut(ctx, serving[(i+1)%len(serving)], other)
			p.restart(ctx)
		}
	}
	s.remark("%d kills", rounds*len(serving))
	s.end(ctx)
}
