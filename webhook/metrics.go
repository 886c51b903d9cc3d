package webhook

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/latchkey-auth/latchkey/webhook/lockout"
	"github.com/latchkey-auth/latchkey/webhook/policy"
	"github.com/latchkey-auth/latchkey/webhook/proxy"
)

// metrics counts what the service does. Labels are from fixed sets: nothing that a
// client sends can make a series.
type metrics struct {
	allowed  prometheus.Counter
	denied   map[string]prometheus.Counter
	requests *prometheus.CounterVec
	logins   *prometheus.CounterVec
	panics   prometheus.Counter

	introspections map[bool]prometheus.Counter // by whether the token was active

	refreshes *prometheus.CounterVec

	basics map[basicResult]prometheus.Counter
}

// reasonAllowed is the reason label of checks that passed.
const reasonAllowed = "allowed"

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	checks := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "latchkey_checks_total",
		Help: "Checks answered, by the reason of the answer.",
	}, []string{"reason"})
	introspections := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "latchkey_introspections_total",
		Help: "Tokens introspected, by whether they were active.",
	}, []string{"active"})
	basics := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "latchkey_basic_credentials_total",
		Help: "Basic credentials of checks, by result: remembered, verified, refused (wrong), locked (after too many of them), unverified (no room to hash, no API server, or a revocation of the same second).",
	}, []string{"result"})
	m := &metrics{
		basics:  map[basicResult]prometheus.Counter{},
		allowed: checks.WithLabelValues(reasonAllowed),
		denied:  map[string]prometheus.Counter{},
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "latchkey_requests_total",
			Help: "Requests answered outside of /check, by error code (ok: none).",
		}, []string{"code"}),
		logins: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "latchkey_logins_total",
			Help: "Logins tried, by result: ok, refused (wrong credentials), locked (after too many of them), limited (too many at once, or of one user), unavailable (no API server).",
		}, []string{"result"}),
		panics: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "latchkey_panics_total",
			Help: "Requests that hit a bug and were refused.",
		}),
		introspections: map[bool]prometheus.Counter{
			true: introspections.WithLabelValues("true"), false: introspections.WithLabelValues("false"),
		},
		refreshes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "latchkey_refreshes_total",
			Help: "Refresh tokens presented, by result: ok, repeated (an answer was lost, or a race), sibling (a race), refused, reused (ended the login), unavailable (no API server).",
		}, []string{"result"}),
	}
	for _, result := range basicResults() {
		m.basics[result] = basics.WithLabelValues(string(result))
	}
	for _, reason := range denials() {
		m.denied[reason] = checks.WithLabelValues(reason)
	}
	for _, c := range []prometheus.Collector{checks, m.requests, m.logins, m.panics, introspections, m.refreshes, basics} {
		if err := reg.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// countBudgets shows how many budgets of wrong passwords are remembered.
func countBudgets(reg prometheus.Registerer, budgets *lockout.Budgets) error {
	return reg.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "latchkey_login_budgets",
		Help: "Budgets of wrong passwords that are remembered: of users on devices and in networks, and shared ones.",
	}, func() float64 { return float64(budgets.Len()) }))
}

// countBasics shows how many Basic credentials are remembered.
func countBasics(reg prometheus.Registerer, remembered *basicMemory) error {
	return reg.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "latchkey_basic_remembered",
		Help: "Basic credentials that were verified and are remembered, at most about 10000.",
	}, func() float64 { return float64(remembered.verified.EstimatedSize()) }))
}

// denials are all reasons for which a check is refused.
func denials() []string {
	reasons := append(proxy.Reasons(),
		reasonNoCredentials, reasonMalformed, reasonWrong, reasonUnverified, reasonInvalidToken, reasonTokenExpired, reasonTokenRevoked, reasonUserGone,
		reasonRoleMissing, reasonRoleUnknown, reasonRoleMalformed, reasonCheckUnknown,
		reasonRealmUnknown, reasonRealmUnusable, reasonNotSynced, reasonTooStale, reasonInternal)
	for _, r := range []policy.Reason{policy.ReasonNoRule, policy.ReasonPathAmbiguous, policy.ReasonHostInvalid, policy.ReasonPathInvalid, policy.ReasonMethodInvalid} {
		reasons = append(reasons, string(r))
	}
	return reasons
}
