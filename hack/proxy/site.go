package proxy

import (
	"embed"
	"fmt"
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

// render writes the configuration of k for s, listening on listen (IP:port), into s.Dir.
func (s Site) render(k Kind, listen string) error {
	ip, port, err := net.SplitHostPort(listen)
	if err != nil {
		return fmt.Errorf("read listen address: %w", err)
	}
	data := rendering{Site: s, Check: s.check(k), Listen: listen, IP: ip, Port: port, Socket: "latchkey-" + port}
	data.AskHost = strings.HasSuffix(data.Check, "/check/nginx")
	for _, name := range k.files() {
		if err := data.write(name); err != nil {
			return fmt.Errorf("render %s: %w", name, err)
		}
	}
	return nil
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
	t, err := template.ParseFS(templates, "templates/"+name+".tmpl")
	if err != nil {
		return err
	}
	file, err := os.OpenFile(filepath.Join(r.Dir, name), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if err := t.Execute(file, r); err != nil {
		return err
	}
	return file.Close()
}
