// Package matrix is the table of what was shown behind which proxy: stories by proxies. Specs say by
// labels which cell they are; the table is made of how they ended, so that it can't claim more than
// this very run has shown.
//
//	matrix.go   stories, proxies and labels
//	standins.go what stands in where a machine lacks a proxy
//	table.go    the table of a run, and what is wrong with it
package matrix

import "github.com/onsi/ginkgo/v2"

// Story is a row: what users rely on behind every proxy.
type Story string

// The stories.
const (
	Anonymous       Story = "anonymous page"
	Unauthorized    Story = "401"
	Login           Story = "login"
	Identity        Story = "200 with identity headers"
	Forbidden       Story = "403"
	RoleChange      Story = "role change"
	Logout          Story = "logout"
	SpoofedIdentity Story = "spoofed identity headers"
	SpoofedURL      Story = "spoofed original-URL headers"
	EncodedPaths    Story = "encoded paths"
	AbsoluteForm    Story = "absolute-form"
	WebSocket       Story = "WebSocket"
	LargeBody       Story = "large request body untouched"
	SetCookie       Story = "Set-Cookie of the app passed"
	Redirect        Story = "browser sent to log in and back"
	ForbiddenPage   Story = "403 page"
)

// Stories are all rows, from top to bottom.
func Stories() []Story {
	return []Story{
		Anonymous, Unauthorized, Login, Identity, Forbidden, RoleChange, Logout, SpoofedIdentity, SpoofedURL,
		EncodedPaths, AbsoluteForm, WebSocket, LargeBody, SetCookie, Redirect, ForbiddenPage,
	}
}

// Column is a way in which proxies ask.
type Column string

// The columns.
const (
	Nginx     Column = "nginx"
	Caddy     Column = "caddy"
	HAProxy   Column = "haproxy"
	Traefik   Column = "traefik"
	EnvoyHTTP Column = "envoy HTTP"
	EnvoyGRPC Column = "envoy gRPC"
)

// Columns are all columns, from left to right.
func Columns() []Column { return []Column{Nginx, Caddy, HAProxy, Traefik, EnvoyHTTP, EnvoyGRPC} }

// Shows labels a spec that shows a story behind a real proxy.
func Shows(column Column, story Story) ginkgo.Labels {
	return ginkgo.Label(label("shows", column, story))
}

// StandsIn labels a spec that shows a story by asking Latchkey as that proxy would.
func StandsIn(column Column, story Story) ginkgo.Labels {
	return ginkgo.Label(label("stands in", column, story))
}

func label(how string, column Column, story Story) string {
	return how + " " + string(column) + " " + string(story)
}
