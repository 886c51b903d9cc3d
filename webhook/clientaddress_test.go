package webhook

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

const cluster = "10.244.0.0/16,fd00::/8,192.0.2.7"

func trusting(t testing.TB, list string) trustedProxies {
	t.Helper()
	networks, err := ParseTrustedProxies(list)
	if err != nil {
		t.Fatal(err)
	}
	return networks
}

func TestClientAddress(t *testing.T) {
	for name, tt := range map[string]struct {
		trusted, peer string
		forwarded     []string // lines
		want          string
	}{
		"by default the peer is the client":              {"", "10.244.1.1:4000", []string{"203.0.113.9"}, "10.244.1.1"},
		"an untrusted peer is the client":                {cluster, "203.0.113.1:4000", []string{"203.0.113.9"}, "203.0.113.1"},
		"a trusted peer names the client":                {cluster, "10.244.1.1:4000", []string{"203.0.113.9"}, "203.0.113.9"},
		"a trusted peer that names nobody is the client": {cluster, "10.244.1.1:4000", nil, "10.244.1.1"},
		"what a client sends stands before its address":  {cluster, "10.244.1.1:4000", []string{"1.1.1.1, 203.0.113.9"}, "203.0.113.9"},
		"so do lines that a client sends":                {cluster, "10.244.1.1:4000", []string{"1.1.1.1", "2.2.2.2", "203.0.113.9"}, "203.0.113.9"},
		"a client can't claim to be a proxy":             {cluster, "10.244.1.1:4000", []string{"10.244.9.9, 203.0.113.9"}, "203.0.113.9"},
		"trusted proxies behind each other are passed":   {cluster, "10.244.1.1:4000", []string{"203.0.113.9, 192.0.2.7", "10.244.2.2"}, "203.0.113.9"},
		"a single trusted address is not its network":    {cluster, "10.244.1.1:4000", []string{"203.0.113.9, 192.0.2.8"}, "192.0.2.8"},
		"if all are trusted, the first is the client":    {cluster, "10.244.1.1:4000", []string{"10.244.3.3, 10.244.2.2"}, "10.244.3.3"},
		"an entry that is no address ends the search":    {cluster, "10.244.1.1:4000", []string{"203.0.113.9, unknown, 10.244.2.2"}, "10.244.2.2"},
		"an empty entry ends it":                         {cluster, "10.244.1.1:4000", []string{"203.0.113.9, , 10.244.2.2"}, "10.244.2.2"},
		"an empty line ends it":                          {cluster, "10.244.1.1:4000", []string{"203.0.113.9", ""}, "10.244.1.1"},
		"a name is no address":                           {cluster, "10.244.1.1:4000", []string{"client.example.com"}, "10.244.1.1"},
		"a quoted address is no address":                 {cluster, "10.244.1.1:4000", []string{`"203.0.113.9"`}, "10.244.1.1"},
		"a mask is no address":                           {cluster, "10.244.1.1:4000", []string{"203.0.113.9/32"}, "10.244.1.1"},
		"leading zeros are no address":                   {cluster, "10.244.1.1:4000", []string{"203.0.113.09"}, "10.244.1.1"},
		"a port may follow":                              {cluster, "10.244.1.1:4000", []string{"203.0.113.9:55"}, "203.0.113.9"},
		"a port that is none is malformed":               {cluster, "10.244.1.1:4000", []string{"203.0.113.9:99999"}, "10.244.1.1"},
		"brackets may stand round IPv6":                  {cluster, "10.244.1.1:4000", []string{"[2001:db8::1]"}, "2001:db8::1"},
		"and a port behind them":                         {cluster, "10.244.1.1:4000", []string{"[2001:db8::1]:123"}, "2001:db8::1"},
		"brackets round IPv4 are malformed":              {cluster, "10.244.1.1:4000", []string{"[203.0.113.9]"}, "10.244.1.1"},
		"a bracket that doesn't close is malformed":      {cluster, "10.244.1.1:4000", []string{"[2001:db8::1"}, "10.244.1.1"},
		"IPv4 within IPv6 is IPv4":                       {cluster, "[::ffff:10.244.1.1]:4000", []string{"::ffff:203.0.113.9"}, "203.0.113.9"},
		"a zone is dropped":                              {cluster, "[fd00::1%eth0]:4000", []string{"fe80::9%eth0"}, "fe80::9"},
		"tabs and spaces don't matter":                   {cluster, "10.244.1.1:4000", []string{"\t 203.0.113.9 \t"}, "203.0.113.9"},
		"a peer without an address is nobody":            {cluster, "@", []string{"203.0.113.9"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := &http.Request{RemoteAddr: tt.peer, Header: http.Header{"X-Forwarded-For": tt.forwarded, "Forwarded": {"for=1.2.3.4"}, "X-Real-Ip": {"1.2.3.4"}}}
			if got := addressText(trusting(t, tt.trusted).client(r)); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestParseTrustedProxies(t *testing.T) {
	for name, tt := range map[string]struct {
		list string
		want []string
		err  string
	}{
		"nothing is nobody":                  {"", nil, ""},
		"networks and addresses":             {"10.0.0.0/8, 192.0.2.7,fd00::/8,2001:db8::1", []string{"10.0.0.0/8", "192.0.2.7/32", "fd00::/8", "2001:db8::1/128"}, ""},
		"an IPv4 address within IPv6":        {"::ffff:192.0.2.7", []string{"192.0.2.7/32"}, ""},
		"an IPv4 network within IPv6":        {"::ffff:10.0.0.0/104", nil, `write "::ffff:10.0.0.0/104" as an IPv4 network`},
		"a name":                             {"ingress", nil, `write networks and addresses such as 10.244.0.0/16 or 192.0.2.7, not "ingress"`},
		"a comma too many":                   {"10.0.0.0/8,", nil, `write networks and addresses such as 10.244.0.0/16 or 192.0.2.7, not ""`},
		"a mask too long":                    {"10.0.0.0/33", nil, `write networks and addresses such as 10.244.0.0/16 or 192.0.2.7, not "10.0.0.0/33"`},
		"bits beyond the mask":               {"10.1.2.3/8", nil, `"10.1.2.3/8" has bits beyond its mask: write 10.0.0.0/8, or the address alone`},
		"everybody":                          {"0.0.0.0/0", nil, `"0.0.0.0/0" is everybody, and then each client chooses its own address`},
		"everybody with IPv6":                {"::/0", nil, `"::/0" is everybody, and then each client chooses its own address`},
		"a zone, which means something here": {"fe80::1%eth0", []string{"fe80::1/128"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			networks, err := ParseTrustedProxies(tt.list)
			var got []string
			for _, n := range networks {
				got = append(got, n.String())
			}
			if tt.err == "" && err != nil || tt.err != "" && (err == nil || err.Error() != tt.err) || !slices.Equal(got, tt.want) {
				t.Errorf("got %v, error %v", got, err)
			}
		})
	}
}

// FuzzClientAddress holds that nothing panics, and that whatever a client sends, a proxy
// that appends the client's address to it, or writes that on a line of its own, is believed
// and the client is not.
func FuzzClientAddress(f *testing.F) {
	for _, sent := range []string{"", "1.1.1.1", "10.244.9.9", "unknown,", ", ,", "[::1]:123\n1.2.3.4:55", "fd00::1%eth0", "::ffff:10.244.0.1,10.244.0.2", "[", "]", "[]:1", "\n\n"} {
		f.Add(sent, byte(9))
	}
	trusted := trusting(f, cluster)
	f.Fuzz(func(t *testing.T, sent string, last byte) {
		client := netip.AddrFrom4([4]byte{203, 0, 113, last})
		lines := strings.Split(sent, "\n")
		appended := append(slices.Clone(lines[:len(lines)-1]), lines[len(lines)-1]+", "+client.String())
		for how, forwarded := range map[string][]string{"appended": appended, "a line of its own": append(lines, client.String())} {
			r := &http.Request{RemoteAddr: "10.244.1.1:4000", Header: http.Header{"X-Forwarded-For": forwarded}}
			if got := trusted.client(r); got != client {
				t.Fatalf("%s: the client is %s, not %s", how, got, client)
			}
		}

		// Straight from the client, as from a trusted one: a valid address, in its plain form.
		r := &http.Request{RemoteAddr: "10.244.1.1:4000", Header: http.Header{"X-Forwarded-For": lines}}
		if got := trusted.client(r); !got.IsValid() || got.Is4In6() || got.Zone() != "" {
			t.Fatalf("the client is %s", got)
		}
		r.RemoteAddr = client.String() + ":4000"
		if got := trusted.client(r); got != client {
			t.Fatalf("an untrusted peer is taken for %s", got)
		}
	})
}
