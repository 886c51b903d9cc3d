package figures

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// target is a bound that a figure is judged by, by a person: nothing fails on it.
type target struct {
	name     string
	measured *float64
	spread   Spread // the zero Spread: there were no rounds
	bound    float64
	most     bool // the bound is the most that is good, else the least
}

// verdict says whether the target is met.
func (t target) verdict() string {
	switch {
	case t.measured == nil:
		return "not measured"
	case t.most && *t.measured <= t.bound, !t.most && *t.measured >= t.bound:
		return "met"
	default:
		return "NOT MET"
	}
}

// targets are the bounds that hold for this version.
func (r *Report) targets() []target {
	check, decide, directory, login, refresh, propagation := r.parts()
	role, many, policy, unseen := answers(check.RoleWarm), answers(check.Role10kTokens), answers(check.PolicyWarm), answers(check.NeverSeen)
	nginx, overGRPC := r.Nginx.latchkey(), r.GRPC.latchkey()
	return []target{
		{name: "/check by role, one token: requests/s to bare", measured: role.RatioToBare, spread: role.Range, bound: 0.80},
		{name: "/check by role, 10,000 tokens in turn: requests/s to bare", measured: many.RatioToBare, spread: many.Range, bound: 0.65},
		{name: "/check by 1,000 rules, one token: requests/s to bare", measured: policy.RatioToBare, spread: policy.Range, bound: 0.70},
		{name: "/check by role: allocations above bare", measured: role.AllocsOverBare, bound: 10, most: true},
		{name: "/check by 1,000 rules: allocations above bare", measured: policy.AllocsOverBare, bound: 10, most: true},
		{name: "/check, never-seen tokens: requests/s to raw verifications/s", measured: unseen.RatioToRawVerify, spread: unseen.Range, bound: 0.7},
		{name: "/check behind nginx: requests/s to a bare service behind nginx", measured: nginx.RatioToBare, spread: nginx.Range, bound: 0.95},
		{name: "checks over gRPC, 1,000 rules: by the server's time, to a bare gRPC server", measured: overGRPC.RatioToBare, spread: overGRPC.Range, bound: 0.80},
		{name: "decide: 10,000 rules to 10 rules", measured: decide.Ratio, bound: 2, most: true},
		{name: "look a user up: 1M users to 1k users", measured: directory.Ratio1MTo1kLookup, bound: 1.5, most: true},
		{name: "heap per user, bytes", measured: directory.BytesPerUser, bound: 500, most: true},
		{name: "revocation stored to refused by every replica, p99 in ms", measured: propagation.P99, bound: 100, most: true},
		{name: "logins/s of one core to argon2id alone", measured: login.RatioToHash, spread: login.Range, bound: 0.85},
		{name: "refreshes/s of one core, with an API server on another", measured: refresh.PerCore, spread: refresh.Rates, bound: 360},
	}
}

// parts returns what was measured, and empty parts in place of what wasn't.
func (r *Report) parts() (check Check, decide Decide, directory Directory, login Login, refresh Refresh, propagation Propagation) {
	if r.Check != nil {
		check = *r.Check
	}
	if r.Decide != nil {
		decide = *r.Decide
	}
	if r.Directory != nil {
		directory = *r.Directory
	}
	if r.Login != nil {
		login = *r.Login
	}
	if r.Refresh != nil {
		refresh = *r.Refresh
	}
	if r.Propagation != nil {
		propagation = *r.Propagation
	}
	return check, decide, directory, login, refresh, propagation
}

// latchkey is empty if there is no Pair.
func (p *Pair) latchkey() Answers {
	if p == nil {
		return Answers{}
	}
	return answers(p.Latchkey)
}

func answers(a *Answers) Answers {
	if a == nil {
		return Answers{}
	}
	return *a
}

// Judge prints the targets with what was measured beside them.
func (r *Report) Judge(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "TARGET\tBOUND\tMEASURED\tRANGE\t")
	for _, t := range r.targets() {
		sign := "≥"
		if t.most {
			sign = "≤"
		}
		fmt.Fprintf(table, "%s\t%s %g\t%s\t%s\t%s\n", t.name, sign, t.bound, text(t.measured), t.spread.interval(), t.verdict())
	}
	return table.Flush()
}

func text(measured *float64) string {
	if measured == nil {
		return "–"
	}
	return fmt.Sprintf("%g", *measured)
}

// interval is the least and the most, unless there were no rounds.
func (s Spread) interval() string {
	if s == (Spread{}) {
		return ""
	}
	return fmt.Sprintf("%.2f–%.2f", s.Least, s.Most)
}
