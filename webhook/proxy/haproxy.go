package proxy

// haproxy is HAProxy with the Lua action that docs/proxies/haproxy.md shows: it sets the
// four headers itself, with the path as the client sent it, and passes our answer on whole.
func haproxy(c Check) (Original, error) {
	return forwarded(c, "latchkey.lua sets it on every check; a script of your own making has to")
}
