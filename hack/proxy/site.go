package proxy

import (
	"embed"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"text/template"
)

//go:embed templates
var templates embed.FS

// Site is what a proxy stands in front of.
type Site struct {
	// App is the address (host:port) of the app.
	App string
	// Latchkey are the addresses (host:port) of Latchkey's public listeners, one or more.
	Latchkey []string
	// Check is the path that is asked whether a request may pass, such as /check/role/admin or
	// /realms/team-a/check/nginx. Empty: the proxy's own dialect in the default realm.
	Check string
	// Dir is an existing folder for the proxy's files; the caller removes it.
	Dir string
}

// check is the path that k asks for s.
func (s Site) check(k Kind) string {
	if s.Check != "" {
		return s.Check
	}
	return "/check/" + string(k)
}

// rendering is what the templates see.
type rendering struct {
	Site

	Check    string
	AskHost  bool // the check wants to know what nginx routed by
	Listen   string
	IP, Port string
	Socket   string // name of HAProxy's own listener, one of its own per process
}

// Text is the file called name of the configuration of k for s, listening on listen (IP:port).
func (s Site) Text(k Kind, name, listen string) (string, error) {
	data, err := s.rendering(k, listen)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	err = data.execute(&b, name)
	return b.String(), err
}

// render writes the configuration of k for s, listening on listen (IP:port), into s.Dir.
func (s Site) render(k Kind, listen string) error {
	data, err := s.rendering(k, listen)
	if err != nil {
		return err
	}
	for _, name := range k.files() {
		if err := data.write(name); err != nil {
			return fmt.Errorf("render %s: %w", name, err)
		}
	}
	return nil
}

func (s Site) rendering(k Kind, listen string) (rendering, error) {
	ip, port, err := net.SplitHostPort(listen)
	if err != nil {
		return rendering{}, fmt.Errorf("read listen address: %w", err)
	}
	r := rendering{Site: s, Check: s.check(k), Listen: listen, IP: ip, Port: port, Socket: "latchkey-" + port}
	r.AskHost = strings.HasSuffix(r.Check, "/check/nginx")
	return r, nil
}

// files are the templates of k; the first is what the proxy is started with.
func (k Kind) files() []string {
	switch k {
	case Nginx:
		return []string{"nginx.conf", "site.conf"}
	case Caddy:
		return []string{"Caddyfile"}
	case HAProxy:
		return []string{"haproxy.cfg", "latchkey.lua"}
	case Traefik:
		return []string{"traefik.yaml", "site.yaml"}
	default:
		return nil
	}
}

func (r rendering) write(name string) error {
	file, err := os.OpenFile(filepath.Join(r.Dir, name), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if err := r.execute(file, name); err != nil {
		return err
	}
	return file.Close()
}

func (r rendering) execute(to io.Writer, name string) error {
	t, err := template.ParseFS(templates, "templates/"+name+".tmpl")
	if err != nil {
		return err
	}
	return t.Execute(to, r)
}
