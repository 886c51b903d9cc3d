package kubernetes

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics counts what was asked. What it says of a status is its class, so that there are few series.
type metrics struct {
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "latchkey_kubernetes_requests_total",
			Help: "Questions of the API server, by what was asked and the class of the answer's HTTP status: 5xx is no answer.",
		}, []string{"asked", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "latchkey_kubernetes_request_duration_seconds",
			Help:    "How long answers to the API server took, by what was asked.",
			Buckets: []float64{.001, .005, .025, .1, .5, 2, 10},
		}, []string{"asked"}),
	}
	for _, c := range []prometheus.Collector{m.requests, m.seconds} {
		if err := reg.Register(c); err != nil {
			return nil, fmt.Errorf("register metrics: %w", err)
		}
	}
	return m, nil
}

func (m *metrics) answered(asked string, status int, took time.Duration) {
	m.requests.WithLabelValues(asked, strconv.Itoa(status/100)+"xx").Inc()
	m.seconds.WithLabelValues(asked).Observe(took.Seconds())
}

// statusWriter notes the status of an answer.
type statusWriter struct {
	http.ResponseWriter
	status int // 0: nothing was written
}

func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(p)
}
