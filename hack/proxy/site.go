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
	// GRPC are the addresses (host:port) of its listeners for checks over gRPC; only EnvoyGRPC needs them.
	GRPC []string
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
	if k == EnvoyHTTP {
		return "/check/envoy"
	}
	return "/check/" + string(k)
}

// extensions say over gRPC what stands in the path of a check otherwise: the realm and the roles.
func (s Site) extensions() map[string]string {
	extensions := map[string]string{}
	check := s.Check
	if realm, found := strings.CutPrefix(check, "/realms/"); found {
		var below string
		extensions["realm"], below, _ = strings.Cut(realm, "/")
		check = "/" + below
	}
	if role, found := strings.CutPrefix(check, "/check/role/"); found {
		extensions["role"] = role
	}
	return extensions
}

// rendering is what the templates see.
type rendering struct {
	Site

	Check    string
	AskHost  bool // the check wants to know what nginx routed by
	Listen   string
	IP, Port string
	Socket   string // name of HAProxy's own listener, one of its own per process

	GRPC       bool              // Envoy asks over gRPC
	Asked      []string          // what Envoy asks: addresses (host:port)
	Extensions map[string]string // Envoy's context_extensions
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
	r.Asked = s.Latchkey
	if k == EnvoyGRPC {
		r.GRPC, r.Asked, r.Extensions = true, s.GRPC, s.extensions()
	}
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
	case EnvoyHTTP, EnvoyGRPC:
		return []string{"envoy.yaml"}
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
	t, err := template.New(name+".tmpl").Funcs(template.FuncMap{"socketAddress": socketAddress}).ParseFS(templates, "templates/"+name+".tmpl")
	if err != nil {
		return err
	}
	return t.Execute(to, r)
}

// socketAddress is address (host:port) as Envoy writes it.
func socketAddress(address string) (string, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", fmt.Errorf("read address: %w", err)
	}
	return fmt.Sprintf("{address: %q, port_value: %s}", host, port), nil
}
