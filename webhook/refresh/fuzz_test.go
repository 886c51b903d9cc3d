package refresh_test

import (
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/webhook/refresh"
)

// FuzzDecide holds, for any numbers, what a login relies on: an accepted token is of the newest
// generation or the next one, its successor is one above it, nothing but the very next generation
// changes the State, what was just accepted is accepted again, and only what is overtaken ends the login.
func FuzzDecide(f *testing.F) {
	f.Add(int64(0), "", int64(0), int64(1), "one", int64(100), int64(100), int64(10))
	f.Add(int64(5), "five", int64(100), int64(6), "six", int64(3600), int64(3601), int64(10))
	f.Add(int64(5), "five", int64(100), int64(5), "five", int64(3600), int64(3601), int64(10))
	f.Add(int64(5), "five", int64(100), int64(5), "5b", int64(110), int64(111), int64(10))
	f.Add(int64(5), "five", int64(100), int64(4), "four", int64(111), int64(111), int64(10))
	f.Add(int64(5), "five", int64(100), int64(1<<62), "x", int64(111), int64(111), int64(10))
	f.Add(int64(1<<63-2), "x", int64(100), int64(1<<63-1), "y", int64(111), int64(111), int64(60))
	f.Fuzz(func(t *testing.T, generation int64, id string, at, gen int64, jti string, arrived, now, seconds int64) {
		s := refresh.State{Generation: generation, TokenID: id, At: time.Unix(at%1e9, 0)}
		p := refresh.Presented{Generation: gen, TokenID: jti, Arrived: time.Unix(arrived%1e9, 0)}
		leeway, moment := time.Duration(seconds%60)*time.Second, time.Unix(now%1e9, 5e8)

		d := refresh.Decide(s, p, leeway, moment)

		if (d.Next != refresh.State{}) != (d.Outcome == refresh.Advance) || d.Accepted() != (d.Issue != 0) {
			t.Fatalf("%+v contradicts itself", d)
		}
		if d.Accepted() && (d.Issue-1 != gen || gen < 1 || gen < generation || gen-1 > generation || jti == "") {
			t.Fatalf("accepted %+v in %+v: %+v", p, s, d)
		}
		if d.Outcome == refresh.Reuse && (gen > generation || gen == generation && jti == id) {
			t.Fatalf("%+v, which nothing has overtaken in %+v, ends the login", p, s)
		}
		if d.Outcome != refresh.Advance {
			return
		}
		if d.Next.Generation != generation+1 || d.Next.TokenID != jti || d.Next.At.After(moment) || d.Next.At.Nanosecond() != 0 {
			t.Fatalf("%+v in %+v stores %+v", p, s, d.Next)
		}
		p.Arrived = moment.AddDate(1, 0, 0)
		if again := refresh.Decide(d.Next, p, leeway, moment); again.Outcome != refresh.Repeat || again.Issue != d.Issue {
			t.Fatalf("the answer to %+v got lost, and a retry gets %+v", p, again)
		}
	})
}
