package kubernetes

import (
	"net/http"
	"time"
)

// The most that a question may be long, in bytes. An object that is to be stored comes whole, and twice where it is
// changed: etcd takes 1.5 MiB of one, and there is who writes it, and how. Tokens and attributes are short.
const (
	admissionLimit = 4 << 20
	reviewLimit    = 64 << 10
)

// The longest that an answer may take: less than the API server waits (5 s by config/webhook, 10 s and more
// for reviews), so that it hears why there is none.
const (
	admissionPatience = 4 * time.Second
	reviewPatience    = 9 * time.Second
)

// route is one thing that the API server asks. All are asked by POST, in JSON.
type route struct {
	pattern  string // below POST; a last slash takes in what is below it
	name     string // in metrics and logs
	limit    int64  // of the body
	patience time.Duration
	handler  http.Handler
}

// routes is everything that is served.
func (c *Config) routes() []route {
	return []route{
		{"/kubernetes/admission/", "admission", admissionLimit, admissionPatience, c.Admission},
		{"/kubernetes/tokenreview", "tokenreview", reviewLimit, reviewPatience, c.TokenReview},
		{"/kubernetes/authorize", "authorize", reviewLimit, reviewPatience, c.Authorize},
	}
}
