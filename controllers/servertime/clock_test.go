package servertime_test

import (
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/controllers/servertime"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// world is a machine and an API server, each with a clock, and a way between them.
type world struct {
	machine, server time.Time
	there, back     time.Duration
	noDate          bool
}

func (w *world) pass(d time.Duration) { w.machine, w.server = w.machine.Add(d), w.server.Add(d) }

func (w *world) RoundTrip(*http.Request) (*http.Response, error) {
	w.pass(w.there)
	header := http.Header{}
	if !w.noDate {
		header.Set("Date", w.server.UTC().Format(http.TimeFormat)) // cuts to the second
	}
	w.pass(w.back)
	return &http.Response{StatusCode: http.StatusOK, Header: header, Body: io.NopCloser(strings.NewReader(""))}, nil
}

func (w *world) ask(t *testing.T, through http.RoundTripper) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://api.example.com/", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := through.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
}

func TestTheClockIsTheAPIServers(t *testing.T) {
	for name, c := range map[string]struct {
		ahead       time.Duration // the API server's clock
		there, back time.Duration
		asks        int
		tolerance   time.Duration // how exact the estimate is then
	}{
		"when both are the same, it is the machine's, exactly": {0, time.Millisecond, time.Millisecond, 50, 0},
		"when they differ by less than can be seen":            {300 * time.Millisecond, time.Millisecond, time.Millisecond, 1, 300 * time.Millisecond},
		"when the machine is two minutes behind":               {2 * time.Minute, time.Millisecond, time.Millisecond, 1, 510 * time.Millisecond},
		"when the machine is two minutes ahead":                {-2 * time.Minute, time.Millisecond, time.Millisecond, 1, 510 * time.Millisecond},
		"the more exact the more answers there were":           {2 * time.Minute, time.Millisecond, time.Millisecond, 50, 40 * time.Millisecond},
		"also over a slow way":                                 {-time.Hour, 800 * time.Millisecond, 10 * time.Millisecond, 50, 900 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			w := &world{machine: noon.Add(123 * time.Millisecond), server: noon.Add(123*time.Millisecond + c.ahead), there: c.there, back: c.back}
			clock := servertime.New(func() time.Time { return w.machine }, slog.New(slog.DiscardHandler))
			transport := clock.Transport(w)
			for range c.asks {
				w.ask(t, transport)
				w.pass(2*time.Second + 37*time.Millisecond)
			}
			if off := clock.Now().Sub(w.server).Abs(); off > c.tolerance {
				t.Errorf("the clock is off by %v, more than %v", off, c.tolerance)
			}
		})
	}
}

func TestAClockThatWasSetIsLearntAnew(t *testing.T) {
	var log strings.Builder
	w := &world{machine: noon, server: noon, there: time.Millisecond, back: time.Millisecond}
	clock := servertime.New(func() time.Time { return w.machine }, slog.New(slog.NewTextHandler(&log, nil)))
	transport := clock.Transport(w)
	for range 20 {
		w.ask(t, transport)
		w.pass(time.Second)
	}
	w.machine = w.machine.Add(-10 * time.Minute)
	w.ask(t, transport)
	if off := clock.Now().Sub(w.server).Abs(); off > time.Second {
		t.Errorf("after the machine's clock was set back, the clock is off by %v", off)
	}
	w.ask(t, transport)
	if lines := strings.Count(log.String(), "clock is off"); lines != 1 {
		t.Errorf("it was said %d times, not once: %s", lines, &log)
	}
	w.machine = w.server
	w.ask(t, transport)
	if clock.Offset() != 0 || !strings.Contains(log.String(), "right again") {
		t.Errorf("after NTP set it: offset %v, log %s", clock.Offset(), &log)
	}
}

func TestAnAnswerWithoutADateTeachesNothing(t *testing.T) {
	w := &world{machine: noon, server: noon.Add(time.Hour), noDate: true}
	clock := servertime.New(func() time.Time { return w.machine }, slog.New(slog.DiscardHandler))
	w.ask(t, clock.Transport(w))
	if !clock.Now().Equal(w.machine) {
		t.Errorf("Now is %v, not the machine's %v", clock.Now(), w.machine)
	}
}
