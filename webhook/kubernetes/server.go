package kubernetes

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"mime"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// patience is the longest that an answer may take. The API server gives up after 10 s (admission) to
// 30 s (TokenReview), and an answer that nobody waits for isn't worth making.
const patience = 9 * time.Second

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
		refuse(w, http.StatusNotFound, "not_found", "The API server asks at /kubernetes/admission/…, /kubernetes/tokenreview and /kubernetes/authorize")
	})
	return mux, nil
}

// door is what a question passes before somebody answers it.
type door struct {
	route
	ready   func() error
	log     *slog.Logger
	metrics *metrics
	now     func() time.Time
}

// ServeHTTP implements http.Handler. Whatever goes wrong is a status that no API server takes for yes.
func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began, answer := d.now(), &statusWriter{ResponseWriter: w}
	defer func() {
		if bug := recover(); bug != nil {
			d.log.Info("a question of the API server hit a bug and was refused", "asked", d.name, "error", fmt.Sprint(bug), "stack", string(debug.Stack()))
			if answer.status != 0 {
				panic(http.ErrAbortHandler) // an answer was begun: it must not be taken for a whole one
			}
			refuse(answer, http.StatusInternalServerError, "server_error", "Something went wrong on our side")
		}
		d.metrics.answered(d.name, answer.status, d.now().Sub(began))
	}()
	answer.Header().Set("Cache-Control", "no-store")
	if d.passes(answer, r) {
		ctx, cancel := context.WithTimeout(r.Context(), patience)
		defer cancel()
		d.handler.ServeHTTP(answer, r.WithContext(ctx))
		if answer.status == 0 {
			panic("nothing was answered") // net/http would say 200
		}
	}
}

// passes refuses what is no question, and every question that can't be answered yet.
func (d *door) passes(w http.ResponseWriter, r *http.Request) bool {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		refuse(w, http.StatusMethodNotAllowed, "method_not_allowed", "The API server asks by POST")
		return false
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		refuse(w, http.StatusUnsupportedMediaType, "invalid_request", "The API server asks in application/json")
		return false
	}
	if r.ContentLength > d.limit {
		refuse(w, http.StatusRequestEntityTooLarge, "invalid_request", fmt.Sprintf("At most %d bytes are read here", d.limit))
		return false
	}
	if err := d.ready(); err != nil {
		w.Header().Set("Retry-After", "1")
		refuse(w, http.StatusServiceUnavailable, "temporarily_unavailable", "Latchkey isn't ready: "+err.Error())
		return false
	}
	r.Body = http.MaxBytesReader(w, r.Body, d.limit)
	return true
}

// refuse answers that there is no answer.
func refuse(w http.ResponseWriter, status int, code, description string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": code, "error_description": description}) // nobody is left to tell
}
