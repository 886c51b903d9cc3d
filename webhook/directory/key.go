package directory

import "github.com/latchkey-auth/latchkey/webhook/token"

// keyRows hold the key document of a namespace: its name and version only, the
// keys are in the Ring.
type keyRows struct {
	realm *Realm
	items[token.Document]
}

func (k keyRows) put(i Item[token.Document]) {
	before := k.realm.keys.Load()
	ring, err := token.NewRing(i.Value, before)
	if known := k.items[i.Name]; err != nil && known.UID == i.UID {
		ring = before // the last good one of this very object
	} else if err != nil {
		ring = nil
	}
	i.Value = token.Document{}
	k.items[i.Name] = i
	k.realm.keys.Store(ring)
}

func (k keyRows) remove(name string) {
	delete(k.items, name)
	k.realm.keys.Store(nil)
}

func (keyRows) apply() {}
