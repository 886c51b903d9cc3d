package kubernetes

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Config is what New makes a handler of.
type Config struct {
	// Admission answers whether an object may be stored, below /kubernetes/admission/.
	Admission http.Handler
	// TokenReview answers whose a token is.
	TokenReview http.Handler
	// Authorize answers what somebody may do.
	Authorize http.Handler
	// Ready says why nothing can be answered by what is known, or nil.
	Ready func() error
	// Log takes what went wrong.
	Log *slog.Logger
	// Registerer takes the metrics.
	Registerer prometheus.Registerer
	// Now is the time.
	Now func() time.Time
}

// New returns the handler of everything that the API server asks. It fails if c lacks something.
func New(c Config) (http.Handler, error) {
	if c.Admission == nil || c.TokenReview == nil || c.Authorize == nil || c.Ready == nil || c.Log == nil || c.Registerer == nil || c.Now == nil {
		return nil, errors.New("make the handler for the API server: every field is needed")
	}
	m, err := newMetrics(c.Registerer)
	if err != nil {
		return nil, fmt.Errorf("make the handler for the API server: %w", err)
	}
	mux := http.NewServeMux()
	for _, r := range c.routes() {
		mux.Handle(r.pattern, &door{route: r, ready: c.Ready, log: c.Log, metrics: m, now: c.Now})
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "the API server asks at /kubernetes/admission/…, /kubernetes/tokenreview and /kubernetes/authorize", http.StatusNotFound)
	})
	return mux, nil
}

// door is what a question passes before somebody answers it: what is behind it gets a POST of JSON, whole and not too
// long, and only once enough is known to answer.
type door struct {
	route
	ready   func() error
	log     *slog.Logger
	metrics *metrics
	now     func() time.Time
}

// ServeHTTP implements http.Handler. Whatever goes wrong is a status that no API server takes for yes, with a sentence in
// plain text: of an error that is what API servers show, to whoever waits for them or in their log.
func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began, answer := d.now(), &statusWriter{ResponseWriter: w}
	defer func() {
		if bug := recover(); bug != nil {
			d.log.Info("a question of the API server hit a bug and was refused", "asked", d.name, "error", fmt.Sprint(bug), "stack", string(debug.Stack()))
			if answer.status != 0 {
				panic(http.ErrAbortHandler) // an answer was begun: it must not be taken for a whole one
			}
			http.Error(answer, "this is a bug of Latchkey: look at the log of latchkey kubernetes", http.StatusInternalServerError)
		}
		d.metrics.answered(d.name, answer.status, d.now().Sub(began))
	}()
	answer.Header().Set("Cache-Control", "no-store")
	answer.Header().Set("X-Content-Type-Options", "nosniff")
	if d.passes(answer, r) {
		ctx, cancel := context.WithTimeout(r.Context(), d.patience)
		defer cancel()
		d.handler.ServeHTTP(answer, r.WithContext(ctx))
		if answer.status == 0 {
			panic("nothing was answered") // net/http would say 200
		}
	}
}

// passes refuses what is no question, and every question that can't be answered yet. What passes was read to its end.
func (d *door) passes(w http.ResponseWriter, r *http.Request) bool {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "the API server asks by POST", http.StatusMethodNotAllowed)
		return false
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		http.Error(w, "the API server asks in application/json", http.StatusUnsupportedMediaType)
		return false
	}
	if err := d.ready(); err != nil {
		w.Header().Set("Retry-After", "1")
		http.Error(w, "latchkey kubernetes isn't ready: "+err.Error(), http.StatusServiceUnavailable)
		return false
	}
	body, err := d.read(w, r)
	if tooLong := (*http.MaxBytesError)(nil); errors.As(err, &tooLong) {
		http.Error(w, fmt.Sprintf("at most %d bytes are read here", d.limit), http.StatusRequestEntityTooLarge)
		return false
	}
	if err != nil {
		http.Error(w, "the question can't be read to its end", http.StatusBadRequest)
		return false
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return true
}

// read reads a question whole. Of one that says that it is too long it reads nothing.
func (d *door) read(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.ContentLength > d.limit {
		return nil, &http.MaxBytesError{Limit: d.limit}
	}
	return io.ReadAll(http.MaxBytesReader(w, r.Body, d.limit))
}
