package proxy_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-auth/latchkey/webhook/policy"
	"github.com/latchkey-auth/latchkey/webhook/proxy"
)

// FuzzDialects holds, for all that a client can get into a check request: a dialect either
// describes one whole request or says why it can't, and what it describes is what stands
// in its own headers, byte for byte.
func FuzzDialects(f *testing.F) {
	for _, seed := range [][4]string{
		{"host=app.example.com", "GET", "https://app.example.com/reports?x=1", "/reports?x=1"},
		{"host=x&role=admin,y", "GET", "https://x&role=admin,y/", "/"},
		{"host=open", "GET", "http://app/admin", "//admin"},
		{"host=[::1]", "get", "ws://[::1]:8080/a,b", "/a,b"},
		{"", "GET,DELETE", "https://app.example.com", "/a, /b"},
		{"host=a%zz", "", "javascript://a/", "https://a/"},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3])
	}
	f.Fuzz(func(t *testing.T, query, method, url, uri string) {
		header := http.Header{
			"X-Original-Method": {method}, "X-Original-Url": {url},
			"X-Forwarded-Method": {method}, "X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {"app.example.com"}, "X-Forwarded-Uri": {uri},
		}
		envoy := ""
		if query != "" {
			envoy = "?" + query
		}
		for name, source := range map[string]string{"nginx": url, "caddy": "https://app.example.com" + uri, "traefik": "https://app.example.com" + uri, "haproxy": "https://app.example.com" + uri, "envoy": "://app.example.com" + uri + envoy} {
			dialect, _, _ := proxy.Named(name)
			original, err := dialect.Read(proxy.Check{Header: header, Method: method, Host: "app.example.com", Rest: uri, Query: query})
			var unreadable *proxy.Unreadable
			switch {
			case err != nil && (!errors.As(err, &unreadable) || original != (proxy.Original{})):
				t.Fatalf("%s: %v beside %v", name, err, original)
			case err != nil && !slices.Contains(proxy.Reasons(), unreadable.Reason):
				t.Fatalf("%s: %q is not a listed reason", name, unreadable.Reason)
			case err != nil:
				continue
			}
			if original.Method != method || !strings.HasPrefix(original.Target, "/") || source != original.Scheme+"://"+original.Host+original.Target {
				t.Fatalf("%s: %q was read as %+v", name, source, original)
			}
			switch {
			case name == "nginx":
				routed, err := policy.CanonicalHost(strings.TrimPrefix(query, "host="))
				described, err2 := policy.CanonicalHost(original.Host)
				if err != nil || err2 != nil || routed != described {
					t.Fatalf("%q was routed as %q", original.Host, query)
				}
			case name != "envoy" && query != "":
				t.Fatalf("%s: the query %q was read", name, query)
			}
		}
	})
}

func TestADialectIsOnlyFoundUnderItsName(t *testing.T) {
	for _, name := range []string{"", "/", "nginx/", "nginx/x", "Nginx", "traefik/", "caddy/x", "haproxy/x", "nginx?host=a", "role", "envoyx", "/envoy"} {
		if d, _, known := proxy.Named(name); known || d.Read != nil {
			t.Errorf("%q is a dialect", name)
		}
	}
}

func TestOnlyEnvoyHasAPathBehindItsName(t *testing.T) {
	for below, want := range map[string]string{"envoy": "", "envoy/": "/", "envoy//x/": "//x/", "envoy/nginx": "/nginx"} {
		if d, rest, known := proxy.Named(below); !known || d.Name != "envoy" || rest != want {
			t.Errorf("%q is %q with %q, want envoy with %q", below, d.Name, rest, want)
		}
	}
}

func TestEnvoyDescribesARequestByBeingIt(t *testing.T) {
	d, _, _ := proxy.Named("envoy")
	check := proxy.Check{Header: http.Header{"X-Forwarded-Uri": {"/public"}, "X-Original-Url": {"https://x/public"}}, Method: "DELETE", Host: "app.example.com:8443", Rest: "/a//b;c", Query: "x=1&y"}

	original, err := d.Read(check)

	if want := (proxy.Original{Method: "DELETE", Host: "app.example.com:8443", Target: "/a//b;c?x=1&y"}); err != nil || original != want {
		t.Errorf("got %+v, %v; want %+v", original, err, want)
	}
	check.Rest = ""
	var unreadable *proxy.Unreadable
	if _, err := d.Read(check); !errors.As(err, &unreadable) || unreadable.Reason != proxy.ReasonPathMissing {
		t.Errorf("without a path: %v", err)
	}
}

func TestARepeatedHeaderIsARefusalWhateverItSays(t *testing.T) {
	sound := func() http.Header {
		return http.Header{"X-Forwarded-Method": {"GET"}, "X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {"a"}, "X-Forwarded-Uri": {"/"}}
	}
	for _, name := range []string{"caddy", "traefik", "haproxy"} {
		d, _, _ := proxy.Named(name)
		if _, err := d.Read(proxy.Check{Header: sound()}); err != nil {
			t.Fatal(err)
		}
		for field := range sound() {
			header := sound()
			header[field] = append(header[field], header[field][0])
			var unreadable *proxy.Unreadable
			if _, err := d.Read(proxy.Check{Header: header}); !errors.As(err, &unreadable) || unreadable.Reason != proxy.ReasonHeaderRepeated {
				t.Errorf("%s: %s twice: %v", name, field, err)
			}
		}
	}
}
