package admission

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// What became of a review.
const (
	resultAllowed = "allowed"
	resultWarned  = "warned" // and allowed
	resultRefused = "refused"
	resultFailed  = "failed" // it couldn't be judged: the failurePolicy decides
)

type metrics struct{ admissions *prometheus.CounterVec }

func newMetrics(registerer prometheus.Registerer, judges map[string]judge) (*metrics, error) {
	m := &metrics{prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "latchkey_admissions_total",
		Help: "Objects that the API server asked about before it stored them.",
	}, []string{"resource", "result"})}
	for resource := range judges {
		for _, result := range []string{resultAllowed, resultWarned, resultRefused, resultFailed} {
			m.admissions.WithLabelValues(resource, result)
		}
	}
	if err := registerer.Register(m.admissions); err != nil {
		return nil, fmt.Errorf("register metrics: %w", err)
	}
	return m, nil
}
