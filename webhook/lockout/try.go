package lockout

import "net/netip"

// Try is one try of a user's password.
type Try struct {
	Realm string // the namespace
	User  string // the UID: names are reassigned

	// Device is the id of the device that a signed cookie names for this very user;
	// "" if there is none.
	Device string
	// Network is where the try comes from. It counts where there is no Device. All tries
	// with the zero Prefix come from one place.
	Network netip.Prefix
}

// NetworkOf returns what a client counts as: the /24 of an IPv4 address, the /64 of an IPv6
// one, which is the least that a household has. The zero Addr has the zero Prefix.
func NetworkOf(client netip.Addr) netip.Prefix {
	client = client.Unmap()
	bits := 64
	if client.Is4() {
		bits = 24
	}
	network, err := client.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return network
}

// Kind is what a budget is for.
type Kind string

// The kinds of budgets.
const (
	Device  Kind = "device"  // of one user on one device
	Network Kind = "network" // of one user from one network
	Shared  Kind = "shared"  // of one user from all networks
)

// id names a budget.
type id struct {
	realm, user string
	kind        Kind
	device      string
	network     netip.Prefix
}

func (t Try) device() id  { return id{realm: t.Realm, user: t.User, kind: Device, device: t.Device} }
func (t Try) network() id { return id{realm: t.Realm, user: t.User, kind: Network, network: t.Network} }
func (t Try) shared() id  { return id{realm: t.Realm, user: t.User, kind: Shared} }

// budgets are those that a try is charged to.
func (t Try) budgets() []id {
	if t.Device != "" {
		return []id{t.device()}
	}
	return []id{t.network(), t.shared()}
}
