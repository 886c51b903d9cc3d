package feed_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/client-go/rest"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/latchkey-auth/latchkey/controllers/feed"
	"github.com/latchkey-auth/latchkey/webhook/directory"
)

// fakeAPI is an API server with one user, whose streamed lists go as stream does.
type fakeAPI struct {
	stream func(w http.ResponseWriter, r *http.Request)

	mu    sync.Mutex
	lists []string // the queries of ordinary lists
}

func (f *fakeAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	resource := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
	kind := map[string]string{"users": "User", "roles": "Role", "realms": "Realm", "revokedtokens": "RevokedToken"}[resource]
	query := r.URL.Query()
	switch {
	case query.Get("sendInitialEvents") == "true":
		f.stream(w, r)
	case query.Get("watch") == "true":
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	default:
		f.mu.Lock()
		f.lists = append(f.lists, r.URL.RawQuery)
		f.mu.Unlock()
		items := ""
		if kind == "User" {
			items = string(anObject(`{}`, `"resourceVersion": "7"`))
		}
		fmt.Fprintf(w, `{"apiVersion": "auth.latchkey.dev/v1alpha1", "kind": "%sList", "metadata": {"resourceVersion": "9"}, "items": [%s]}`, kind, items)
	}
}

// refused answers a request for a streamed list as an API server that has none.
func refused(w http.ResponseWriter, _ *http.Request) {
	w.WriteHeader(http.StatusUnprocessableEntity)
	fmt.Fprint(w, `{"apiVersion": "v1", "kind": "Status", "status": "Failure", "reason": "Invalid", "code": 422, "message": "sendInitialEvents is forbidden"}`)
}

// silent begins a streamed list that never ends.
func silent(w http.ResponseWriter, r *http.Request) {
	w.(http.Flusher).Flush()
	<-r.Context().Done()
}

func TestListsAreTheNewestAndNeedNoStream(t *testing.T) {
	for sentence, stream := range map[string]func(http.ResponseWriter, *http.Request){
		"where the API server streams no lists":                refused,
		"where the end of a streamed list was lost on its way": silent,
	} {
		t.Run(sentence, func(t *testing.T) {
			api := &fakeAPI{stream: stream}
			server := httptest.NewServer(api)
			defer server.Close()
			d := directory.New()
			f, err := feed.New(feed.Config{REST: &rest.Config{Host: server.URL}, Directory: d, Logger: slog.New(slog.DiscardHandler), SyncDeadline: 100 * time.Millisecond})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan struct{})
			go func() { defer close(ended); _ = f.Run(ctx) }()
			eventually(t, f.Synced)
			if d.Users().Len() != 1 {
				t.Errorf("%d users, want the one that was listed", d.Users().Len())
			}
			cancel()
			<-ended
			api.mu.Lock()
			defer api.mu.Unlock()
			if len(api.lists) == 0 {
				t.Error("nothing was listed")
			}
			for _, query := range api.lists {
				if strings.Contains(query, "resourceVersion") {
					t.Errorf("a list was asked for with %q: it may be stale", query)
				}
			}
		})
	}
}

// eventually waits for a condition that other goroutines bring about.
func eventually(t *testing.T, condition func() bool) {
	t.Helper()
	for tick := time.NewTicker(10 * time.Millisecond); !condition(); {
		select {
		case <-tick.C:
		case <-t.Context().Done():
			t.Fatal("it never came true")
		}
	}
}

func TestTheFirstSyncHasADeadlineThatSaysWhatIsMissing(t *testing.T) {
	var logged lockedBuffer
	clock := clocktesting.NewFakeClock(createdAt)
	f, err := feed.New(feed.Config{
		REST:      &rest.Config{Host: "http://api.invalid", Transport: unreachable{}},
		Directory: directory.New(), Logger: slog.New(slog.NewTextHandler(&logged, nil)), Clock: clock,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); _ = f.Run(ctx) }()
	eventually(t, func() bool { return len(logged.lines("feed is interrupted", "no route to host")()) == 4 })
	eventually(t, clock.HasWaiters)
	clock.Step(59 * time.Second)
	eventually(t, clock.HasWaiters)
	if got := logged.lines("not ready")(); len(got) != 0 {
		t.Errorf("the deadline is over before its time: %s", got)
	}
	clock.Step(time.Second)
	eventually(t, func() bool { return len(logged.lines("not ready", "[realms users roles revokedtokens]")()) == 1 })
	if f.Synced() {
		t.Error("synced without an API server")
	}
	cancel()
	<-ended
	if got := logged.lines("feed is interrupted")(); len(got) != 4 {
		t.Errorf("an outage was logged %d times, want once for each kind", len(got))
	}
}

// unreachable is a network without an API server.
type unreachable struct{}

func (unreachable) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, fmt.Errorf("no route to host")
}

func TestNew(t *testing.T) {
	for sentence, c := range map[string]feed.Config{
		"without an API server": {Directory: directory.New(), Logger: slog.Default()},
		"without a directory":   {REST: &rest.Config{}, Logger: slog.Default()},
		"without a logger":      {REST: &rest.Config{}, Directory: directory.New()},
		"with bad credentials": {REST: &rest.Config{TLSClientConfig: rest.TLSClientConfig{CAData: []byte("no certificate")}},
			Directory: directory.New(), Logger: slog.Default()},
	} {
		t.Run(sentence+" there is no feed", func(t *testing.T) {
			if _, err := feed.New(c); err == nil {
				t.Error("New says nothing")
			}
		})
	}
}
