package kubernetes

import "net/http"

// The most that a question may be long. An object that is to be stored comes whole, and twice where
// it is changed: the API server takes 1.5 MiB of one. Tokens and attributes are short.
const (
	admissionLimit = 3 << 20
	reviewLimit    = 64 << 10
)

// route is one thing that the API server asks. All are asked by POST, in JSON.
type route struct {
	pattern string // below POST; a last slash takes in what is below it
	name    string // in metrics and logs
	limit   int64  // of the body
	handler http.Handler
}

// routes is everything that is served.
func (c *Config) routes() []route {
	return []route{
		{"/kubernetes/admission/", "admission", admissionLimit, c.Admission},
		{"/kubernetes/tokenreview", "tokenreview", reviewLimit, c.TokenReview},
		{"/kubernetes/authorize", "authorize", reviewLimit, c.Authorize},
	}
}
