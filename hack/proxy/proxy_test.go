package proxy_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/latchkey-auth/latchkey/hack/app"
	"github.com/latchkey-auth/latchkey/hack/e2e/conformance"
	"github.com/latchkey-auth/latchkey/hack/proxy"
)

// checker stands in for Latchkey: it remembers what it was asked and answers as it is told.
type checker struct {
	mu     sync.Mutex
	asked  []*http.Request
	bodies int
	answer http.HandlerFunc
}

func (c *checker) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	c.mu.Lock()
	c.asked = append(c.asked, r)
	c.bodies += len(body)
	answer := c.answer
	c.mu.Unlock()
	answer(w, r)
}

// answers says what to answer from now on. A proxy may still be asking about the request before.
func (c *checker) answers(h http.HandlerFunc) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answer = h
}

// last is the check that was asked last.
func (c *checker) last(t *testing.T) *http.Request {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.asked) == 0 {
		t.Fatal("the proxy didn't ask")
	}
	return c.asked[len(c.asked)-1]
}

// allow answers with the identity headers given, the others being empty.
func allow(identity map[string]string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for _, name := range []string{"X-Auth-Request-User", "X-Auth-Request-Uid", "X-Auth-Request-Email", "X-Auth-Request-Groups"} {
			w.Header().Set(name, identity[name])
		}
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusOK)
	}
}

func refuse(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("WWW-Authenticate", `Bearer realm="test"`)
		w.WriteHeader(status)
	}
}

// each runs test behind every proxy that this machine has.
func each(t *testing.T, check string, test func(t *testing.T, p *proxy.Proxy, c *checker)) {
	for _, kind := range proxy.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			binary, err := kind.Find()
			switch {
			case kind == proxy.EnvoyGRPC:
				t.Skip("asks by messages, which the stand-in for Latchkey doesn't speak: see hack/e2e")
			case kind == proxy.EnvoyHTTP && check != "":
				t.Skip("has no URL for a role over HTTP")
			case errors.Is(err, proxy.ErrMissing) && (os.Getenv("REQUIRE_PROXIES") != "1" || !kind.Required()):
				t.Skip(err)
			case err != nil:
				t.Fatal(err)
			}
			c := &checker{answer: allow(nil)}
			latchkey, behind := httptest.NewServer(c), httptest.NewServer(app.Handler())
			t.Cleanup(latchkey.Close)
			t.Cleanup(behind.Close)
			site := proxy.Site{App: address(behind), Latchkey: []string{address(latchkey)}, Check: check, Dir: t.TempDir()}
			p, err := kind.Start(t.Context(), binary, site, t.Output())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(p.Stop)
			test(t, p, c)
		})
	}
}

func address(s *httptest.Server) string { return strings.TrimPrefix(s.URL, "http://") }

// send sends request text, whose lines end in \n here, and returns status, header and what the app saw.
func send(t *testing.T, p *proxy.Proxy, request string) (*http.Response, map[string][]string) {
	t.Helper()
	raw := strings.ReplaceAll(request, "\n", "\r\n") + "\r\nConnection: close\r\n\r\n"
	response, body, err := conformance.Send(context.Background(), p.Address, []byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	return response, app.Parse(body)
}

func TestTheCheckDescribesTheRequest(t *testing.T) {
	const request = "GET /reports/..%2fx;a=b//?q=1&r=%20 HTTP/1.1\nHost: App.Example.com:8443\nAuthorization: Bearer abc\n" +
		"X-Original-URL: http://evil/\nX-Forwarded-Uri: /evil\nX-Forwarded-Method: PUT\nX-Forwarded-Host: evil"
	each(t, "", func(t *testing.T, p *proxy.Proxy, c *checker) {
		send(t, p, request)

		r := c.last(t)
		want := map[proxy.Kind]map[string]string{
			proxy.Nginx: {
				"X-Original-Url":    "http://App.Example.com:8443/reports/..%2fx;a=b//?q=1&r=%20",
				"X-Original-Method": "GET",
			},
			proxy.Caddy: {
				"X-Forwarded-Uri":    "/reports/..%2fx;a=b//?q=1&r=%20",
				"X-Forwarded-Method": "GET",
				"X-Forwarded-Host":   "App.Example.com:8443",
				"X-Forwarded-Proto":  "http",
			},
			proxy.HAProxy: {
				"X-Forwarded-Uri":    "/reports/..%2fx;a=b//?q=1&r=%20",
				"X-Forwarded-Method": "GET",
				"X-Forwarded-Host":   "App.Example.com:8443",
				"X-Forwarded-Proto":  "http",
			},
			proxy.Traefik: {
				"X-Forwarded-Uri":    "/reports/..%2fx;a=b/?q=1&r=%20", // cleaned, as it goes on to the app
				"X-Forwarded-Method": "GET",
				"X-Forwarded-Host":   "App.Example.com:8443",
				"X-Forwarded-Proto":  "http",
			},
		}[p.Kind]
		for name, value := range want {
			if got := r.Header.Values(name); len(got) != 1 || got[0] != value {
				t.Errorf("%s: got %q, want one %q", name, got, value)
			}
		}
		target := "/check/" + string(p.Kind)
		switch p.Kind {
		case proxy.Nginx:
			target += "?host=app.example.com"
		case proxy.EnvoyHTTP:
			target = "/check/envoy/reports/..%2fx;a=b//?q=1&r=%20"
			if r.Host != "App.Example.com:8443" {
				t.Errorf("Host: got %q, want the client's", r.Host)
			}
		}
		if r.RequestURI != target || r.Method != http.MethodGet {
			t.Errorf("asked %s %s, want GET %s", r.Method, r.RequestURI, target)
		}
		if got := r.Header.Get("Authorization"); got != "Bearer abc" {
			t.Errorf("Authorization: got %q, want the client's", got)
		}
	})
}

func TestARoleIsAskedWithoutAQuery(t *testing.T) {
	each(t, "/check/role/admin", func(t *testing.T, p *proxy.Proxy, c *checker) {
		send(t, p, "GET /x?y HTTP/1.1\nHost: app.example.com")

		if got := c.last(t).RequestURI; got != "/check/role/admin" {
			t.Errorf("asked %s, want /check/role/admin", got)
		}
	})
}

func TestTheAppSeesWhatLatchkeySays(t *testing.T) {
	const request = "GET /x?a=%2F HTTP/1.1\nHost: App.Example.com:8443\nAuthorization: Bearer abc\n" +
		"X-Auth-Request-User: admin\nX-AUTH-REQUEST-GROUPS: admin\nX_Auth_Request_User: admin"
	tests := map[string]struct{ identity, want map[string]string }{
		"of a user": {
			identity: map[string]string{"X-Auth-Request-User": "vera", "X-Auth-Request-Groups": "editor,viewer"},
			want:     map[string]string{"X-Auth-Request-User": "vera", "X-Auth-Request-Groups": "editor,viewer", "X-Auth-Request-Email": ""},
		},
		"of nobody": {want: map[string]string{"X-Auth-Request-User": "", "X-Auth-Request-Groups": "", "X-Auth-Request-Uid": ""}},
	}
	each(t, "", func(t *testing.T, p *proxy.Proxy, c *checker) {
		for name, test := range tests {
			t.Run(name, func(t *testing.T) {
				c.answers(allow(test.identity))

				response, seen := send(t, p, request)

				test.want[app.Authorization] = "stripped by the proxy"
				test.want[app.Target] = "/x?a=%2F"
				test.want[app.Host] = "App.Example.com:8443"
				for field, want := range test.want {
					if got := seen[field]; len(got) != 1 || got[0] != want {
						t.Errorf("%s: the app saw %q, want %q", field, got, want)
					}
				}
				if got := response.Header.Get("Set-Cookie"); !strings.HasPrefix(got, app.VisitCookie+"=") {
					t.Errorf("Set-Cookie: got %q, want the app's", got)
				}
			})
		}
	})
}

func TestARefusalPassesWithItsChallenge(t *testing.T) {
	each(t, "", func(t *testing.T, p *proxy.Proxy, c *checker) {
		for _, status := range []int{http.StatusUnauthorized, http.StatusForbidden} {
			c.answers(refuse(status))

			response, seen := send(t, p, "GET /x HTTP/1.1\nHost: app.example.com")

			if response.StatusCode != status || len(seen[app.Target]) != 0 {
				t.Errorf("got %d and %q from the app, want %d and nothing", response.StatusCode, seen[app.Target], status)
			}
			if status == http.StatusUnauthorized && response.Header.Get("WWW-Authenticate") == "" {
				t.Error("the challenge got lost")
			}
		}
	})
}

func TestNobodyPassesWithoutAnAnswer(t *testing.T) {
	answers := map[string]http.HandlerFunc{
		"an error": refuse(http.StatusInternalServerError),
		"silence":  func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	}
	each(t, "", func(t *testing.T, p *proxy.Proxy, c *checker) {
		for name, answer := range answers {
			c.answers(answer)

			response, seen := send(t, p, "GET /x HTTP/1.1\nHost: app.example.com")

			if response.StatusCode < 400 || len(seen[app.Target]) != 0 {
				t.Errorf("%s: got %d and %q from the app, want a refusal", name, response.StatusCode, seen[app.Target])
			}
		}
	})
}

func TestABodyReachesTheAppAlone(t *testing.T) {
	body := bytes.Repeat([]byte("0123456789abcdef"), 5<<20/16)
	each(t, "", func(t *testing.T, p *proxy.Proxy, c *checker) {
		for name, reader := range map[string]io.Reader{
			"with a length": bytes.NewReader(body),
			"in chunks":     io.MultiReader(bytes.NewReader(body)), // hides the length
		} {
			response, err := http.Post(p.URL()+"/up", "application/octet-stream", reader)
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(response.Body)
			response.Body.Close()
			if err != nil {
				t.Fatal(err)
			}
			want := fmt.Sprintf("%d bytes, SHA-256 %x", len(body), sha256.Sum256(body))
			if got := app.Parse(string(text))[app.Body]; len(got) != 1 || got[0] != want {
				t.Errorf("%s: the app saw %q, want %q", name, got, want)
			}
		}
		c.mu.Lock()
		bodies := c.bodies
		c.mu.Unlock()
		method := http.MethodGet
		if p.Kind.Envoy() {
			method = http.MethodPost // which Envoy keeps
		}
		if bodies != 0 || c.last(t).Method != method {
			t.Errorf("the check was a %s with %d bytes of body, want a %s without", c.last(t).Method, bodies, method)
		}
	})
}

// What stands in where a machine lacks Traefik: the options by which it leaves bodies and the app's
// cookies alone, believes no client, and passes on what Latchkey says and nothing else.
func TestTraefikIsConfiguredToLeaveRequestsAlone(t *testing.T) {
	text, err := proxy.Site{App: "app:80", Latchkey: []string{"latchkey:8080"}, Dir: "/etc/traefik"}.Text(proxy.Traefik, "site.yaml", "0.0.0.0:80")
	if err != nil {
		t.Fatal(err)
	}
	var site struct {
		HTTP struct {
			Routers map[string]struct {
				Middlewares []string `json:"middlewares"`
			} `json:"routers"`
			Middlewares map[string]struct {
				ForwardAuth map[string]any `json:"forwardAuth"`
				Headers     struct {
					CustomRequestHeaders map[string]string `json:"customRequestHeaders"`
				} `json:"headers"`
			} `json:"middlewares"`
		} `json:"http"`
	}
	if err := yaml.Unmarshal([]byte(text), &site); err != nil {
		t.Fatal(err)
	}

	if got := site.HTTP.Routers["app"].Middlewares; !slices.Equal(got, []string{"latchkey", "strip-token"}) {
		t.Errorf("middlewares: got %q, want the token to go after it was judged", got)
	}
	if got, found := site.HTTP.Middlewares["strip-token"].Headers.CustomRequestHeaders["Authorization"]; got != "" || !found {
		t.Errorf("Authorization: got %q, want it taken away", got)
	}
	// No forwardBody, preserveRequestMethod, addAuthCookiesToResponse: each would do more than ask.
	want := map[string]any{
		"address": "http://latchkey:8080/check/traefik", "trustForwardHeader": false, "maxResponseBodySize": 65536.0,
		"authResponseHeaders": []any{"X-Auth-Request-User", "X-Auth-Request-Uid", "X-Auth-Request-Email", "X-Auth-Request-Groups"},
	}
	if got := site.HTTP.Middlewares["latchkey"].ForwardAuth; !reflect.DeepEqual(got, want) {
		t.Errorf("forwardAuth: got %v, want %v", got, want)
	}
}
