// Package page makes the pages that people see: plain HTML with one embedded style sheet,
// without a script, a picture file or a request to anywhere else. Everything that is shown
// goes through html/template, which escapes by where it stands.
//
// It knows nothing of cookies, users or realms: package webhook decides, and fills in what
// a page says.
package page

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
)

//go:embed *.html style.css
var files embed.FS

// Set is all pages, ready to be filled in. Its methods may be called from any goroutine.
type Set struct {
	style    template.CSS
	policies policies

	login, account, denied, message *template.Template
}

// New reads the embedded pages. It fails only if one of them is malformed.
func New() (*Set, error) {
	style, err := files.ReadFile("style.css")
	if err != nil {
		return nil, fmt.Errorf("read style sheet: %w", err)
	}
	s := &Set{style: template.CSS(style), policies: newPolicies(style)} //nolint:gosec // it is our own file
	for name, to := range map[string]**template.Template{
		"login": &s.login, "account": &s.account, "denied": &s.denied, "message": &s.message,
	} {
		parsed, err := template.ParseFS(files, "layout.html", name+".html")
		if err != nil {
			return nil, fmt.Errorf("parse page %q: %w", name, err)
		}
		*to = parsed
	}
	return s, nil
}

// Href is where a link leads. An empty one is no link.
type Href struct{ Text, URL string }

// write answers with a page. If it fails, nothing was sent yet.
func (s *Set) write(w http.ResponseWriter, status int, t *template.Template, policy string, content any) error {
	var body bytes.Buffer
	err := t.ExecuteTemplate(&body, "layout.html", struct {
		Style template.CSS
		Page  any
	}{s.style, content})
	if err != nil {
		return fmt.Errorf("make page: %w", err)
	}
	setHeaders(w.Header(), policy)
	w.Header().Set("Content-Length", strconv.Itoa(body.Len()))
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes()) // a browser that went away has no use for an error
	return nil
}
