package proxy

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// Kind is a brand of proxy.
type Kind string

// The proxies that can be started.
const (
	Nginx   Kind = "nginx"
	Caddy   Kind = "caddy"
	HAProxy Kind = "haproxy"
	Traefik Kind = "traefik"
	// Envoy by its two ways of asking, which bear the names of the matrix's columns.
	EnvoyHTTP Kind = "envoy HTTP"
	EnvoyGRPC Kind = "envoy gRPC"
)

// Kinds are all proxies that can be started.
func Kinds() []Kind { return []Kind{Nginx, Caddy, HAProxy, Traefik, EnvoyHTTP, EnvoyGRPC} }

// Required tells whether a machine on which REQUIRE_PROXIES is 1 must have k: Traefik and Envoy
// come in no package of a distribution, so tests of them stand in where they are missing.
func (k Kind) Required() bool { return k == Nginx || k == Caddy || k == HAProxy }

// Envoy tells whether k is Envoy, which refuses some requests by itself, and asks with the request's own method.
func (k Kind) Envoy() bool { return k == EnvoyHTTP || k == EnvoyGRPC }

// ErrMissing says that a proxy isn't on this machine; the message says how to get it.
var ErrMissing = errors.New("proxy is missing")

// Find returns the binary of k, or ErrMissing. It builds nothing.
func (k Kind) Find() (string, error) {
	switch k {
	case Nginx, HAProxy, Traefik, EnvoyHTTP, EnvoyGRPC:
		name, _, _ := strings.Cut(string(k), " ")
		binary, err := exec.LookPath(name)
		if err != nil {
			return "", fmt.Errorf("%w: %s is not on PATH: see CONTRIBUTING.md", ErrMissing, name)
		}
		return binary, nil
	case Caddy:
		binary, err := provideCaddy("--cached")
		if err != nil {
			return "", fmt.Errorf("%w: Caddy is not built yet: run hack/proxy/caddy/provide.sh", ErrMissing)
		}
		return binary, nil
	default:
		return "", fmt.Errorf("%w: no proxy is called %q", ErrMissing, string(k))
	}
}

// Provide returns the binary of k. Caddy is built first where it isn't yet, which takes minutes
// once and shows its progress on standard error.
func (k Kind) Provide() (string, error) {
	if k == Caddy {
		return provideCaddy()
	}
	return k.Find()
}

func provideCaddy(arguments ...string) (string, error) {
	_, file, _, _ := runtime.Caller(0)
	provide := exec.Command(filepath.Join(filepath.Dir(file), "caddy", "provide.sh"), arguments...)
	provide.Stderr = os.Stderr
	out, err := provide.Output()
	if err != nil {
		return "", fmt.Errorf("provide Caddy: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}
