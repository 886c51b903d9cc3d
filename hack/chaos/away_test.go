//go:build chaos

package chaos_test

import (
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func apiServerKilled(ctx SpecContext) {
	s := begin(ctx, "API server killed for 30 s", "P2: checks go on without an error; what writes answers 503 with Retry-After; "+
		"the log says when the API server goes and when it is back; no login is lost")
	settle()
	s.remark("p99 of checks before: %s", load.Next().P99().Round(10*time.Microsecond))
	marks := marksOf(serving)

	cutOff(serving...)
	Expect(env.KillAPIServer()).To(Succeed())
	hold(ctx, 30*time.Second)
	Expect(s.traffic.seen(http.StatusServiceUnavailable)).To(BeNumerically(">", 3), "what writes was refused meanwhile")
	for i, p := range serving {
		Expect(p.journal.since(marks[i], "the API server is away")).To(HaveLen(1), "%s says that the API server is away", p.name)
		Expect(p.journal.since(marks[i], "the API server is back")).To(BeEmpty())
	}
	Expect(env.RestartAPIServer()).To(Succeed())
	s.remark("in touch %s after the API server said that it was healthy", untilInTouch(ctx, serving...).Round(time.Millisecond))
	for i, p := range serving {
		Eventually(func() []string { return p.journal.since(marks[i], "the API server is back") }).WithTimeout(patience).Should(HaveLen(1), "%s says that it is back", p.name)
	}
	s.end(ctx)
}

func etcdPaused(ctx SpecContext) {
	s := begin(ctx, "etcd stopped for 10 s", "P2: the same where the API server runs and can't do anything")
	settle()
	cutOff(serving...)
	Expect(env.PauseEtcd()).To(Succeed())
	hold(ctx, 10*time.Second)
	Expect(env.ContinueEtcd()).To(Succeed())
	s.remark("in touch %s after etcd went on", untilInTouch(ctx, serving...).Round(time.Millisecond))
	s.end(ctx)
}

// marksOf remembers where the journals of processes are.
func marksOf(processes []*process) []int {
	var marks []int
	for _, p := range processes {
		marks = append(marks, p.journal.mark())
	}
	return marks
}
