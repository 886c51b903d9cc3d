// Package app is a sample app for the demo and the end-to-end tests: it shows what reached it
// through the proxy. It trusts the identity headers, as a real app behind Latchkey does.
package app

import (
	"crypto/sha256"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"slices"
	"strings"
)

// Field is one thing that the app saw of a request.
type Field struct{ Name, Value string }

// Names of fields beside the identity headers, whose fields bear their own names.
const (
	Method        = "Method"
	Host          = "Host"
	Target        = "Target" // the raw request target
	Body          = "Body"   // "<bytes> bytes, SHA-256 <hex>"
	Authorization = "Authorization"
	Upgrade       = "Upgrade" // only where one was asked for
	Cookies       = "Cookies" // their names, only where there are any
)

// identityHeaders is what Latchkey tells apps about the caller.
func identityHeaders() []string {
	return []string{"X-Auth-Request-User", "X-Auth-Request-Uid", "X-Auth-Request-Email", "X-Auth-Request-Groups"}
}

// VisitCookie is set by every answer of the app, to show that its cookies pass the proxy.
const VisitCookie = "sample-visit"

// Handler answers every request with what it saw: text, or a page where a browser asks. Over a
// WebSocket that is its first message, and every message sent to it comes back.
func Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
			echo(w, r)
			return
		}
		fields, err := look(r)
		if err != nil {
			http.Error(w, "read body: "+err.Error(), http.StatusBadRequest)
			return
		}
		http.SetCookie(w, &http.Cookie{Name: VisitCookie, Value: "1", Path: "/", HttpOnly: true})
		w.Header().Set("Cache-Control", "no-store")
		if strings.Contains(r.Header.Get("Accept"), "text/html") {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_ = page().Execute(w, fields) // an error means that the client is gone
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, Format(fields))
	})
}

// Format writes fields as lines of "Name: value".
func Format(fields []Field) string {
	var b strings.Builder
	for _, f := range fields {
		fmt.Fprintf(&b, "%s: %s\n", f.Name, f.Value)
	}
	return b.String()
}

// Parse reads what Format wrote. A name that occurs twice, such as a doubled header, has both values.
func Parse(text string) map[string][]string {
	seen := map[string][]string{}
	for line := range strings.Lines(text) {
		name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		if ok {
			seen[name] = append(seen[name], value)
		}
	}
	return seen
}

// look reads the body to its end and lists what the app shows.
func look(r *http.Request) ([]Field, error) {
	digest := sha256.New()
	size, err := io.Copy(digest, r.Body)
	if err != nil {
		return nil, err
	}
	fields := []Field{
		{Method, oneLine(r.Method)},
		{Host, oneLine(r.Host)},
		{Target, oneLine(r.RequestURI)},
	}
	for _, name := range identityHeaders() {
		values := asEnvironment(r.Header, name)
		if len(values) == 0 {
			values = []string{""}
		}
		for _, value := range values {
			fields = append(fields, Field{name, oneLine(value)})
		}
	}
	// The proxy strips the bearer token: an app that had it could act as the user elsewhere.
	passed := "stripped by the proxy"
	if len(r.Header.Values("Authorization")) > 0 {
		passed = "passed to the app"
	}
	for _, value := range r.Header.Values("Upgrade") {
		fields = append(fields, Field{Upgrade, oneLine(value)})
	}
	var cookies []string
	for _, c := range r.Cookies() {
		cookies = append(cookies, c.Name)
	}
	if len(cookies) > 0 {
		fields = append(fields, Field{Cookies, oneLine(strings.Join(cookies, ", "))})
	}
	return append(fields,
		Field{Authorization, passed},
		Field{Body, fmt.Sprintf("%d bytes, SHA-256 %x", size, digest.Sum(nil))},
	), nil
}

// asEnvironment returns the values of a header as apps read it that get headers as environment
// variables (CGI, WSGI, PHP): they can't tell a hyphen from a dot, or from another character that
// is neither letter nor digit.
func asEnvironment(h http.Header, name string) []string {
	values := slices.Clone(h.Values(name))
	for other, more := range h {
		if other != http.CanonicalHeaderKey(name) && variable(other) == variable(name) {
			values = append(values, more...)
		}
	}
	return values
}

// variable is the environment variable that a header becomes, without its HTTP_.
func variable(header string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToUpper(header))
}

// oneLine keeps a value from looking like further fields.
func oneLine(value string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '?'
		}
		return r
	}, value)
}

func page() *template.Template {
	return template.Must(template.New("page").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Sample app behind Latchkey</title>
<style>body{font:1rem/1.5 system-ui;margin:3rem auto;max-width:44rem}th{text-align:left;padding-right:2rem}</style>
<h1>Sample app behind Latchkey</h1>
<table>{{range .}}<tr><th>{{.Name}}</th><td>{{.Value}}</td></tr>
{{end}}</table></html>
`))
}
