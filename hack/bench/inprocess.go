package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"runtime"
	"strconv"
	"testing"

	"github.com/latchkey-auth/latchkey/hack/bench/figures"
	"github.com/latchkey-auth/latchkey/webhook/directory"
	"github.com/latchkey-auth/latchkey/webhook/policy"
)

// inProcess measures decisions and look-ups in a process of their own.
func (b *benchmark) inProcess(ctx context.Context, report *figures.Report) error {
	var measured figures.Report
	if err := b.launcher.result(ctx, b.launcher.server, nil, &measured, roleInProcess, strconv.Itoa(b.users), b.round.String()); err != nil {
		return err
	}
	report.Decide, report.Directory = measured.Decide, measured.Directory
	b.say("a decision takes %g ns by 10 rules and %g ns by 10,000", *report.Decide.Ns10Rules, *report.Decide.Ns10000Rules)
	b.say("a user takes %g bytes of heap with %d users", *report.Directory.BytesPerUser, *report.Directory.Users)
	return nil
}

// measureInProcess is that process.
func measureInProcess(args []string, out io.Writer) error {
	if len(args) != 2 {
		return fmt.Errorf("want the number of users and a time, not %q", args)
	}
	users, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	testing.Init()
	if err := flag.Set("test.benchtime", args[1]); err != nil {
		return err
	}
	ten, tenThousand := decisionTime(10), decisionTime(10_000)
	few, _ := aDirectory(1_000)
	many, bytes := aDirectory(users)
	fewTime, manyTime := lookupTime(few), lookupTime(many)
	return json.NewEncoder(out).Encode(figures.Report{
		Decide: &figures.Decide{
			Ns10Rules: figures.Measured(ten, 1), Ns10000Rules: figures.Measured(tenThousand, 1),
			Ratio: figures.Measured(tenThousand/ten, 2),
		},
		Directory: &figures.Directory{
			BytesPerUser: figures.Measured(bytes, 0), Users: &users,
			Ratio1MTo1kLookup: figures.Measured(manyTime/fewTime, 2),
		},
	})
}

// decisionTime is how many nanoseconds a decision takes by n rules: ten requests in turn,
// spread over all rules, each allowed by one of them.
func decisionTime(n int) float64 {
	roles := someRules(n)
	compiled, _ := policy.Compile(roles)
	var held []string
	for _, r := range roles {
		held = append(held, r.Name)
	}
	grant := compiled.Grant(held)
	var requests []policy.Request
	for i := 0; i < n; i += n / 10 {
		r, err := policy.NewRequest("GET", fmt.Sprintf("app-%d.example.test", i%realmHosts), fmt.Sprintf("/teams/team-%d/reports/2031/pdf", i))
		if err != nil {
			panic(err) // a bug of this program
		}
		requests = append(requests, r)
	}
	return nanoseconds(func(b *testing.B) {
		i := 0
		for b.Loop() {
			if !policy.Decide(grant, requests[i]).Allowed {
				panic("wrong decision")
			}
			if i++; i == len(requests) {
				i = 0
			}
		}
	})
}

// aDirectory returns the realm of a directory with n users, and the bytes of heap that each
// takes.
func aDirectory(n int) (*directory.Realm, float64) {
	d := directory.New()
	d.Settings().Put(directory.Item[directory.Settings]{Namespace: realmName, Name: "default", UID: "realm", Version: 1, Value: directory.Settings{Issuer: issuer}})
	before := heap()
	for i := range n { // as a streamed list delivers them
		u := aUser(i)
		u.Version += directory.Version(i)
		d.Users().Put(u)
	}
	bytes := float64(heap()-before) / float64(n)
	runtime.KeepAlive(d)
	return d.Realm(realmName), bytes
}

func heap() uint64 {
	runtime.GC()
	runtime.GC() // also what finalizers and pools held
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// lookupTime is how many nanoseconds it takes to find a user of a few hot ones.
func lookupTime(r *directory.Realm) float64 {
	const hot = 64
	var names [hot]string
	for i := range names {
		names[i] = userName(i)
	}
	return nanoseconds(func(b *testing.B) {
		i := 0
		for b.Loop() {
			if r.User(names[i%hot]) == nil {
				panic("a user is missing")
			}
			i++
		}
	})
}

func nanoseconds(f func(*testing.B)) float64 {
	r := testing.Benchmark(f)
	return float64(r.T.Nanoseconds()) / float64(r.N)
}
