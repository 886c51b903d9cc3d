package feed_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"

	"k8s.io/client-go/rest"
)

// faultyNetwork stands between a feed and the API server.
type faultyNetwork struct {
	rest http.RoundTripper

	mu        sync.Mutex
	down      bool
	forgetful bool // the API server has compacted the history that a watch asks for
	listed    int  // ordinary lists of RevokedTokens
	open      map[io.Closer]bool
	silent    chan struct{} // what is under way goes on when it is closed; nil: at once
}

// silence keeps all connections open and lets nothing through, until hangUp or talk.
func (n *faultyNetwork) silence() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.silent = make(chan struct{})
}

// talk ends a silence: what was under way comes late, but whole.
func (n *faultyNetwork) talk() {
	n.mu.Lock()
	defer n.mu.Unlock()
	close(n.silent)
	n.silent = nil
}

func (n *faultyNetwork) quiet() <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.silent == nil {
		return talking
	}
	return n.silent
}

var talking = func() chan struct{} { c := make(chan struct{}); close(c); return c }()

// muffled is the body of an answer that comes through a faultyNetwork.
type muffled struct {
	io.ReadCloser
	network *faultyNetwork
	closed  chan struct{}
	once    *sync.Once
}

func (m muffled) Read(p []byte) (int, error) {
	n, err := m.ReadCloser.Read(p)
	select {
	case <-m.network.quiet():
		return n, err
	case <-m.closed:
		return 0, io.ErrClosedPipe
	}
}

func (m muffled) Close() error {
	m.once.Do(func() { close(m.closed) })
	return m.ReadCloser.Close()
}

func (n *faultyNetwork) between(config *rest.Config) *rest.Config {
	config = rest.CopyConfig(config)
	config.Wrap(func(rt http.RoundTripper) http.RoundTripper {
		n.rest = rt
		return n
	})
	return config
}

// cut ends the network, with all that is open, or restores it.
func (n *faultyNetwork) cut(down bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.down = down
	n.hangUp()
}

// forget makes each watch end in another list, or stops that.
func (n *faultyNetwork) forget(forgetful bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.forgetful = forgetful
	n.hangUp()
}

func (n *faultyNetwork) lists() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.listed
}

func (n *faultyNetwork) hangUp() {
	for body := range n.open {
		_ = body.Close()
	}
	n.open = map[io.Closer]bool{}
}

func (n *faultyNetwork) RoundTrip(r *http.Request) (*http.Response, error) {
	if n.isDown() {
		return nil, errors.New("the network is cut")
	}
	watches := r.URL.Query().Get("watch") != ""
	if n.isForgetful() && watches {
		return gone(r), nil
	}
	select {
	case <-n.quiet():
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	answer, err := n.rest.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	answer.Body = muffled{answer.Body, n, make(chan struct{}), &sync.Once{}}
	n.mu.Lock()
	defer n.mu.Unlock()
	if !watches && strings.HasSuffix(r.URL.Path, "/revokedtokens") {
		n.listed++
	}
	n.open[answer.Body] = true
	return answer, nil
}

func (n *faultyNetwork) isDown() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.open == nil {
		n.open = map[io.Closer]bool{}
	}
	return n.down
}

func (n *faultyNetwork) isForgetful() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.forgetful
}

// gone is how an API server answers a watch of what it has forgotten. (It answers
// so too here when asked for a streamed list, for which client-go makes an
// ordinary one at once.)
func gone(r *http.Request) *http.Response {
	reason, code := "Expired", http.StatusGone
	if r.URL.Query().Get("sendInitialEvents") != "" {
		reason, code = "Invalid", http.StatusUnprocessableEntity
	}
	body := `{"apiVersion": "v1", "kind": "Status", "status": "Failure", "reason": "` + reason + `", "message": "too old resource version"}`
	return &http.Response{StatusCode: code, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body))}
}
