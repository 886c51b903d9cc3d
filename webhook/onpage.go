package webhook

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/latchkey-auth/latchkey/webhook/directory"
	"github.com/latchkey-auth/latchkey/webhook/page"
)

// isPage tells whether people read what is answered at a path.
func isPage(path string) bool {
	return path == "/login" || path == "/account" || strings.HasPrefix(path, "/account/")
}

// onPage is a failure that is shown on the page where it happened. To programs it is what
// it wraps.
type onPage struct {
	error
	show func(w http.ResponseWriter, f *failure) error
}

func (p *onPage) Unwrap() error { return p.error }

// refuseOnPage answers with err as a page, and reports whether it could.
func (s *Service) refuseOnPage(w http.ResponseWriter, c *call, err error, f *failure) bool {
	f.setHeaders(w.Header(), c.realm)
	var p *onPage
	if errors.As(err, &p) {
		return p.show(w, f) == nil
	}
	m := page.Message{Title: title(f.status), Text: f.description}
	switch {
	case f.status >= http.StatusInternalServerError:
		m.Request = c.id
	case f.code != codeNotFound:
		m.Link = page.Href{Text: "Your account", URL: root(c) + "account"}
	}
	return s.pages.Message(w, f.status, m) == nil
}

// title is the name of a page that says no more than that something failed.
func title(status int) string {
	switch status {
	case http.StatusForbidden:
		return "This can't be opened"
	case http.StatusNotFound:
		return "There is nothing here"
	case http.StatusTooManyRequests:
		return "Too many at once"
	case http.StatusServiceUnavailable:
		return "Not available right now"
	case http.StatusInternalServerError:
		return "Something went wrong"
	default:
		return "That didn't work"
	}
}

// root is the realm's root as seen from the page that c asks for. Relative URLs hold under
// whatever address people have for this service.
func root(c *call) string {
	if up := strings.Count(c.path, "/") - 1; up > 0 {
		return strings.Repeat("../", up)
	}
	return "./"
}

// goOn sends a browser from a form to another page.
func goOn(w http.ResponseWriter, to string) error {
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusSeeOther)
	return nil
}

// visitor returns who looks at a page for people who are signed in. Others are sent to sign
// in; then done is true and err what to return.
func (s *Service) visitor(w http.ResponseWriter, r *http.Request, realm *directory.Realm, c *call) (who caller, done bool, err error) {
	who, problem := s.identifyCookie(r, realm)
	switch {
	case problem == nil:
		return who, false, nil
	case takesHTML(r.Header):
		return caller{}, true, goOn(w, root(c)+"login")
	default:
		return caller{}, true, problem.failure()
	}
}

// parameter returns a parameter of a raw query, "" if it isn't there. Another that is
// malformed is nothing to us, but this one has to be there once and be well-formed: else ok
// is false.
func parameter(query, name string) (value string, ok bool) {
	found := false
	for pair := range strings.SplitSeq(query, "&") {
		n, v, _ := strings.Cut(pair, "=")
		if n != name {
			continue
		}
		unescaped, err := url.QueryUnescape(v)
		if found || err != nil {
			return "", false
		}
		value, found = unescaped, true
	}
	return value, true
}

// has tells whether a raw query has a parameter, whatever it says.
func has(query, name string) bool {
	for pair := range strings.SplitSeq(query, "&") {
		if n, _, _ := strings.Cut(pair, "="); n == name {
			return true
		}
	}
	return false
}
