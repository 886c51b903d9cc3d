package extauthz_test

import (
	"net/http"
	"slices"
	"testing"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/protobuf/proto"
)

func marshal(t testing.TB, m proto.Message) []byte {
	t.Helper()
	b, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func unmarshal(data []byte, m proto.Message) error { return proto.Unmarshal(data, m) }

func TestWhatIsNoAnswerIsARefusal(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"silence":               func(http.ResponseWriter, *http.Request) {},
		"a body without status": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok")) },
		"another 2xx":           func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) },
		"an error":              func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
		"a panic":               func(http.ResponseWriter, *http.Request) { panic("bug") },
		"an abort":              func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"a panic after a 200": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusOK)
			panic("bug")
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := &asker{answer: answer}

			got := check(t, a.client(t), asks("GET", app, "/"))

			if got.status != 403 || got.header.Get("X-Latchkey-Reason") != "internal_error" || got.header.Get("Cache-Control") != "no-store" {
				t.Errorf("got %+v, want 403 internal_error", got)
			}
		})
	}
}

func TestTheFirstStatusCounts(t *testing.T) {
	a := &asker{answer: func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		w.WriteHeader(http.StatusOK)
	}}
	if got := check(t, a.client(t), asks("GET", app, "/")); got.status != 403 {
		t.Errorf("got %d, want 403", got.status)
	}
}

func TestARefusalKeepsSeveralLinesOfAHeader(t *testing.T) {
	a := &asker{answer: func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["WWW-Authenticate"] = []string{`Bearer realm="x"`, `Basic realm="x"`}
		w.Header()["Set-Cookie"] = []string{"a=; Max-Age=0", "b=; Max-Age=0"}
		w.Header().Set("X-Odd", "caf\xe9")
		w.Header().Set("Content-Length", "4")
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = w.Write([]byte("no\xff!"))
	}}

	got := check(t, a.client(t), asks("GET", app, "/"))

	if got.status != 401 || got.body != "no?!" || got.header.Get("X-Odd") != "caf?" || got.header.Get("Content-Length") != "" {
		t.Errorf("got %+v", got)
	}
	if v := got.header.Values("Www-Authenticate"); !slices.Equal(v, []string{`Bearer realm="x", Basic realm="x"`}) {
		t.Errorf("challenges %q", v)
	}
	if v := got.header.Values("Set-Cookie"); !slices.Equal(v, []string{"a=; Max-Age=0", "b=; Max-Age=0"}) {
		t.Errorf("cookies %q", v)
	}
}

func TestAnIdentityThatIsNotOneValueIsRemoved(t *testing.T) {
	a := &asker{answer: func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Remote-User"] = []string{"a", "b"}
		w.Header()["Remote-Groups"] = nil
		w.WriteHeader(http.StatusOK)
	}}

	got := check(t, a.client(t), &authv3.CheckRequest{})

	if got.status != 200 || len(got.header) > 0 || !slices.Equal(got.removed, []string{"remote-groups", "remote-user"}) {
		t.Errorf("got %+v", got)
	}
}
