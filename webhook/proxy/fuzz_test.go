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
		for name, source := range map[string]string{"nginx": url, "caddy": "https://app.example.com" + uri} {
			read, _ := proxy.Named(name)
			original, err := read(header, query)
			var unreadable *proxy.Unreadable
			switch {
			case err != nil && (!errors.As(err, &unreadable) || original != (proxy.Original{})):
				t.Fatalf("%s: %v beside %v", name, err, original)
			case err != nil && !slices.Contains(proxy.Reasons(), unreadable.Reason):
				t.Fatalf("%s: %q is not a listed reason", name, unreadable.Reason)
			case err != nil:
				continue
			}
			if original.Method != method || !strings.HasPrefix(original.Target, "/") || !strings.HasSuffix(source, "://"+original.Host+original.Target) {
				t.Fatalf("%s: %q was read as %+v", name, source, original)
			}
			if name == "nginx" {
				routed, err := policy.CanonicalHost(strings.TrimPrefix(query, "host="))
				described, err2 := policy.CanonicalHost(original.Host)
				if err != nil || err2 != nil || routed != described {
					t.Fatalf("%q was routed as %q", original.Host, query)
				}
			} else if query != "" {
				t.Fatalf("%s: the query %q was read", name, query)
			}
		}
	})
}

func TestADialectIsOnlyFoundUnderItsName(t *testing.T) {
	for _, name := range []string{"", "nginx/", "Nginx", "traefik", "nginx?host=a", "role"} {
		if read, known := proxy.Named(name); known || read != nil {
			t.Errorf("%q is a dialect", name)
		}
	}
}

func TestARepeatedHeaderIsARefusalWhateverItSays(t *testing.T) {
	read, _ := proxy.Named("caddy")
	sound := func() http.Header {
		return http.Header{"X-Forwarded-Method": {"GET"}, "X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {"a"}, "X-Forwarded-Uri": {"/"}}
	}
	if _, err := read(sound(), ""); err != nil {
		t.Fatal(err)
	}
	for name := range sound() {
		header := sound()
		header[name] = append(header[name], header[name][0])
		var unreadable *proxy.Unreadable
		if _, err := read(header, ""); !errors.As(err, &unreadable) || unreadable.Reason != proxy.ReasonHeaderRepeated {
			t.Errorf("%s twice: %v", name, err)
		}
	}
}
