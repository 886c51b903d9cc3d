package policy

import (
	"net/netip"
	"strconv"
	"strings"
)

// Bounds of RFC 1035 section 2.3.4, in bytes.
const (
	maxHostName  = 253
	maxHostLabel = 63
)

// CanonicalHost returns host as rules are matched with it: lower-case, without
// its port, without one trailing dot. A host is a name of letters, digits,
// hyphens and dots (international ones in their xn-- form), or an IPv6 literal
// in brackets without a zone; it is compared as text and never resolved. All
// else is refused with a *RequestError, bad ports and empty labels included.
func CanonicalHost(host string) (string, error) {
	name, port, ok := splitHost(host)
	switch {
	case !ok:
		return "", &RequestError{ReasonHostInvalid, "a host is a name, or an IPv6 address in brackets"}
	case port != "" && !isPort(port[1:]):
		return "", &RequestError{ReasonHostInvalid, "a port is a number from 1 to 65535"}
	}
	return name, nil
}

// splitHost returns the canonical name in host, and what follows it: nothing,
// or a colon and an unchecked port. It is not ok if the name is neither a host
// name nor an IPv6 literal.
func splitHost(host string) (name, port string, ok bool) {
	if strings.HasPrefix(host, "[") {
		return splitIPv6(host)
	}
	end := strings.IndexByte(host, ':')
	if end < 0 {
		end = len(host)
	}
	name = strings.TrimSuffix(host[:end], ".")
	return strings.ToLower(name), host[end:], isHostName(name)
}

func splitIPv6(host string) (name, port string, ok bool) {
	literal, port, closed := strings.Cut(host[1:], "]")
	address, err := netip.ParseAddr(literal)
	ok = closed && err == nil && address.Is6() && address.Zone() == "" && (port == "" || port[0] == ':')
	return "[" + address.String() + "]", port, ok
}

func isPort(s string) bool {
	_, err := strconv.ParseUint(s, 10, 16)
	return err == nil && s[0] != '0'
}

// isHostName reports whether name is labels with dots between them. Every check asks it more than once, so it reads
// name once.
func isHostName(name string) bool {
	if len(name) > maxHostName {
		return false
	}
	label := 0 // bytes of the present one
	for i := range len(name) {
		switch c := name[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-':
			label++
		case c == '.' && label > 0:
			label = 0
		default:
			return false
		}
		if label > maxHostLabel {
			return false
		}
	}
	return label > 0
}
