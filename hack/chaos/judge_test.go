package chaos

import (
	"testing"
	"time"
)

func TestJudge(t *testing.T) {
	at := func(seconds float64) time.Time {
		return time.Unix(1_000_000, 0).Add(time.Duration(seconds * float64(time.Second)))
	}
	var (
		alive    = knowledge{}
		ending   = knowledge{ending: at(1)}
		endedAt2 = knowledge{ending: at(1), ended: at(2)}
		hereAt2  = knowledge{ending: at(1), here: at(2)}
	)
	// Every request is sent at 10 s.
	for name, test := range map[string]struct {
		status      int
		reason      string
		before      knowledge
		after       *knowledge // nil: as before
		replica     condition
		afterwards  *condition // nil: the same
		want        Verdict
		sentSeconds float64 // 0: 10
	}{
		"a valid login is accepted": {status: 200, before: alive, want: Right},
		"a valid login is refused":  {status: 401, before: alive, want: Refused},
		"a valid login is refused by a replica that has to be synced first":  {status: 403, reason: "not_synced", before: alive, replica: condition{down: true}, want: Unjudged},
		"a valid login is refused by a cold replica for another reason":      {status: 401, reason: "invalid_token", before: alive, replica: condition{down: true}, want: Refused},
		"a valid login is refused as not synced by a replica that was ready": {status: 403, reason: "not_synced", before: alive, want: Refused},
		"a valid login is refused for the reason that the case expects":      {status: 403, reason: "too_stale", before: alive, replica: condition{excused: "too_stale"}, want: Unjudged},
		"a check is answered with a server error":                            {status: 503, before: alive, want: Impossible},
		"a check is answered with a server error by a cold replica":          {status: 500, before: alive, replica: condition{down: true}, want: Impossible},
		"a running replica is silent":                                        {status: 0, before: alive, want: Unanswered},
		"a killed replica is silent":                                         {status: 0, before: alive, replica: condition{down: true}, want: Unjudged},
		"a replica is killed while it answers":                               {status: 0, before: alive, afterwards: &condition{down: true}, want: Unjudged},
		"a valid login is accepted by a replica that must have closed":       {status: 200, before: alive, replica: condition{closed: at(9)}, want: Accepted},
		"a valid login is accepted by a replica that may close later":        {status: 200, before: alive, replica: condition{closed: at(11)}, want: Right},
		"an ending login is accepted":                                        {status: 200, before: ending, want: Unjudged},
		"an ending login is refused":                                         {status: 401, before: ending, want: Unjudged},
		"a login that began to end under way is refused":                     {status: 401, before: alive, after: &ending, want: Unjudged},
		"an ended login is accepted after the bound":                         {status: 200, before: endedAt2, want: Accepted},
		"an ended login is refused after the bound":                          {status: 401, before: endedAt2, want: Right},
		"an ended login is accepted within the bound":                        {status: 200, before: endedAt2, sentSeconds: 2.5, want: Unjudged},
		"a login is accepted where it was ended, within the bound":           {status: 200, before: hereAt2, sentSeconds: 2.1, want: Accepted},
		"an ended login is accepted by a cold replica":                       {status: 200, before: endedAt2, replica: condition{down: true}, want: Accepted},
		"an ended login is accepted by a replica that was cut off before":    {status: 200, before: endedAt2, replica: condition{lost: at(1.5)}, want: Unjudged},
		"an ended login is accepted by a replica that was cut off within":    {status: 200, before: endedAt2, replica: condition{lost: at(2.5)}, want: Unjudged},
		"an ended login is accepted by a replica that was cut off later":     {status: 200, before: endedAt2, replica: condition{lost: at(5)}, want: Accepted},
		"an ended login is accepted by a replica that is back for long":      {status: 200, before: endedAt2, replica: condition{back: at(8)}, want: Accepted},
		"an ended login is accepted by a replica that has just come back":    {status: 200, before: endedAt2, replica: condition{back: at(9.5)}, want: Unjudged},
	} {
		t.Run(name, func(t *testing.T) {
			after, afterwards := test.before, test.replica
			if test.after != nil {
				after = *test.after
			}
			if test.afterwards != nil {
				afterwards = *test.afterwards
			}
			sent := at(10)
			if test.sentSeconds != 0 {
				sent = at(test.sentSeconds)
			}
			a := Answer{Sent: sent, Got: sent.Add(time.Millisecond), Status: test.status, Reason: test.reason}
			if got := judge(a, test.before, after, test.replica, afterwards); got != test.want {
				t.Errorf("verdict %d instead of %d", got, test.want)
			}
		})
	}
}
