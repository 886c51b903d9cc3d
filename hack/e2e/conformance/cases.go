package conformance

import (
	"fmt"
	"strings"

	"github.com/latchkey-auth/latchkey/hack/e2e/matrix"
)

// Caller is who sends a request.
type Caller string

// The callers. Nobody sends no credentials, Forger a token that nobody signed, the others their own.
const (
	Nobody Caller = ""
	Forger Caller = "forger"
	Viewer Caller = "viewer"
	Editor Caller = "editor"
	Admin  Caller = "admin"
	Tenant Caller = "tenant"
)

// Header is one header line.
type Header struct{ Name, Value string }

// Case is a request and the answer to it.
type Case struct {
	// As is who asks.
	As Caller
	// Method of the request line; empty: GET.
	Method string
	// Target is the path and query of the request line, byte for byte.
	Target string
	// Authority, when set, makes the request line absolute-form: http://<Authority><Target>.
	Authority string
	// Hosts are the Host header lines; none: app.example.com.
	Hosts []string
	// Headers are further header lines.
	Headers []Header

	// Want is the status.
	Want int
	// Proxy overrides Want, by the matrix's column, where a proxy by itself refuses, or describes, the request in another way.
	Proxy map[string]int
	// Story is the row of the matrix that the case belongs to, empty if none.
	Story matrix.Story
	// Identity says that an allowed request carries the caller's identity to the app; otherwise
	// the identity headers reach it empty or not at all.
	Identity bool
}

// DefaultHost is the Host of a Case that sets none.
const DefaultHost = "app.example.com"

// Cases are all cases by the sentence that names them.
func Cases() map[string]Case {
	all := map[string]Case{}
	for _, part := range []struct {
		story matrix.Story
		cases map[string]Case
	}{
		{"", allowed()},
		{matrix.SpoofedIdentity, spoofedIdentity()},
		{matrix.SpoofedURL, spoofedURL()},
		{matrix.EncodedPaths, paths()},
		{"", hosts()},
		{matrix.AbsoluteForm, absoluteForm()},
		{"", credentials()},
	} {
		for name, c := range part.cases {
			if _, twice := all[name]; twice {
				panic(fmt.Sprintf("two cases are called %q", name))
			}
			if c.Story == "" {
				c.Story = part.story
			}
			all[name] = c
		}
	}
	return all
}

// Status is the answer through the proxy of that name.
func (c Case) Status(proxy string) int {
	if status, differs := c.Proxy[proxy]; differs {
		return status
	}
	return c.Want
}

// Bytes is the request as it goes over the wire; token is the caller's, empty for Nobody.
func (c Case) Bytes(token string) []byte {
	method := c.Method
	if method == "" {
		method = "GET"
	}
	line := c.Target
	if c.Authority != "" {
		line = "http://" + c.Authority + c.Target
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\n", method, line)
	hosts := c.Hosts
	if len(hosts) == 0 {
		hosts = []string{DefaultHost}
	}
	for _, host := range hosts {
		fmt.Fprintf(&b, "Host: %s\r\n", host)
	}
	if token != "" {
		fmt.Fprintf(&b, "Authorization: Bearer %s\r\n", token)
	}
	for _, h := range c.Headers {
		fmt.Fprintf(&b, "%s: %s\r\n", h.Name, h.Value)
	}
	if !c.has("Connection") {
		b.WriteString("Connection: close\r\n")
	}
	b.WriteString("\r\n")
	return []byte(b.String())
}

func (c Case) has(header string) bool {
	for _, h := range c.Headers {
		if strings.EqualFold(h.Name, header) {
			return true
		}
	}
	return false
}
