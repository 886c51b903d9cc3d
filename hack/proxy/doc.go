// Package proxy starts a real nginx, Caddy, HAProxy, Traefik or Envoy in front of an app, set up as users
// are told to do it: the templates here are what docs/proxies and config/samples/proxies show.
//
//	find.go     where the binaries are
//	site.go     what a proxy stands in front of, rendered into its configuration
//	start.go    a running proxy
//	templates/  the configurations
//	caddy/      Caddy, built from its Go module
package proxy
