// Command caddy is the web server of that name with its standard modules, built from its Go module.
package main

import (
	caddycmd "github.com/caddyserver/caddy/v2/cmd"

	_ "github.com/caddyserver/caddy/v2/modules/standard" // http, reverse_proxy, forward_auth and the Caddyfile
)

func main() {
	caddycmd.Main()
}
