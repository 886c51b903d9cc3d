package refresh_test

import (
	"math"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/webhook/refresh"
)

const leeway = 10 * time.Second

// noon is when token "five" of generation 5 was presented.
var (
	noon   = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	atFive = refresh.State{Generation: 5, TokenID: "five", At: noon}
)

func presented(generation int64, id string, after time.Duration) refresh.Presented {
	return refresh.Presented{Generation: generation, TokenID: id, Arrived: noon.Add(after)}
}

func TestDecide(t *testing.T) {
	const year = 365 * 24 * time.Hour
	begun := refresh.State{}
	ahead := refresh.State{Generation: 5, TokenID: "five", At: noon.Add(time.Hour)}
	for name, tt := range map[string]struct {
		state     refresh.State
		presented refresh.Presented
		outcome   refresh.Outcome
		issue     int64
	}{
		"the first token of a login advances it":                           {begun, presented(1, "one", 0), refresh.Advance, 2},
		"the first token advances it as late as may be":                    {begun, presented(1, "one", year), refresh.Advance, 2},
		"the successor of the newest advances":                             {atFive, presented(6, "six", time.Hour), refresh.Advance, 7},
		"the successor advances within the leeway, too":                    {atFive, presented(6, "six", time.Second), refresh.Advance, 7},
		"the successor advances also where a clock runs behind":            {atFive, presented(6, "six", -time.Hour), refresh.Advance, 7},
		"the newest token works again at once":                             {atFive, presented(5, "five", 0), refresh.Repeat, 6},
		"the newest token works again a minute later":                      {atFive, presented(5, "five", time.Minute), refresh.Repeat, 6},
		"the newest token works again a year later":                        {atFive, presented(5, "five", year), refresh.Repeat, 6},
		"a sibling works at once":                                          {atFive, presented(5, "5b", 0), refresh.Sibling, 6},
		"a sibling works to the end of the leeway":                         {atFive, presented(5, "5b", leeway), refresh.Sibling, 6},
		"a sibling works to the end of the second in which the leeway is":  {atFive, presented(5, "5b", leeway+999*time.Millisecond), refresh.Sibling, 6},
		"a sibling after the leeway is reuse":                              {atFive, presented(5, "5b", leeway+time.Second), refresh.Reuse, 0},
		"a sibling works if it arrived before the other was stored":        {atFive, presented(5, "5b", -4*time.Second), refresh.Sibling, 6},
		"a sibling works if this clock is behind the one that stored":      {ahead, presented(5, "5b", 0), refresh.Sibling, 6},
		"an overtaken token is refused within the leeway":                  {atFive, presented(4, "four", leeway), refresh.Refused, 0},
		"an overtaken token is refused if it arrived before it was":        {atFive, presented(4, "four", -4*time.Second), refresh.Refused, 0},
		"an overtaken token after the leeway is reuse":                     {atFive, presented(4, "four", leeway+time.Second), refresh.Reuse, 0},
		"one that was overtaken long ago is refused within the leeway":     {atFive, presented(1, "one", leeway), refresh.Refused, 0},
		"one that was overtaken long ago is reuse after it":                {atFive, presented(1, "one", leeway+time.Second), refresh.Reuse, 0},
		"the newest id of another generation makes no repeat":              {atFive, presented(4, "five", time.Hour), refresh.Reuse, 0},
		"one of a generation that nobody was given is refused":             {atFive, presented(7, "seven", time.Hour), refresh.Refused, 0},
		"one of a far generation is refused":                               {atFive, presented(1000, "x", time.Hour), refresh.Refused, 0},
		"a second generation is refused where none was presented":          {begun, presented(2, "two", 0), refresh.Refused, 0},
		"a generation behind which there is none is refused":               {refresh.State{Generation: math.MaxInt64 - 1}, presented(math.MaxInt64, "x", 0), refresh.Refused, 0},
		"generation 0 is refused, also where none was presented":           {begun, presented(0, "", 0), refresh.Refused, 0},
		"a negative generation is refused":                                 {atFive, presented(-1, "x", time.Hour), refresh.Refused, 0},
		"the lowest generation of all is refused":                          {atFive, presented(math.MinInt64, "x", time.Hour), refresh.Refused, 0},
		"one without an id is refused":                                     {atFive, presented(6, "", time.Hour), refresh.Refused, 0},
		"one that came at no time is refused":                              {atFive, refresh.Presented{Generation: 6, TokenID: "six"}, refresh.Refused, 0},
		"nothing is refused":                                               {atFive, refresh.Presented{}, refresh.Refused, 0},
		"a State of a negative generation refuses what might follow it":    {refresh.State{Generation: -1}, presented(1, "x", 0), refresh.Refused, 0},
		"a State without time has no leeway":                               {refresh.State{Generation: 5, TokenID: "five"}, presented(4, "four", 0), refresh.Reuse, 0},
		"a State without id takes no token of its generation for the same": {refresh.State{Generation: 5, At: noon}, presented(5, "five", time.Hour), refresh.Reuse, 0},
	} {
		t.Run(name, func(t *testing.T) {
			now := tt.presented.Arrived.Add(1500 * time.Millisecond)

			got := refresh.Decide(tt.state, tt.presented, leeway, now)

			if got.Outcome != tt.outcome || got.Issue != tt.issue {
				t.Errorf("got outcome %d, issue %d; want %d, %d", got.Outcome, got.Issue, tt.outcome, tt.issue)
			}
			next := refresh.State{}
			if tt.outcome == refresh.Advance {
				next = refresh.State{Generation: tt.presented.Generation, TokenID: tt.presented.TokenID, At: now.Truncate(time.Second)}
			}
			if got.Next != next {
				t.Errorf("next is %+v, want %+v", got.Next, next)
			}
		})
	}
}

func TestDecide_without_leeway(t *testing.T) {
	for name, given := range map[string]time.Duration{"none": 0, "a negative one": -time.Hour} {
		t.Run(name, func(t *testing.T) {
			if got := refresh.Decide(atFive, presented(5, "5b", time.Second), given, noon); got.Outcome != refresh.Reuse {
				t.Errorf("a sibling's outcome is %d", got.Outcome)
			}
			if got := refresh.Decide(atFive, presented(5, "five", time.Second), given, noon); got.Outcome != refresh.Repeat {
				t.Errorf("a retry's outcome is %d", got.Outcome)
			}
		})
	}
}

func TestTheZeroDecisionRefuses(t *testing.T) {
	if d := (refresh.Decision{}); d.Outcome != refresh.Refused || d.Accepted() {
		t.Errorf("%+v", d)
	}
	if d := (refresh.Decision{Outcome: 99}); d.Accepted() {
		t.Errorf("an outcome that nobody knows is accepted: %+v", d)
	}
}
