package proxy

// traefik is Traefik's ForwardAuth: it sets the four headers itself while
// trustForwardHeader is false, with the path as Traefik has cleaned it, which is the path
// that it sends to the app, too.
func traefik(c Check) (Original, error) {
	return forwarded(c, "Traefik's forwardAuth sets it on every check while trustForwardHeader is false")
}
