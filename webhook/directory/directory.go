package directory

import (
	"slices"
	"sync"

	"github.com/latchkey-auth/latchkey/webhook/token"
)

// Directory is everything that a replica knows of all realms. Make one with New;
// all methods may be called from any goroutine.
type Directory struct {
	realms *index[Realm] // also namespaces that hold something, but no Realm object

	mu sync.Mutex // writes to realms, and how many tables each serves

	users       *Table[User]
	roles       *Table[Role]
	revocations *Table[Revocation]
	settings    *Table[Settings]
	keys        *Table[token.Document]
}

// New returns a Directory that knows nothing, and so denies everything.
func New() *Directory {
	d := &Directory{realms: newIndex(func(r *Realm) string { return r.namespace })}
	d.users = newTable(func(ns string) rows[User] { return userRows{d.begin(ns)} }, d.end)
	d.roles = newTable(func(ns string) rows[Role] { return &roleRows{realm: d.begin(ns), items: items[Role]{}} }, d.end)
	d.revocations = newTable(func(ns string) rows[Revocation] { return newRevocationRows(d.begin(ns)) }, d.end)
	d.settings = newTable(func(ns string) rows[Settings] { return settingsRows{d.begin(ns), items[Settings]{}} }, d.end)
	d.keys = newTable(func(ns string) rows[token.Document] { return keyRows{d.begin(ns), items[token.Document]{}} }, d.end)
	return d
}

// Realm returns the realm of a namespace, or nil if the namespace holds no Realm
// object. What is returned follows later changes; ask anew for each request.
func (d *Directory) Realm(namespace string) *Realm {
	if r := d.realms.get(namespace); r != nil && r.exists.Load() {
		return r
	}
	return nil
}

// Realms returns the namespaces that hold a Realm object, ascending.
func (d *Directory) Realms() []string {
	var namespaces []string
	for r := range d.realms.all() {
		if r.exists.Load() {
			namespaces = append(namespaces, r.namespace)
		}
	}
	slices.Sort(namespaces)
	return namespaces
}

// Users is where users are written.
func (d *Directory) Users() *Table[User] { return d.users }

// Roles is where Roles are written. The zero Role stands for one that can't be
// read: it is not effective.
func (d *Directory) Roles() *Table[Role] { return d.roles }

// Revocations is where revocations are written.
func (d *Directory) Revocations() *Table[Revocation] { return d.revocations }

// Settings is where Realm objects are written, one to a namespace.
func (d *Directory) Settings() *Table[Settings] { return d.settings }

// Keys is where key documents are written, one to a namespace. One that doesn't
// hold, such as the zero Document, keeps the keys of the one before if it stands
// in the same object (UID). A deleted one takes its keys with it.
func (d *Directory) Keys() *Table[token.Document] { return d.keys }

// begin returns the Realm of a namespace for one more table to write to.
func (d *Directory) begin(namespace string) *Realm {
	d.mu.Lock()
	defer d.mu.Unlock()
	r := d.realms.get(namespace)
	if r == nil {
		r = newRealm(namespace)
		d.realms.put(r)
	}
	r.tables++
	return r
}

// end says that a table holds nothing more of a namespace. When none does, the
// namespace costs nothing any more.
func (d *Directory) end(namespace string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	r := d.realms.get(namespace)
	if r.tables--; r.tables == 0 {
		d.realms.remove(namespace)
	}
}
