package tokenreview_test

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/latchkey-auth/latchkey/webhook/kubernetes/tokenreview"
)

// answering is a service that answers so to a profile.
func answering(status int, body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.RequestURI != "/base/realms/team-a/profile" || r.Header.Get("Authorization") != "Bearer a.b.c" {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		w.WriteHeader(status)
		_, _ = fmt.Fprint(w, body)
	})
}

func TestProfiles(t *testing.T) {
	for sentence, c := range map[string]struct {
		status  int
		body    string
		refused bool
		want    tokenreview.Identity
	}{
		"a profile says who":          {200, `{"id":"u","username":"ada","roles":["editor"],"more":1}`, false, tokenreview.Identity{UID: "u", Name: "ada", Roles: []string{"editor"}}},
		"one without roles, too":      {200, `{"id":"u","username":"ada","roles":null}`, false, tokenreview.Identity{UID: "u", Name: "ada"}},
		"401 is a refusal":            {401, `{"error":"invalid_token"}`, true, tokenreview.Identity{}},
		"an unknown realm isn't":      {404, `{"error":"not_found"}`, false, tokenreview.Identity{}},
		"503 isn't":                   {503, ``, false, tokenreview.Identity{}},
		"a redirect isn't followed":   {302, ``, false, tokenreview.Identity{}},
		"no JSON is none":             {200, `<html>`, false, tokenreview.Identity{}},
		"nobody is none":              {200, `{"id":"","username":"ada"}`, false, tokenreview.Identity{}},
		"a name with a colon is none": {200, `{"id":"u","username":"ada:x"}`, false, tokenreview.Identity{}},
		"a role with a colon is none": {200, `{"id":"u","username":"ada","roles":["x:y"]}`, false, tokenreview.Identity{}},
		"two names are none":          {200, `{"id":"u","username":"ada","username":"eve"}`, false, tokenreview.Identity{}},
		"an endless one is none":      {200, `{"id":"u","username":"ada","roles":["` + strings.Repeat("a", 64<<10) + `"]}`, false, tokenreview.Identity{}},
	} {
		t.Run(sentence, func(t *testing.T) {
			server := httptest.NewTLSServer(answering(c.status, c.body))
			defer server.Close()
			authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
			overTLS, err := tokenreview.NewTransport(authority)
			if err != nil {
				t.Fatal(err)
			}
			defer overTLS.CloseIdleConnections()
			for root, transport := range map[string]http.RoundTripper{
				server.URL + "/base/":    overTLS,
				"http://in-process/base": tokenreview.HandlerTransport{Handler: answering(c.status, c.body)},
			} {
				profile, err := tokenreview.NewProfile(root, transport)
				if err != nil {
					t.Fatal(err)
				}
				got, err := profile.Identify(t.Context(), "team-a", "a.b.c")
				if !reflect.DeepEqual(got, c.want) || (err == nil) != (c.want.UID != "") || errors.Is(err, tokenreview.ErrRefused) != c.refused {
					t.Errorf("%s: got %+v, %v", root, got, err)
				}
				if err != nil && strings.Contains(err.Error(), "a.b.c") {
					t.Errorf("%s: the token is in the error: %v", root, err)
				}
			}
		})
	}
}

func TestTheServiceMustProveItself(t *testing.T) {
	server := httptest.NewTLSServer(answering(200, `{"id":"u","username":"ada"}`))
	defer server.Close()
	transport, err := tokenreview.NewTransport(nil)
	if err != nil {
		t.Fatal(err)
	}
	profile, err := tokenreview.NewProfile(server.URL+"/base", transport)
	if err != nil {
		t.Fatal(err)
	}
	if who, err := profile.Identify(t.Context(), "team-a", "a.b.c"); err == nil {
		t.Errorf("an unknown authority's word counts: %+v", who)
	}
}

func TestNothingIsAskedForWhoWentAway(t *testing.T) {
	profile, err := tokenreview.NewProfile("http://in-process/base", tokenreview.HandlerTransport{Handler: answering(200, `{"id":"u","username":"ada"}`)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := profile.Identify(ctx, "team-a", "a.b.c"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestNewProfileRefusesWhatCannotWork(t *testing.T) {
	for _, root := range []string{"", "latchkey", "ftp://latchkey", "https://", "https://a:b@latchkey", "https://latchkey?x", "https://latchkey#x"} {
		if _, err := tokenreview.NewProfile(root, http.DefaultTransport); err == nil {
			t.Errorf("%q is taken", root)
		}
	}
	if _, err := tokenreview.NewProfile("https://latchkey", nil); err == nil {
		t.Error("no transport is taken")
	}
	if _, err := tokenreview.NewTransport([]byte("no PEM")); err == nil {
		t.Error("a file without certificates is taken")
	}
}
