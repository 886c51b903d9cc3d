package figures_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-auth/latchkey/hack/bench/figures"
)

// written returns what a report is in its file.
func written(t *testing.T, r *figures.Report) map[string]any {
	t.Helper()
	file := filepath.Join(t.TempDir(), "bench.json")
	if err := r.Write(file); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var v map[string]any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// keys returns the paths of all values below v, ascending.
func keys(v map[string]any, prefix string) []string {
	var all []string
	for name, value := range v {
		if below, is := value.(map[string]any); is {
			all = append(all, keys(below, prefix+name+".")...)
			continue
		}
		all = append(all, prefix+name)
	}
	return slices.Sorted(slices.Values(all))
}

func TestWhatIsNotMeasuredIsAbsent(t *testing.T) {
	some := figures.Measured(1, 0)
	for name, test := range map[string]struct {
		report figures.Report
		want   []string
	}{
		"nothing measured": {want: []string{"machine.cores", "machine.go"}},
		"a part of a part": {
			report: figures.Report{Check: &figures.Check{Bare: &figures.Answers{RPS: some}}},
			want:   []string{"check.bare.rps", "machine.cores", "machine.go"},
		},
		"a figure that is zero because it was measured to be": {
			report: figures.Report{Check: &figures.Check{RoleWarm: &figures.Answers{AllocsOverBare: figures.Measured(0, 1)}}},
			want:   []string{"check.role_warm.allocs_over_bare", "machine.cores", "machine.go"},
		},
		"what is printed only": {
			report: figures.Report{Login: &figures.Login{PerCore: some, Range: figures.Spread{Median: 1, Least: 1, Most: 1}}},
			want:   []string{"login.per_core_s", "machine.cores", "machine.go"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := keys(written(t, &test.report), ""); !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestAFullReportHasTheAgreedKeys(t *testing.T) {
	one, n := figures.Measured(1, 0), 1
	answers := &figures.Answers{RPS: one, P50: one, P99: one, RatioToBare: one, RatioToRawVerify: one, AllocsOverBare: one}
	report := &figures.Report{
		Machine:     figures.Machine{Cores: 2, Go: "go", Commit: "abc"},
		Check:       &figures.Check{Bare: answers, RoleWarm: answers, Role10kTokens: answers, PolicyWarm: answers, NeverSeen: answers},
		Decide:      &figures.Decide{Ns10Rules: one, Ns10000Rules: one, Ratio: one},
		Directory:   &figures.Directory{BytesPerUser: one, Users: &n, Ratio1MTo1kLookup: one},
		Login:       &figures.Login{PerCore: one, RatioToHash: one, APIWritePerCore: one},
		Refresh:     &figures.Refresh{PerCore: one, RatioToAPIWrite: one, APIWritePerCore: one, ServerMicroseconds: one},
		Propagation: &figures.Propagation{P50: one, P99: one, Replicas: &n},
	}
	got := written(t, report)
	for part, want := range map[string]string{
		"machine":     "commit cores go",
		"check":       "bare never_seen policy_warm role_10k_tokens role_warm",
		"decide":      "ns_10000_rules ns_10_rules ratio_10000_to_10_rules",
		"directory":   "bytes_per_user ratio_1m_to_1k_lookup users",
		"login":       "api_write_per_core_s per_core_s ratio_to_hash",
		"refresh":     "api_write_per_core_s per_core_s ratio_to_api_write server_us",
		"propagation": "p50_ms p99_ms replicas",
	} {
		below, _ := got[part].(map[string]any)
		if names := strings.Join(slices.Sorted(maps.Keys(below)), " "); names != want {
			t.Errorf("%s: got %q, want %q", part, names, want)
		}
	}
	bare, _ := got["check"].(map[string]any)["bare"].(map[string]any)
	if names := strings.Join(slices.Sorted(maps.Keys(bare)), " "); names != "allocs_over_bare p50_ms p99_ms ratio_to_bare ratio_to_raw_verify rps" {
		t.Errorf("answers: %q", names)
	}
}

func TestJudge(t *testing.T) {
	report := &figures.Report{
		Check: &figures.Check{
			RoleWarm:   &figures.Answers{RatioToBare: figures.Measured(0.8, 3), AllocsOverBare: figures.Measured(10.1, 1)},
			PolicyWarm: &figures.Answers{RatioToBare: figures.Measured(0.699, 3), AllocsOverBare: figures.Measured(10, 1)},
		},
		Refresh: &figures.Refresh{PerCore: figures.Measured(359, 0)},
	}
	var out bytes.Buffer
	if err := report.Judge(&out); err != nil {
		t.Fatal(err)
	}
	for begin, verdict := range map[string]string{
		"/check by role, one token: requests/s":        " met",
		"/check by role: allocations":                  "NOT MET",
		"/check by 1,000 rules, one token: requests/s": "NOT MET",
		"/check by 1,000 rules: allocations":           " met",
		"heap per user":                                "not measured",
		"logins/s":                                     "not measured",
		"refreshes/s":                                  "NOT MET",
	} {
		found := false
		for line := range strings.Lines(out.String()) {
			if strings.HasPrefix(line, begin) {
				found = strings.HasSuffix(strings.TrimRight(line, "\n"), verdict)
			}
		}
		if !found {
			t.Errorf("%q isn't judged %q:\n%s", begin, verdict, out.String())
		}
	}
}
