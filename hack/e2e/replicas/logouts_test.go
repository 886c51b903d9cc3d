package replicas_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sync/errgroup"

	"github.com/latchkey-auth/latchkey/hack/stack"
)

const (
	logouts      = 500
	loginsAtOnce = 6
	lookEvery    = 500 * time.Microsecond // what a measured time may be too long by
)

var _ = Describe("P1 A logout", func() {
	It(fmt.Sprintf("reaches every replica, measured %d times", logouts), func(ctx SpecContext) {
		tokens := logInMany(ctx)
		took := make([]time.Duration, 0, logouts)
		for i, access := range tokens {
			everyReplica(ctx, access, http.StatusOK)
			here := 1 + i%replicaCount
			Expect(at(here).Logout(ctx, access)).To(Succeed())
			answered := time.Now()
			Expect(at(here).Check(ctx, access)).To(Equal(http.StatusUnauthorized), "dead on return")
			refused, err := refusedByAll(ctx, access)
			Expect(err).NotTo(HaveOccurred())
			took = append(took, refused.Sub(answered))
		}
		slices.Sort(took)
		share := func(percent int) time.Duration { // the nearest rank
			return took[(len(took)*percent+99)/100-1].Round(10 * time.Microsecond)
		}
		report := fmt.Sprintf("%d logouts, %d replicas: p50 %s, p90 %s, p99 %s, max %s",
			len(took), replicaCount, share(50), share(90), share(99), share(100))
		AddReportEntry("from the answer to a logout to the refusal by the last replica", report)
		fmt.Println("from the answer to a logout to the refusal by the last replica:", report)
	})
})

// logInMany logs all users in by turns, and returns the access tokens.
func logInMany(ctx context.Context) []string {
	GinkgoHelper()
	tokens := make([]string, logouts)
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(loginsAtOnce)
	for i := range tokens {
		all.Go(func() error {
			issued, err := at(1+i%replicaCount).Login(ctx, users[i%userCount])
			tokens[i] = issued.Access
			return err
		})
	}
	Expect(all.Wait()).To(Succeed())
	return tokens
}

// refusedByAll asks every replica until it refuses, and returns when the last one did.
func refusedByAll(ctx context.Context, access string) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	refused := make([]time.Time, len(serving))
	all, ctx := errgroup.WithContext(ctx)
	for i, server := range serving {
		all.Go(func() (err error) {
			refused[i], err = untilRefused(ctx, stack.NewClient(server.URL()), access)
			return err
		})
	}
	err := all.Wait()
	return slices.MaxFunc(refused, time.Time.Compare), err
}

func untilRefused(ctx context.Context, replica stack.Client, access string) (time.Time, error) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		status, err := replica.Check(ctx, access)
		switch {
		case err != nil:
			return time.Time{}, err
		case status == http.StatusUnauthorized:
			return time.Now(), nil
		case status != http.StatusOK:
			return time.Time{}, fmt.Errorf("a check is answered with %d", status)
		}
		<-tick.C
	}
}
