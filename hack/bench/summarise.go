package main

import "github.com/latchkey-auth/latchkey/hack/bench/figures"

// summarise makes medians of rounds. Ratios are made within a round, where the machine was
// the same, and their median is taken.
func summarise(rounds []played) *figures.Check {
	unseen := answers(rounds, "never_seen")
	unseen.AllocsOverBare = over(rounds, "never_seen", func(r played, o outcome) float64 { return o.Mallocs - r.Outcomes["bare"].Mallocs }).figure(1)
	unseen.Range = over(rounds, "never_seen", func(r played, o outcome) float64 { return o.RPS / r.Verification.RPS }).Spread
	unseen.CPURatio = over(rounds, "never_seen", func(r played, o outcome) float64 { return r.Verification.CPU / o.CPU }).Spread
	unseen.WithoutHTTP = over(rounds, "never_seen", func(r played, _ outcome) float64 { return r.Verification.CPU / r.Verification.Unseen }).Spread
	unseen.RatioWithoutHTTP = figures.Measured(unseen.WithoutHTTP.Median, 3)
	unseen.RatioToRawVerify = figures.Measured(unseen.Range.Median, 3)
	return &figures.Check{
		Bare: answers(rounds, "bare"), NeverSeen: unseen,
		RoleWarm: beside(rounds, "role_warm"), Role10kTokens: beside(rounds, "role_10k_tokens"), PolicyWarm: beside(rounds, "policy_warm"),
	}
}

// beside are the answers of one phase beside those of the bare server.
func beside(rounds []played, name string) *figures.Answers {
	a := answers(rounds, name)
	a.AllocsOverBare = over(rounds, name, func(r played, o outcome) float64 { return o.Mallocs - r.Outcomes["bare"].Mallocs }).figure(1)
	a.Range = over(rounds, name, func(r played, o outcome) float64 { return o.RPS / r.Outcomes["bare"].RPS }).Spread
	a.CPURatio = over(rounds, name, func(r played, o outcome) float64 { return r.Outcomes["bare"].CPU / o.CPU }).Spread
	a.RatioToBare = figures.Measured(a.Range.Median, 3)
	return a
}

// answers are those of one phase.
func answers(rounds []played, name string) *figures.Answers {
	return &figures.Answers{
		RPS:  over(rounds, name, func(_ played, o outcome) float64 { return o.RPS }).figure(0),
		P50:  over(rounds, name, func(_ played, o outcome) float64 { return o.P50 }).figure(3),
		P99:  over(rounds, name, func(_ played, o outcome) float64 { return o.P99 }).figure(3),
		CPU:  over(rounds, name, func(_ played, o outcome) float64 { return o.CPU }).Spread,
		Busy: over(rounds, name, func(_ played, o outcome) float64 { return o.ServerBusy }).Spread,
	}
}

type spread struct{ figures.Spread }

func (s spread) figure(digits int) *float64 { return figures.Measured(s.Median, digits) }

// over is what a value of one phase came to in all rounds.
func over(rounds []played, name string, value func(played, outcome) float64) spread {
	var values []float64
	for _, r := range rounds {
		values = append(values, value(r, r.Outcomes[name]))
	}
	s, _ := figures.Over(values)
	return spread{s}
}
