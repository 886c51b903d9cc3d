package credential

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strings"
)

// Login names a login.
type Login struct {
	// Server is the service's URL, as ParseServer returns it.
	Server string `json:"server"`
	// Realm is a namespace; "" is the realm at the service's root.
	Realm string `json:"realm,omitempty"`
	// User is the user's name.
	User string `json:"user"`
}

// String is how messages name it.
func (l Login) String() string { return fmt.Sprintf("%s at %s", l.User, l.base()) }

// base is the URL of the realm.
func (l Login) base() string {
	if l.Realm == "" {
		return l.Server
	}
	return l.Server + "/realms/" + l.Realm
}

// name is what users and namespaces are called.
var name = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`)

// Check refuses what names no login, so that nothing strange ends in a URL or a file's name.
func (l Login) Check() error {
	switch {
	case !name.MatchString(l.User):
		return fmt.Errorf("user %q: a user's name has lower-case letters, digits and, between them, hyphens", l.User)
	case l.Realm != "" && !name.MatchString(l.Realm):
		return fmt.Errorf("realm %q: a realm is called as its namespace", l.Realm)
	}
	_, err := ParseServer(l.Server)
	return err
}

// ParseServer reads a service's URL. Passwords and tokens travel there, so it is https, or never leaves this machine.
func ParseServer(raw string) (string, error) {
	u, err := url.Parse(raw)
	switch {
	case raw == "":
		return "", errors.New("say which service with --server, such as --server https://auth.example.com")
	case err != nil || u.Host == "" || u.Opaque != "":
		return "", errors.New("--server is the service's URL, such as https://auth.example.com") // unquoted: it may hold a password
	case u.User != nil:
		return "", errors.New("--server takes no user or password: write --username, and the password is asked for")
	case u.RawQuery != "" || u.Fragment != "" || u.ForceQuery:
		return "", errors.New("--server takes no query and no fragment: write the service's URL, such as https://auth.example.com")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return "", fmt.Errorf("--server %s would send a password that everybody on the way can read: write https://", u)
	case u.Scheme != "https" && u.Scheme != "http":
		return "", errors.New("--server begins with https://")
	}
	u.Host = strings.ToLower(u.Host)
	return strings.TrimRight(u.String(), "/"), nil
}

// loopback reports whether host is this machine.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}
