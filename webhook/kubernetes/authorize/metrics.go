package authorize

import "github.com/prometheus/client_golang/prometheus"

// What becomes of a SubjectAccessReview.
const (
	resultAllowed   = "allowed"
	resultNoOpinion = "no_opinion"
)

func newMetrics(r prometheus.Registerer) (*prometheus.CounterVec, error) {
	reviews := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "latchkey_access_reviews_total", Help: "SubjectAccessReviews of the API server that were answered.",
	}, []string{"result"})
	for _, result := range []string{resultAllowed, resultNoOpinion} {
		reviews.WithLabelValues(result)
	}
	return reviews, r.Register(reviews)
}
