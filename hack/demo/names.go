package main

import "net"

// The names that a browser on this machine goes by. Browsers take every name below localhost for this
// machine (RFC 6761 section 6.3) and, without TLS, for as good as HTTPS, so that they keep Secure cookies
// and share those of a domain between the names below it. Other programs may not know such names.
const (
	cookieDomain = "latchkey.localhost"
	authHost     = "auth." + cookieDomain
	appHost      = "app." + cookieDomain
)

// under is the URL, without a last slash, by which a browser reaches an address (IP:port) under a name.
func under(host, address string) string {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return "http://" + address // it has no port, so nothing of it is lost
	}
	return "http://" + net.JoinHostPort(host, port)
}

// appPage is a page of the app that its viewer may see.
func (d *demo) appPage() string { return under(appHost, d.proxy.Address) + "/reports/hello" }

// accountPage is where people see and end their logins.
func (d *demo) accountPage() string { return under(authHost, d.serving()[0].Public) + "/account" }
