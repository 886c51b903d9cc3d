package redirect

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/latchkey-auth/latchkey/webhook/policy"
)

// owns reports whether a canonical host is the login page's or one of Hosts.
func (r Rules) owns(host, home string) bool {
	return host == home || slices.ContainsFunc(r.Hosts, func(own string) bool { return isSame(own, host) })
}

// admits reports whether a canonical host is within Domain and in Allowed. An address is
// within no domain (RFC 6265 section 5.1.3). A wildcard stands for no international label:
// what browsers make of an xn-- that nobody registered differs, and may be another name.
func (r Rules) admits(host string) bool {
	domain, err := policy.CanonicalHost(r.Domain)
	if err != nil || isAddress(host) || host != domain && !strings.HasSuffix(host, "."+domain) {
		return false
	}
	label, parent, _ := strings.Cut(host, ".")
	return slices.ContainsFunc(r.Allowed, func(allowed string) bool {
		if below, open := strings.CutPrefix(allowed, "*."); open {
			return isSame(below, parent) && !strings.HasPrefix(label, "xn--")
		}
		return isSame(allowed, host)
	})
}

// isSame reports whether a host of the configuration is this canonical one.
func isSame(configured, host string) bool {
	canonical, err := policy.CanonicalHost(configured)
	return err == nil && canonical == host
}

// isUnambiguous reports whether a canonical host is the same one to browsers. They
// take a name whose last label is a number for an IPv4 address, also when it isn't
// written as one: 127.1 and 0x7f000001 are 127.0.0.1.
func isUnambiguous(host string) bool {
	last := host[strings.LastIndexByte(host, '.')+1:]
	digits := "0123456789"
	if hex, isHex := strings.CutPrefix(last, "0x"); isHex {
		last, digits = hex, "0123456789abcdef"
	}
	return strings.Trim(last, digits) != "" || isAddress(host)
}

func isAddress(host string) bool {
	_, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil
}

// isLoopback reports whether a canonical host is this machine to every browser:
// localhost and names below it, 127.0.0.0/8 and ::1.
func isLoopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	address, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && !address.Is4In6() && address.IsLoopback()
}
