package policy_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/latchkey-auth/latchkey/webhook/policy"
)

// backends are models of how servers make the path that they serve of a raw
// target. Each returns "" where the server refuses. They are built to be more
// lenient than the real ones: what a model reads some version once read.
var backends = map[string]func(target string) string{
	"nginx with merge_slashes":     func(s string) string { return resolveDots(mergeSlashes(nginxDecode(s))) },
	"nginx without merge_slashes":  func(s string) string { return resolveDots(nginxDecode(s)) },
	"Go's ServeMux and FileServer": goFileServer,
	"Tomcat, parameters first":     func(s string) string { return resolveDots(mergeSlashes(decode(dropParameters(cutQuery(s))))) },
	"Tomcat, parameters last":      func(s string) string { return resolveDots(mergeSlashes(dropParameters(decode(cutQuery(s))))) },
	"IIS":                          func(s string) string { return resolveDots(mergeSlashes(slashes(decode(cutQuery(s))))) },
	"IIS that decodes twice":       func(s string) string { return resolveDots(mergeSlashes(slashes(decode(decode(cutQuery(s)))))) },
	"Node with new URL": func(s string) string {
		return decode(resolveDots(dotsDecoded(slashes(stripTabs(cutQuery(cutFragment(s)))))))
	},
	"Node with url.parse":         func(s string) string { return clean(decode(cutQuery(cutFragment(s)))) },
	"Node that decodes twice":     func(s string) string { return resolveDots(decode(decode(cutQuery(cutFragment(s))))) },
	"one that decodes, then cuts": func(s string) string { return resolveDots(cutFragment(cutQuery(decode(s)))) },
	"one in C":                    func(s string) string { return resolveDots(cutAtNUL(decode(cutQuery(s)))) },
	"one that reads overlong UTF-8": func(s string) string {
		return resolveDots(strings.NewReplacer("\xc0\xae", ".", "\xc0\xaf", "/").Replace(decode(cutQuery(s))))
	},
	"one that joins a base": func(s string) string { return clean("/base/../" + decode(cutQuery(s))) },
}

// readings are targets by which an attacker gets at /admin through a rule for
// /public/**, each where one of the models falls for it.
var readings = map[string]string{
	"nginx with merge_slashes":      "/public//../../admin",
	"nginx without merge_slashes":   "/public/%2e%2e/admin",
	"Go's ServeMux and FileServer":  "/public/..%2fadmin",
	"Tomcat, parameters first":      "/public/..;x=y/admin",
	"Tomcat, parameters last":       "/public/..%3b/admin",
	"IIS":                           `/public/..%5cadmin`,
	"IIS that decodes twice":        "/public/..%255cadmin",
	"Node with new URL":             `/public\.%2E\admin`,
	"Node with url.parse":           "/public/../admin#/x",
	"Node that decodes twice":       "/public/%252e%252e/admin",
	"one that decodes, then cuts":   "/public/../admin%3fx",
	"one in C":                      "/public/../admin%00/x",
	"one that reads overlong UTF-8": "/public/%c0%ae%c0%ae%c0%afadmin",
	"one that joins a base":         "/public/./..//admin",
}

// narrow has no rule for `/**`, whose promise is to allow every reading.
func narrow() []policy.Role {
	return []policy.Role{{Name: policy.Anonymous, Rules: []policy.Rule{{
		Hosts:   []string{"*"},
		Paths:   []string{"/public/**", "/reports/*/pdf", "/exact", "/directory/", "/*/open", "/a b/ü/*"},
		Methods: []string{"GET"},
	}}}}
}

func TestBackendsReadAttacks(t *testing.T) {
	everyone := mustCompile(t, narrow()).Everyone()
	for name, read := range backends {
		t.Run(name, func(t *testing.T) {
			target := readings[name]
			if got := read(target); got != "/admin" {
				t.Errorf("the model reads %q as %q; an attack on it must show that it can be fooled", target, got)
			}
			if r, err := policy.NewRequest("GET", app, target); err == nil && policy.Decide(everyone, r).Allowed {
				t.Errorf("%q is allowed", target)
			}
		})
	}
}

// FuzzBackends holds that whatever any backend makes of a path that is allowed,
// the rules allow that too.
func FuzzBackends(f *testing.F) {
	for _, target := range readings {
		f.Add(target)
	}
	for _, target := range []string{
		"/public/x?/../admin", "/reports/%32031/pdf", "/exact", "/directory/", "/x/open", "/a%20b/%C3%BC/c", "/public/...", "/public/+/ /",
		"/public/.well-known/a;b", "/public/%E2%80%AE", "/reports/*/pdf", "/exact%", "/public/x/", "/public",
	} {
		f.Add(target)
	}
	roles := narrow()
	compiled, _ := policy.Compile(roles)
	f.Fuzz(func(t *testing.T, target string) {
		r, err := policy.NewRequest("GET", app, target)
		if err != nil || !policy.Decide(compiled.Everyone(), r).Allowed {
			return
		}
		for name, read := range backends {
			served := read(target)
			allowed := served == ""
			for _, pattern := range roles[0].Rules[0].Paths {
				allowed = allowed || referencePathMatch(pattern, served)
			}
			if !allowed {
				t.Errorf("%q is allowed, and %s serves %q", target, name, served)
			}
		}
	})
}

func cutQuery(s string) string    { s, _, _ = strings.Cut(s, "?"); return s }
func cutFragment(s string) string { s, _, _ = strings.Cut(s, "#"); return s }
func cutAtNUL(s string) string    { s, _, _ = strings.Cut(s, "\x00"); return s }
func slashes(s string) string     { return strings.ReplaceAll(s, `\`, "/") }
func stripTabs(s string) string   { return strings.NewReplacer("\t", "", "\r", "", "\n", "").Replace(s) }

func nginxDecode(s string) string { return decode(cutQuery(cutFragment(s))) }

// decode decodes the escapes that are well-formed and leaves the others.
func decode(s string) string {
	return escape.ReplaceAllStringFunc(s, func(e string) string {
		b, _ := url.PathUnescape(e)
		return b
	})
}

var (
	doubledSlash = regexp.MustCompile(`//+`)
	parameters   = regexp.MustCompile(`;[^/]*`)
	escapedDot   = regexp.MustCompile(`(?i)%2e`)
)

func mergeSlashes(s string) string { return doubledSlash.ReplaceAllString(s, "/") }

func dropParameters(s string) string { return parameters.ReplaceAllString(s, "") }

func dotsDecoded(s string) string { return escapedDot.ReplaceAllString(s, ".") }

// resolveDots is RFC 3986 section 5.2.4: empty segments stay.
func resolveDots(s string) string {
	if !strings.HasPrefix(s, "/") {
		return ""
	}
	var out []string
	segments := strings.Split(s[1:], "/")
	for i, segment := range segments {
		switch last := i == len(segments)-1; {
		case segment == ".." && len(out) > 0:
			out = out[:len(out)-1]
			fallthrough
		case segment == "." || segment == "..":
			if last {
				out = append(out, "")
			}
		default:
			out = append(out, segment)
		}
	}
	return "/" + strings.Join(out, "/")
}

// clean resolves and merges, and keeps a last slash.
func clean(s string) string {
	cleaned := path.Clean("/" + s)
	if cleaned != "/" && strings.HasSuffix(s, "/") {
		cleaned += "/"
	}
	return cleaned
}

// goFileServer asks the real ServeMux, follows where it redirects to, and
// cleans as http.FileServer does.
func goFileServer(target string) (served string) {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(_ http.ResponseWriter, r *http.Request) { served = clean(r.URL.Path) })
	for range 3 {
		u, err := url.ParseRequestURI(target)
		if err != nil || u.Host != "" {
			return ""
		}
		answer := httptest.NewRecorder()
		mux.ServeHTTP(answer, &http.Request{Method: http.MethodGet, URL: u, Host: app, RequestURI: target})
		if target = answer.Header().Get("Location"); target == "" {
			return served
		}
	}
	return ""
}
