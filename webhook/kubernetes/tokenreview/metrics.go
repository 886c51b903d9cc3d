package tokenreview

import "github.com/prometheus/client_golang/prometheus"

// What becomes of a TokenReview.
const (
	resultAuthenticated = "authenticated"
	resultRefused       = "refused" // by the service
	resultForeign       = "foreign" // no access token of a realm here, or not for who asks: nobody was asked
	resultFailed        = "failed"  // there is no answer
)

func newMetrics(r prometheus.Registerer) (*prometheus.CounterVec, error) {
	reviews := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "latchkey_token_reviews_total", Help: "TokenReviews of the API server that were answered.",
	}, []string{"result"})
	for _, result := range []string{resultAuthenticated, resultRefused, resultForeign, resultFailed} {
		reviews.WithLabelValues(result)
	}
	return reviews, r.Register(reviews)
}
