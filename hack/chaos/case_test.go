//go:build chaos

package chaos_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/latchkey-auth/latchkey/hack/chaos"
)

// story is a case that runs.
type story struct {
	row     chaos.Row
	traffic *traffic
	stop    func()
	revoked int // ended before it
}

// begin begins a case. promise is what must hold over it, in words.
func begin(ctx context.Context, name, promise string) *story {
	GinkgoHelper()
	s := &story{row: chaos.Row{Case: name, Promise: promise}, traffic: &traffic{}, revoked: over()}
	load.Next()
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	var busy sync.WaitGroup
	busy.Go(func() { s.traffic.run(running) })
	s.stop = sync.OnceFunc(func() { stop(); busy.Wait() })
	DeferCleanup(func(ctx context.Context) { // also after a failure, for the next case
		mend(ctx)
		s.stop()
		s.traffic.finish(ctx)
	})
	return s
}

// remark adds a figure to what is printed.
func (s *story) remark(format string, arguments ...any) {
	s.row.Remarks = append(s.row.Remarks, fmt.Sprintf(format, arguments...))
}

// end heals everything, lets it settle, counts, and holds the case to what every case promises.
func (s *story) end(ctx context.Context) {
	GinkgoHelper()
	if n := mend(ctx); n > 0 {
		s.remark("%d controllers had ended by themselves and were started again, as Kubernetes does", n)
	}
	s.stop()
	s.traffic.finish(ctx)
	settle()

	s.row.Checks = load.Next()
	s.row.Revoked = over() - s.revoked
	s.countLogins(ctx)
	s.countLeaks(ctx)
	s.remark("answers to what writes: %v by status; 503 with Retry-After %d, the slowest after %s; tokens refreshed %d",
		s.traffic.replies, s.traffic.away, s.traffic.slowest.Round(time.Millisecond), s.traffic.refreshed)
	for _, slow := range s.traffic.slow {
		s.remark("SLOW: %s", slow)
	}
	rows = append(rows, s.row)
	AddReportEntry(s.row.Case, s.row.String())

	Expect(s.row.Checks.Answered).To(BeNumerically(">", 100), "the load ran")
	Expect(s.row.Checks.Wrong).To(BeZero(), "wrong answers: %v", s.row.Checks.Problems)
	Expect(s.row.Checks.Lost).To(BeZero(), "revocations lost")
	Expect(s.row.Checks.Unanswered).To(BeZero(), "checks that a running replica didn't answer: %v", s.row.Checks.Problems)
	Expect(s.row.LoginsLost).To(BeZero(), "logins lost")
	Expect(s.row.Leaked).To(BeZero(), "objects leaked")
	Expect(s.traffic.bare).To(BeZero(), "a 503 without Retry-After")
	Expect(s.traffic.burnt).To(BeZero(), "refresh tokens burnt")
	for status := range s.traffic.replies {
		Expect(status).To(BeElementOf(0, http.StatusOK, http.StatusUnauthorized, http.StatusServiceUnavailable), "answers to what writes")
	}
}

// mend heals every network, starts what has ended, waits until every replica is in touch, and returns how
// many controllers had ended by themselves.
func mend(ctx context.Context) (controllersEnded int) {
	GinkgoHelper()
	Expect(env.Heal()).To(Succeed())
	for _, p := range everybody() {
		p.network.Heal()
	}
	for _, p := range everybody() {
		if p.runs() {
			continue
		}
		if p.Replica == nil && !p.killed {
			controllersEnded++
		}
		p.restart(ctx)
	}
	untilInTouch(ctx, serving...)
	return controllersEnded
}

// cutOff notes that these replicas can't hear of anything from now on.
func cutOff(replicas ...*process) {
	for _, p := range replicas {
		p.Lost()
		p.lost = true
	}
}

// inTouch are the replicas that run and that nobody has cut off.
func inTouch() []*process {
	var found []*process
	for _, p := range serving {
		if !p.lost && p.runs() {
			found = append(found, p)
		}
	}
	return found
}

// untilInTouch returns how long it took until all of these had heard of something new: the end of a login.
func untilInTouch(ctx context.Context, replicas ...*process) time.Duration {
	GinkgoHelper()
	begun := time.Now()
	probe := logInQuietly(ctx, replicas[0])
	revoke(ctx, probe)
	for _, p := range replicas {
		Eventually(accepts(ctx, p, probe)).WithTimeout(patience).WithPolling(10*time.Millisecond).Should(BeFalse(), "%s hears of a revocation", p.name)
		p.Back()
		p.lost = false
	}
	return time.Since(begun)
}

// settle waits until the load has had time to find whatever is wrong.
func settle() {
	GinkgoHelper()
	begun := time.Now()
	enough := load.Answered() + checksPerSecond/2
	Eventually(func() bool { return time.Since(begun) > 2*chaos.Bound && load.Answered() > enough }).WithTimeout(patience).Should(BeTrue())
}

// hold lets a fault last.
func hold(ctx context.Context, lasting time.Duration) {
	GinkgoHelper()
	select {
	case <-time.After(lasting):
	case <-ctx.Done():
		Fail("the case took too long")
	}
}

// over is how many logins have ended.
func over() (n int) {
	known.Range(func(_, login any) bool {
		if login.(*chaos.Login).Over() {
			n++
		}
		return true
	})
	return n
}

// countLogins tries every login that nobody has ended: it is accepted everywhere and can be refreshed.
func (s *story) countLogins(ctx context.Context) {
	GinkgoHelper()
	for i, login := range load.Logins() {
		s.row.Logins++
		for _, p := range serving {
			if ok, err := accepts(ctx, p, login)(); err != nil || !ok {
				s.row.LoginsLost++
				s.remark("LOST: a login of %s isn't accepted by %s (%v)", login.User, p.name, err)
				break
			}
		}
		tokens, reply := writer.Refresh(ctx, serving[i%len(serving)].Replica, login.Tokens().Refresh)
		if reply.Status != http.StatusOK {
			s.row.LoginsLost++
			s.remark("LOST: a login of %s can't be refreshed: %d %s", login.User, reply.Status, reply.Body)
			continue
		}
		login.Refreshed(tokens)
	}
}
