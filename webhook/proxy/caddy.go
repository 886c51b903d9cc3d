package proxy

// caddy is Caddy's forward_auth: it sets the four headers itself, with the path as the
// client sent it.
func caddy(c Check) (Original, error) {
	return forwarded(c, "Caddy's forward_auth sets it on every check; a reverse_proxy of your own making has to")
}
