package load_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/hack/bench/load"
)

// tokens are n of them; the user of token-7 is user-7.
func tokens(n int) []load.Token {
	all := make([]load.Token, n)
	for i := range all {
		all[i] = load.Token{User: fmt.Sprintf("user-%d", i), Text: fmt.Sprintf("token-%d", i)}
	}
	return all
}

// right answers as a check does.
func right(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Auth-Request-User", strings.Replace(r.Header.Get("Authorization"), "Bearer token-", "user-", 1))
}

// send sends requests with n tokens to serve on four connections.
func send(t *testing.T, serve http.HandlerFunc, n, most int, atMost time.Duration) (load.Result, error) {
	t.Helper()
	server := httptest.NewServer(serve)
	defer server.Close()
	client, err := load.Connect(t.Context(), strings.TrimPrefix(server.URL, "http://"), 4)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	return client.Send(load.Requests("latchkey.example.test", "/check/nginx?host=a", "X-Original-Method: GET\r\n", tokens(n)), most, atMost)
}

func TestSendSendsEachRequestInTurn(t *testing.T) {
	var mu sync.Mutex
	seen := map[string]int{}
	result, err := send(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		seen[r.Header.Get("Authorization")]++
		mu.Unlock()
		right(w, r)
	}, 50, 100, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if len(result.Latencies) != 100 || len(seen) != 50 {
		t.Errorf("%d requests were counted and %d tokens seen, want 100 and 50", len(result.Latencies), len(seen))
	}
	for token, times := range seen {
		if times != 2 {
			t.Errorf("%s was sent %d times, want 2", token, times)
		}
	}
	for _, latency := range result.Latencies {
		if latency <= 0 || latency > result.Elapsed {
			t.Fatalf("a request took %v of %v", latency, result.Elapsed)
		}
	}
}

func TestSendSendsTargetAndHeader(t *testing.T) {
	var wrong atomic.Int64
	_, err := send(t, func(w http.ResponseWriter, r *http.Request) {
		if r.RequestURI != "/check/nginx?host=a" || r.Header.Get("X-Original-Method") != "GET" {
			wrong.Add(1)
		}
		right(w, r)
	}, 8, 8, time.Hour)
	if err != nil || wrong.Load() != 0 {
		t.Errorf("%d requests were not as told, error %v", wrong.Load(), err)
	}
}

func TestSendCountsApartWhatIsAnsweredTooLate(t *testing.T) {
	const atMost = 20 * time.Millisecond
	var answered atomic.Int64
	result, err := send(t, func(w http.ResponseWriter, r *http.Request) {
		answered.Add(1)
		right(w, r)
	}, 1, 1<<30, atMost)
	if err != nil {
		t.Fatal(err)
	}
	if result.Elapsed != atMost {
		t.Errorf("%v have elapsed, want %v", result.Elapsed, atMost)
	}
	if result.Late != 4 || answered.Load() != int64(len(result.Latencies)+result.Late) {
		t.Errorf("%d of %d answers were counted and %d late; each of four connections has one of these", len(result.Latencies), answered.Load(), result.Late)
	}
}

func TestSendEndsWithAWrongAnswer(t *testing.T) {
	for name, serve := range map[string]http.HandlerFunc{
		"another user": func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Auth-Request-User", "mallory") },
		"no user":      func(http.ResponseWriter, *http.Request) {},
		"a user that only begins like the right one": func(w http.ResponseWriter, r *http.Request) {
			right(w, r)
			w.Header().Set("X-Auth-Request-User", w.Header().Get("X-Auth-Request-User")+"0")
		},
		"a refusal": func(w http.ResponseWriter, r *http.Request) {
			right(w, r)
			w.WriteHeader(http.StatusUnauthorized)
		},
		"another 2xx": func(w http.ResponseWriter, r *http.Request) {
			right(w, r)
			w.WriteHeader(http.StatusNoContent)
		},
		"a body": func(w http.ResponseWriter, r *http.Request) {
			right(w, r)
			_, _ = w.Write([]byte("\r\n\r\n"))
		},
		"a closed connection": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			_, err := send(t, serve, 4, 4, time.Hour)
			if err == nil {
				t.Error("no error")
			}
		})
	}
}

func TestSendRefusesToSendNothing(t *testing.T) {
	if _, err := send(t, right, 0, 1, time.Hour); err == nil {
		t.Error("no error")
	}
}

func TestSendEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	arrived := make(chan struct{}, 64)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		<-r.Context().Done() // never answers by itself
	}))
	defer server.Close()
	go func() {
		<-arrived
		cancel()
	}()
	client, err := load.Connect(ctx, strings.TrimPrefix(server.URL, "http://"), 4)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Send(load.Requests("latchkey.example.test", "/", "", tokens(4)), 4, time.Hour); err == nil {
		t.Error("no error")
	}
}
