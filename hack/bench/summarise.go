package main

import "github.com/latchkey-auth/latchkey/hack/bench/figures"

// summarise makes medians of rounds. Ratios are made within a round, where the machine was
// the same, and their median is taken.
func summarise(rounds []played) *figures.Check {
	bare := func(r played) outcome { return r.Outcomes["bare"] }
	answers := func(name string) *figures.Answers {
		of := func(value func(r played, o outcome) float64) figures.Spread {
			var values []float64
			for _, r := range rounds {
				values = append(values, value(r, r.Outcomes[name]))
			}
			spread, _ := figures.Over(values)
			return spread
		}
		a := &figures.Answers{
			RPS:  figures.Measured(of(func(_ played, o outcome) float64 { return o.RPS }).Median, 0),
			P50:  figures.Measured(of(func(_ played, o outcome) float64 { return o.P50 }).Median, 3),
			P99:  figures.Measured(of(func(_ played, o outcome) float64 { return o.P99 }).Median, 3),
			CPU:  of(func(_ played, o outcome) float64 { return o.CPU }),
			Busy: of(func(_ played, o outcome) float64 { return o.ServerBusy }),
		}
		if name == "bare" {
			return a
		}
		a.AllocsOverBare = figures.Measured(of(func(r played, o outcome) float64 { return o.Mallocs - bare(r).Mallocs }).Median, 1)
		if name == "never_seen" {
			a.Range = of(func(r played, o outcome) float64 { return o.RPS / r.Verification.RPS })
			a.CPURatio = of(func(r played, o outcome) float64 { return r.Verification.CPU / o.CPU })
			a.WithoutHTTP = of(func(r played, _ outcome) float64 { return r.Verification.CPU / r.Verification.Unseen })
			a.RatioWithoutHTTP = figures.Measured(a.WithoutHTTP.Median, 3)
			a.RatioToRawVerify = figures.Measured(a.Range.Median, 3)
			return a
		}
		a.Range = of(func(r played, o outcome) float64 { return o.RPS / bare(r).RPS })
		a.CPURatio = of(func(r played, o outcome) float64 { return bare(r).CPU / o.CPU })
		a.RatioToBare = figures.Measured(a.Range.Median, 3)
		return a
	}
	return &figures.Check{
		Bare: answers("bare"), RoleWarm: answers("role_warm"), Role10kTokens: answers("role_10k_tokens"),
		PolicyWarm: answers("policy_warm"), NeverSeen: answers("never_seen"),
	}
}
