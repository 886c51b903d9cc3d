package figures

import (
	"encoding/json"
	"fmt"
	"os"
)

// Report is bench.json. What was not measured is nil, and then absent: never zero.
type Report struct {
	Machine     Machine      `json:"machine"`
	Check       *Check       `json:"check,omitempty"`
	Nginx       *Pair        `json:"nginx,omitempty"`
	GRPC        *Pair        `json:"grpc,omitempty"`
	Decide      *Decide      `json:"decide,omitempty"`
	Directory   *Directory   `json:"directory,omitempty"`
	Login       *Login       `json:"login,omitempty"`
	Refresh     *Refresh     `json:"refresh,omitempty"`
	Propagation *Propagation `json:"propagation,omitempty"`
}

// Machine is where it was measured, and what.
type Machine struct {
	Cores  int    `json:"cores"`
	Go     string `json:"go"`
	Commit string `json:"commit,omitempty"`
}

// Check are the answers to /check, and those of the bare server beside it.
type Check struct {
	Bare          *Answers `json:"bare,omitempty"`
	RoleWarm      *Answers `json:"role_warm,omitempty"`
	Role10kTokens *Answers `json:"role_10k_tokens,omitempty"`
	PolicyWarm    *Answers `json:"policy_warm,omitempty"`
	NeverSeen     *Answers `json:"never_seen,omitempty"`
}

// Pair are the answers of Latchkey and of a bare server that gives the same one, each asked in
// the same way.
type Pair struct {
	Bare     *Answers `json:"bare,omitempty"`
	Latchkey *Answers `json:"latchkey,omitempty"`
}

// Answers are the medians of some rounds of requests of one kind. Ratios are to what was
// measured in the same round.
type Answers struct {
	RPS              *float64 `json:"rps,omitempty"`
	P50              *float64 `json:"p50_ms,omitempty"`
	P99              *float64 `json:"p99_ms,omitempty"`
	RatioToBare      *float64 `json:"ratio_to_bare,omitempty"`
	RatioToRawVerify *float64 `json:"ratio_to_raw_verify,omitempty"`
	RatioWithoutHTTP *float64 `json:"ratio_to_raw_verify_without_http,omitempty"` // of a check, without net/http's share
	AllocsOverBare   *float64 `json:"allocs_over_bare,omitempty"`

	// Range is that of the ratio. It and what follows is printed only.
	Range Spread `json:"-"`
	// CPU is how long the server computed for a request, in microseconds.
	CPU Spread `json:"-"`
	// CPURatio is the ratio by the time that the server computed, not by requests per second:
	// about the same, but for what other programs do to it.
	CPURatio Spread `json:"-"`
	// WithoutHTTP is raw verification to a check of a never-seen token, each by the time that
	// the server computed, and without what net/http adds to the check.
	WithoutHTTP Spread `json:"-"`
	// Busy is the share of the time that the server computed: 1 if it was the limit.
	Busy Spread `json:"-"`
}

// Decide is the time of one decision by rules.
type Decide struct {
	Ns10Rules    *float64 `json:"ns_10_rules,omitempty"`
	Ns10000Rules *float64 `json:"ns_10000_rules,omitempty"`
	Ratio        *float64 `json:"ratio_10000_to_10_rules,omitempty"`
}

// Directory is what many users cost.
type Directory struct {
	BytesPerUser      *float64 `json:"bytes_per_user,omitempty"`
	Users             *int     `json:"users,omitempty"`
	Ratio1MTo1kLookup *float64 `json:"ratio_1m_to_1k_lookup,omitempty"`
}

// Login is password logins of one core, with a real API server behind it.
type Login struct {
	PerCore     *float64 `json:"per_core_s,omitempty"`
	RatioToHash *float64 `json:"ratio_to_hash,omitempty"`
	// APIWritePerCore is how often a bare client on that core does in a second what a login asks
	// the API server for.
	APIWritePerCore *float64 `json:"api_write_per_core_s,omitempty"`

	// Range is that of the ratio; it is printed only.
	Range Spread `json:"-"`
}

// Refresh is refreshes of one core, with a real API server behind it on another.
type Refresh struct {
	PerCore *float64 `json:"per_core_s,omitempty"`
	// RatioToAPIWrite is to APIWritePerCore: how often a bare client on that core does in a second
	// what a refresh asks the API server for.
	RatioToAPIWrite *float64 `json:"ratio_to_api_write,omitempty"`
	APIWritePerCore *float64 `json:"api_write_per_core_s,omitempty"`
	// ServerMicroseconds is how long the server computes for a refresh.
	ServerMicroseconds *float64 `json:"server_us,omitempty"`

	// Rates are those of PerCore, Range is that of the ratio; they are printed only.
	Rates, Range Spread `json:"-"`
}

// Propagation is the time from the API server's answer to the creation of a RevokedToken
// until every replica refuses the token.
type Propagation struct {
	P50      *float64 `json:"p50_ms,omitempty"`
	P99      *float64 `json:"p99_ms,omitempty"`
	Replicas *int     `json:"replicas,omitempty"`
}

// Write writes r to a file, as indented JSON.
func (r *Report) Write(file string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the report: %w", err)
	}
	if err := os.WriteFile(file, append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}
