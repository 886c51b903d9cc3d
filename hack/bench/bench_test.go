package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/hack/bench/figures"
)

// TestMain lets the benchmark under test start its processes: it starts itself, which is
// the test binary.
func TestMain(m *testing.M) {
	if run := process(context.Background(), os.Args); run != nil {
		if err := run(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func TestTheStagesWithoutAClusterMeasureAndCleanUp(t *testing.T) {
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	o, err := parse([]string{"-rounds=1", "-round=50ms", "-only=check,nginx,grpc,inprocess", "-out=" + filepath.Join(t.TempDir(), "bench.json")})
	if err != nil {
		t.Fatal(err)
	}
	o.users = 2_000
	var out bytes.Buffer
	if err := bench(t.Context(), o, &out); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	text, err := os.ReadFile(o.out)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"role_warm", "role_10k_tokens", "policy_warm", "ratio_to_raw_verify", "ns_10000_rules", "bytes_per_user", "\"grpc\""} {
		if !strings.Contains(string(text), key) {
			t.Errorf("%s is missing:\n%s", key, text)
		}
	}
	if strings.Contains(string(text), "propagation") {
		t.Errorf("what wasn't measured is there:\n%s", text)
	}
	left, err := os.ReadDir(temporary)
	if err != nil || len(left) > 0 {
		t.Errorf("%d files are left, error %v", len(left), err)
	}
}

func TestParse(t *testing.T) {
	for name, test := range map[string]struct {
		args   []string
		broken bool
		quick  bool
	}{
		"nothing":           {},
		"quick":             {args: []string{"-quick"}, quick: true},
		"no rounds":         {args: []string{"-rounds=0"}, broken: true},
		"rounds of no time": {args: []string{"-round=0s"}, broken: true},
		"an argument":       {args: []string{"check"}, broken: true},
		"a flag of no name": {args: []string{"-fast"}, broken: true},
	} {
		t.Run(name, func(t *testing.T) {
			o, err := parse(test.args)
			if (err != nil) != test.broken {
				t.Fatalf("error: %v", err)
			}
			if err == nil && test.quick != (o.round < time.Second) {
				t.Errorf("a round lasts %v", o.round)
			}
		})
	}
}

func TestStagesAreChosenByTheirWholeName(t *testing.T) {
	o := &options{only: "check,login"}
	for stage, want := range map[string]bool{"check": true, "login": true, "propagation": false, "log": false} {
		if o.wants(stage) != want {
			t.Errorf("%s: %t", stage, !want)
		}
	}
	if !(&options{}).wants("check") {
		t.Error("without a choice a stage is left out")
	}
}

func TestSummariseComparesWithinARound(t *testing.T) {
	both := func(bare, role float64) played { // the machine is ten times as fast in some rounds
		return played{Verification: verification{RPS: bare}, Outcomes: map[string]outcome{
			"bare":       {RPS: bare, Mallocs: 20},
			"role_warm":  {RPS: role, Mallocs: 23},
			"never_seen": {RPS: role},
		}}
	}
	check := summarise([]played{both(1000, 900), both(100, 80), both(1000, 700)})
	if got := *check.RoleWarm.RatioToBare; got != 0.8 {
		t.Errorf("ratio %v, want the median of 0.9, 0.8 and 0.7", got)
	}
	if got := check.RoleWarm.Range; got != (figures.Spread{Median: 0.8, Least: 0.7, Most: 0.9}) {
		t.Errorf("range %v", got)
	}
	if got := *check.RoleWarm.AllocsOverBare; got != 3 {
		t.Errorf("%v allocations above bare, want 3", got)
	}
	if got := check.NeverSeen; *got.RatioToRawVerify != 0.8 || got.RatioToBare != nil {
		t.Errorf("never-seen tokens are compared with %+v", got)
	}
	if check.Bare.RatioToBare != nil || check.Bare.AllocsOverBare != nil {
		t.Error("bare is compared with itself")
	}
}

func TestTokenID(t *testing.T) {
	token := func(claims string) string {
		return "h." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".s"
	}
	if id, err := tokenID(token(`{"jti":"a-1"}`)); err != nil || id != "a-1" {
		t.Errorf("got %q, %v", id, err)
	}
	for name, broken := range map[string]string{"no jti": token(`{}`), "no JSON": token(`x`), "no token": "x", "no base64": "a.!.b"} {
		if _, err := tokenID(broken); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
