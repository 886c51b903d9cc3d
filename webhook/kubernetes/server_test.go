package kubernetes_test

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/latchkey-auth/latchkey/webhook/kubernetes"
)

// answering answers with its own name, after it read what was asked.
func answering(name string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		question, err := io.ReadAll(r.Body)
		if err != nil {
			panic(err) // the door has read it
		}
		_, hurried := r.Context().Deadline()
		if !hurried {
			panic("there is no deadline")
		}
		_, _ = w.Write([]byte(name + " " + r.URL.Path + " " + string(question)))
	})
}

type world struct {
	http.Handler
	registry *prometheus.Registry
	log      *bytes.Buffer
}

func newWorld(t *testing.T, change func(*kubernetes.Config)) world {
	t.Helper()
	w := world{registry: prometheus.NewRegistry(), log: &bytes.Buffer{}}
	c := kubernetes.Config{
		Admission: answering("admission"), TokenReview: answering("tokenreview"), Authorize: answering("authorize"),
		Ready: func() error { return nil }, Log: slog.New(slog.NewJSONHandler(w.log, nil)), Registerer: w.registry, Now: time.Now,
	}
	change(&c)
	handler, err := kubernetes.New(c)
	if err != nil {
		t.Fatal(err)
	}
	w.Handler = handler
	return w
}

func unchanged(*kubernetes.Config) {}

func (w world) ask(method, path, contentType string, body io.Reader) *httptest.ResponseRecorder {
	request := httptest.NewRequest(method, path, body)
	request.Header.Set("Content-Type", contentType)
	answer := httptest.NewRecorder()
	w.ServeHTTP(answer, request)
	return answer
}

func TestWhatTheAPIServerAsksIsAnsweredByWhomItIsFor(t *testing.T) {
	for path, want := range map[string]string{
		"/kubernetes/admission/roles?timeout=5s": "admission /kubernetes/admission/roles {}",
		"/kubernetes/tokenreview?timeout=30s":    "tokenreview /kubernetes/tokenreview {}",
		"/kubernetes/authorize":                  "authorize /kubernetes/authorize {}",
	} {
		answer := newWorld(t, unchanged).ask(http.MethodPost, path, "application/json", strings.NewReader("{}"))
		if answer.Code != http.StatusOK || answer.Body.String() != want {
			t.Errorf("%s: %d %q, not %q", path, answer.Code, answer.Body, want)
		}
	}
}

func TestWhatIsNoQuestionIsRefused(t *testing.T) {
	endless := func() io.Reader { return io.LimitReader(zeros{}, 10<<20) }
	for name, test := range map[string]struct {
		method, path, contentType string
		body                      io.Reader
		want                      int
	}{
		"a GET":                                    {http.MethodGet, "/kubernetes/tokenreview", "application/json", nil, http.StatusMethodNotAllowed},
		"a form":                                   {http.MethodPost, "/kubernetes/authorize", "application/x-www-form-urlencoded", strings.NewReader("a=b"), http.StatusUnsupportedMediaType},
		"no content type":                          {http.MethodPost, "/kubernetes/authorize", "", strings.NewReader("{}"), http.StatusUnsupportedMediaType},
		"somewhere else":                           {http.MethodPost, "/kubernetes", "application/json", strings.NewReader("{}"), http.StatusNotFound},
		"below what has nothing below it":          {http.MethodPost, "/kubernetes/tokenreview/x", "application/json", strings.NewReader("{}"), http.StatusNotFound},
		"the service's own paths":                  {http.MethodPost, "/token", "application/json", strings.NewReader("{}"), http.StatusNotFound},
		"a review that says it is too long":        {http.MethodPost, "/kubernetes/tokenreview", "application/json", strings.NewReader(strings.Repeat("x", 65<<10)), http.StatusRequestEntityTooLarge},
		"a review that turns out to be too long":   {http.MethodPost, "/kubernetes/authorize", "application/json", endless(), http.StatusRequestEntityTooLarge},
		"an object that no API server would store": {http.MethodPost, "/kubernetes/admission/roles", "application/json", endless(), http.StatusRequestEntityTooLarge},
		"a question that ends in the middle":       {http.MethodPost, "/kubernetes/authorize", "application/json", iotest.ErrReader(io.ErrUnexpectedEOF), http.StatusBadRequest},
		"objects as long as the API server's":      {http.MethodPost, "/kubernetes/admission/roles", "application/json", io.LimitReader(zeros{}, 3<<20), http.StatusOK},
		"such objects and what is said of them":    {http.MethodPost, "/kubernetes/admission/roles", "application/json", io.LimitReader(zeros{}, 3<<20+512<<10), http.StatusOK},
	} {
		t.Run(name, func(t *testing.T) {
			answer := newWorld(t, unchanged).ask(test.method, test.path, test.contentType, test.body)
			if answer.Code != test.want {
				t.Errorf("%d %.200q, not %d", answer.Code, answer.Body, test.want)
			}
		})
	}
}

func TestNothingIsReadOfAQuestionThatSaysItIsTooLong(t *testing.T) {
	body := strings.NewReader(strings.Repeat("x", 65<<10))
	answer := newWorld(t, unchanged).ask(http.MethodPost, "/kubernetes/tokenreview", "application/json", body)
	if answer.Code != http.StatusRequestEntityTooLarge || body.Len() != 65<<10 {
		t.Errorf("%d, and %d bytes of it are left", answer.Code, body.Len())
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestNothingIsAnsweredBeforeEverythingIsKnown(t *testing.T) {
	w := newWorld(t, func(c *kubernetes.Config) { c.Ready = func() error { return errors.New("waiting for [users]") } })
	answer := w.ask(http.MethodPost, "/kubernetes/authorize", "application/json", strings.NewReader("{}"))
	if answer.Code != http.StatusServiceUnavailable || !strings.Contains(answer.Body.String(), "waiting for [users]") {
		t.Errorf("%d %q", answer.Code, answer.Body)
	}
}

func TestABugIsNoAnswer(t *testing.T) {
	for name, bug := range map[string]http.HandlerFunc{
		"a panic":             func(http.ResponseWriter, *http.Request) { panic("token eyJhbGci") },
		"nothing is answered": func(http.ResponseWriter, *http.Request) {},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, func(c *kubernetes.Config) { c.Authorize = bug })
			answer := w.ask(http.MethodPost, "/kubernetes/authorize", "application/json", strings.NewReader("{}"))
			if answer.Code != http.StatusInternalServerError || strings.Contains(answer.Body.String(), "eyJhbGci") {
				t.Errorf("%d %q", answer.Code, answer.Body)
			}
			if !strings.Contains(w.log.String(), "hit a bug") {
				t.Errorf("the log says nothing: %q", w.log)
			}
		})
	}
	t.Run("an answer that was begun is cut off", func(t *testing.T) {
		w := newWorld(t, func(c *kubernetes.Config) {
			c.Authorize = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				_, _ = w.Write([]byte(`{"status":{"allowed":true}}`))
				panic("this is a bug")
			})
		})
		defer func() {
			if problem := recover(); problem != any(http.ErrAbortHandler) {
				t.Errorf("%v: a client would take the answer for whole", problem)
			}
		}()
		w.ask(http.MethodPost, "/kubernetes/authorize", "application/json", strings.NewReader("{}"))
	})
}

func TestMetricsHaveNoSeriesThatAClientCanMake(t *testing.T) {
	w := newWorld(t, unchanged)
	for _, path := range []string{"/kubernetes/authorize", "/kubernetes/admission/a", "/kubernetes/admission/b", "/elsewhere"} {
		w.ask(http.MethodPost, path, "application/json", strings.NewReader("{}"))
		w.ask(http.MethodGet, path, "", nil)
	}
	got := map[string]float64{}
	families, err := w.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			var labels []string
			for _, label := range metric.GetLabel() {
				labels = append(labels, label.GetValue())
			}
			if metric.Counter != nil {
				got[strings.Join(labels, " ")] = metric.Counter.GetValue()
			}
		}
	}
	want := map[string]float64{"authorize 2xx": 1, "authorize 4xx": 1, "admission 2xx": 2, "admission 4xx": 2}
	for series, value := range want {
		if got[series] != value {
			t.Errorf("%s: %v, not %v", series, got[series], value)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%v are other series than %v", got, want)
	}
}

func TestAConfigThatLacksSomethingIsRefused(t *testing.T) {
	if _, err := kubernetes.New(kubernetes.Config{}); err == nil {
		t.Error("a handler was made of nothing")
	}
}
