package webhook

import (
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/latchkey-auth/latchkey/webhook/lockout"
)

// trustedProxies are the networks whose word on a client's address is believed. The zero value
// believes nobody.
type trustedProxies []netip.Prefix

// ParseTrustedProxies reads networks (CIDR) and addresses with commas between them, such
// as "10.244.0.0/16,192.0.2.7". "" is nobody. Refused are what isn't a network, bits
// beyond its mask, and a network of everybody: then each client would choose its address.
func ParseTrustedProxies(list string) ([]netip.Prefix, error) {
	var trusted []netip.Prefix
	for entry := range strings.SplitSeq(list, ",") {
		if list == "" {
			break
		}
		network, err := parseNetwork(strings.TrimSpace(entry))
		if err != nil {
			return nil, err
		}
		trusted = append(trusted, network)
	}
	return trusted, nil
}

func parseNetwork(entry string) (netip.Prefix, error) {
	if address, err := netip.ParseAddr(entry); err == nil {
		address = plain(address)
		return netip.PrefixFrom(address, address.BitLen()), nil
	}
	network, err := netip.ParsePrefix(entry)
	switch {
	case err != nil:
		return netip.Prefix{}, fmt.Errorf("write networks and addresses such as 10.244.0.0/16 or 192.0.2.7, not %q", entry)
	case network.Addr().Is4In6():
		return netip.Prefix{}, fmt.Errorf("write %q as an IPv4 network", entry)
	case network != network.Masked():
		return netip.Prefix{}, fmt.Errorf("%q has bits beyond its mask: write %s, or the address alone", entry, network.Masked())
	case network.Bits() == 0:
		return netip.Prefix{}, fmt.Errorf("%q is everybody, and then each client chooses its own address", entry)
	}
	return network, nil
}

// client returns the address that a request comes from. That is the peer's, unless it is
// a trusted proxy's: then X-Forwarded-For is read from its end, where the nearest proxy
// wrote, past other trusted ones to the first address that isn't. An entry that is no
// address ends the search at the last good one: what stands before it is hearsay. The
// address is invalid only if the peer has none, as on a Unix socket.
func (p trustedProxies) client(r *http.Request) netip.Addr {
	client, ok := parseClient(r.RemoteAddr)
	if !ok || !p.trust(client) {
		return client
	}
	for _, line := range slices.Backward(r.Header["X-Forwarded-For"]) {
		for more := true; more; {
			var entry string
			line, entry, more = cutLast(line)
			next, ok := parseClient(strings.Trim(entry, " \t"))
			if !ok {
				return client
			}
			if client = next; !p.trust(client) {
				return client
			}
		}
	}
	return client
}

func (p trustedProxies) trust(a netip.Addr) bool {
	return slices.ContainsFunc(p, func(network netip.Prefix) bool { return network.Contains(a) })
}

// cutLast splits a comma-separated list before its last entry.
func cutLast(list string) (before, last string, more bool) {
	i := strings.LastIndexByte(list, ',')
	if i < 0 {
		return "", list, false
	}
	return list[:i], list[i+1:], true
}

// parseClient reads an address with or without a port: 192.0.2.7, 192.0.2.7:55,
// 2001:db8::1, [2001:db8::1] and [2001:db8::1]:55.
func parseClient(s string) (netip.Addr, bool) {
	if a, err := netip.ParseAddr(s); err == nil {
		return plain(a), true
	}
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return plain(ap.Addr()), true
	}
	inner, found := strings.CutPrefix(s, "[")
	inner, closed := strings.CutSuffix(inner, "]")
	if a, err := netip.ParseAddr(inner); found && closed && err == nil && a.Is6() {
		return plain(a), true
	}
	return netip.Addr{}, false
}

// plain drops what makes two spellings of one address: the zone, and IPv6 around IPv4.
func plain(a netip.Addr) netip.Addr { return a.WithZone("").Unmap() }

// addressText is a as it stands in audit lines and Sessions; "" if there is none.
func addressText(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

// clientAddress is where a request comes from, as audit lines and Sessions have it.
func (s *Service) clientAddress(r *http.Request) string { return addressText(s.proxies.client(r)) }

// source names whom a request shares its fate with where there is a queue: its network,
// since whoever has one IPv6 address has 2^64.
func (s *Service) source(r *http.Request) string {
	return lockout.NetworkOf(s.proxies.client(r)).String()
}
