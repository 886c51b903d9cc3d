package chaos

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Tally is what the checks of one case amounted to.
type Tally struct {
	Answered   int // checks that got an answer
	Unanswered int // that didn't, from a replica that runs
	Wrong      int // answers that must not be: see Problems
	Lost       int // logins that were accepted after their end was acknowledged and the bound had passed
	// Gap is the longest time between two answers of a replica that runs.
	Gap time.Duration
	// Late is the longest time after an acknowledged end at which a replica in touch still accepted a check;
	// Away the same of replicas that couldn't have heard of it.
	Late, Away time.Duration
	// Problems are the first few wrong answers, for people.
	Problems []string

	took []time.Duration
}

// NewTally returns one in which nothing has happened.
func NewTally() *Tally { return &Tally{} }

// problems is how many wrong answers are described.
const problems = 10

func (t *Tally) note(replica *Replica, login *Login, a Answer, v Verdict, before knowledge, sent condition) {
	if a.Status != 0 {
		t.Answered++
		t.took = append(t.took, a.Got.Sub(a.Sent))
	}
	if a.Status == 200 && !before.ended.IsZero() {
		late := &t.Late
		if !sent.lost.IsZero() || sent.back.After(before.ended) {
			late = &t.Away
		}
		*late = max(*late, a.Sent.Sub(before.ended))
	}
	switch v {
	case Unjudged, Right:
		return
	case Unanswered:
		t.Unanswered++
	case Accepted:
		t.Wrong++
		if login.spoil() {
			t.Lost++
		}
	case Impossible, Refused:
		t.Wrong++
	}
	if len(t.Problems) < problems {
		t.Problems = append(t.Problems, fmt.Sprintf("%s %s: %d %s for a login of %s, %s after it was acknowledged as ended",
			a.Got.UTC().Format("15:04:05.000"), replica.Name, a.Status, a.Reason, login.User, since(before.ended, a.Sent)))
	}
}

func since(from, to time.Time) string {
	if from.IsZero() {
		return "never"
	}
	return to.Sub(from).Round(time.Millisecond).String()
}

// P99 is the time that 99 % of the answered checks didn't exceed.
func (t *Tally) P99() time.Duration {
	if len(t.took) == 0 {
		return 0
	}
	slices.Sort(t.took)
	return t.took[(len(t.took)-1)*99/100]
}

// Row is a line of the table: a case, and what it measured.
type Row struct {
	// Case is what fails; Promise what holds nevertheless.
	Case, Promise string
	// Checks are those of the case.
	Checks *Tally
	// Logins are those that were alive at its end; LoginsLost those of them that no longer work.
	Logins, LoginsLost int
	// Revoked are the logins that ended; Checks.Lost of them were accepted again.
	Revoked int
	// Leaked are the objects that nobody accounts for at its end.
	Leaked int
	// Remarks are further figures.
	Remarks []string
}

// Table writes rows as Markdown.
func Table(rows []Row) string {
	var b strings.Builder
	b.WriteString("| case | checks | wrong | unanswered | longest gap | p99 | revoked | lost | logins | lost | leaked |\n")
	b.WriteString("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n")
	for _, r := range rows {
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %s | %s | %d | %d | %d | %d | %d |\n", r.Case, r.Checks.Answered, r.Checks.Wrong, r.Checks.Unanswered,
			short(r.Checks.Gap), short(r.Checks.P99()), r.Revoked, r.Checks.Lost, r.Logins, r.LoginsLost, r.Leaked)
	}
	return b.String()
}

// String says all about a row.
func (r Row) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n  promise: %s\n", r.Case, r.Promise)
	fmt.Fprintf(&b, "  checks answered %d, wrong %d, unanswered %d, longest gap %s, p99 %s\n",
		r.Checks.Answered, r.Checks.Wrong, r.Checks.Unanswered, short(r.Checks.Gap), short(r.Checks.P99()))
	fmt.Fprintf(&b, "  revocations %d, lost %d; a revoked login was last accepted %s after its acknowledgement, by replicas out of touch %s\n",
		r.Revoked, r.Checks.Lost, short(r.Checks.Late), short(r.Checks.Away))
	fmt.Fprintf(&b, "  logins %d, lost %d; objects leaked %d\n", r.Logins, r.LoginsLost, r.Leaked)
	for _, remark := range r.Remarks {
		fmt.Fprintf(&b, "  %s\n", remark)
	}
	for _, problem := range r.Checks.Problems {
		fmt.Fprintf(&b, "  WRONG: %s\n", problem)
	}
	return b.String()
}

// short is a duration for people.
func short(d time.Duration) string {
	switch {
	case d >= 10*time.Second:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d >= time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d >= 10*time.Millisecond:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	default:
		return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
	}
}
