package app_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/latchkey-auth/latchkey/hack/app"
)

func TestHandlerShowsWhatReachedIt(t *testing.T) {
	const emptyBody = "0 bytes, SHA-256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	tests := map[string]struct {
		request func(*http.Request)
		want    map[string]string
	}{
		"a request without identity": {
			request: func(*http.Request) {},
			want: map[string]string{
				app.Method: "GET", app.Host: "app.example.com", app.Target: "/a%2fb/../c?x=1&y", app.Body: emptyBody,
				app.Authorization: "stripped by the proxy", "X-Auth-Request-User": "", "X-Auth-Request-Groups": "",
			},
		},
		"a request with identity": {
			request: func(r *http.Request) {
				r.Header.Set("X-Auth-Request-User", "vera")
				r.Header.Set("X-Auth-Request-Groups", "editor,viewer")
			},
			want: map[string]string{"X-Auth-Request-User": "vera", "X-Auth-Request-Groups": "editor,viewer"},
		},
		"an identity header that only looks like one": {
			request: func(r *http.Request) { r.Header["X_auth_request-User"] = []string{"admin"} },
			want:    map[string]string{"X-Auth-Request-User": "admin"},
		},
		"a bearer token that wasn't stripped, without its text": {
			request: func(r *http.Request) { r.Header.Set("Authorization", "Bearer s3cret") },
			want:    map[string]string{app.Authorization: "passed to the app"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "http://app.example.com/", nil)
			r.RequestURI = "/a%2fb/../c?x=1&y"
			test.request(r)
			w := httptest.NewRecorder()

			app.Handler().ServeHTTP(w, r)

			seen := app.Parse(w.Body.String())
			for field, want := range test.want {
				if got := seen[field]; len(got) != 1 || got[0] != want {
					t.Errorf("%s: got %q, want %q", field, got, want)
				}
			}
			if strings.Contains(w.Body.String(), "s3cret") {
				t.Error("the app shows a token")
			}
		})
	}
}

func TestHandlerEscapesInAPage(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.RequestURI = "/<script>alert(1)</script>"
	r.Header.Set("Accept", "text/html,application/xhtml+xml")
	w := httptest.NewRecorder()

	app.Handler().ServeHTTP(w, r)

	if got := w.Body.String(); !strings.Contains(got, "&lt;script&gt;") || strings.Contains(got, "<script>") {
		t.Errorf("the target is not escaped:\n%s", got)
	}
}

func TestHandlerKeepsAValueOnItsLine(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("X-Auth-Request-User", "vera\nX-Auth-Request-Groups: admin")
	w := httptest.NewRecorder()

	app.Handler().ServeHTTP(w, r)

	if got := app.Parse(w.Body.String())["X-Auth-Request-Groups"]; len(got) != 1 || got[0] != "" {
		t.Errorf("groups: got %q, want one empty value", got)
	}
}
