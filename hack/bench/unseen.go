package main

import (
	"bufio"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/latchkey-auth/latchkey/hack/bench/load"
	"github.com/latchkey-auth/latchkey/webhook/directory"
)

// unseen is how long a check of a token that was never seen before takes without net/http,
// which is what verification of its signature can be compared with.
func unseen(service http.Handler, realm *directory.Realm, atMost time.Duration) (time.Duration, error) {
	tokens, err := mintSome(realm, max(1, int(fastest*atMost.Seconds())))
	if err != nil {
		return 0, err
	}
	requests := make([]*http.Request, len(tokens))
	for i, t := range tokens {
		if requests[i], err = roleRequest(t); err != nil {
			return 0, err
		}
	}
	var before, after usage
	if err := before.read(); err != nil {
		return 0, err
	}
	began, n := time.Now(), 0
	for ; n < len(requests) && time.Since(began) < atMost; n++ {
		w := answered{header: http.Header{}}
		service.ServeHTTP(&w, requests[n])
		if user := w.header["X-Auth-Request-User"]; w.status != http.StatusOK || len(user) != 1 || user[0] != tokens[n].User {
			return 0, fmt.Errorf("a check of a new token of %s was answered %d, user %q", tokens[n].User, w.status, user)
		}
	}
	if err := after.read(); err != nil {
		return 0, err
	}
	return (after.CPU - before.CPU) / time.Duration(n), nil
}

// roleRequest is the check by role with a token, as net/http reads it.
func roleRequest(t load.Token) (*http.Request, error) {
	text := "GET " + roleTarget + " HTTP/1.1\r\nHost: latchkey.example.test\r\nAuthorization: Bearer " + t.Text + "\r\n\r\n"
	return http.ReadRequest(bufio.NewReader(strings.NewReader(text)))
}

// answered is an answer of which only header and status matter.
type answered struct {
	header http.Header
	status int
}

func (a *answered) Header() http.Header         { return a.header }
func (a *answered) Write(b []byte) (int, error) { return len(b), nil }
func (a *answered) WriteHeader(status int)      { a.status = status }
