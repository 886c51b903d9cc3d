// Package feed keeps the directory of a replica like the API server: it runs on
// every replica and writes nothing but the directory.
//
// Each kind is followed by one of client-go's reflectors, whose store is a table of
// the directory: objects become small entries as they arrive, and no cache of
// objects is held beside them. The key Secret of each realm is followed by a
// reflector of its own, which comes and goes with the Realm object.
//
// In reading order:
//
//   - feed.go: the feeds, and when all of them are synced (sync.go).
//   - realm.go, user.go, role.go, revokedtoken.go, key.go: what an object of each
//     kind says to the directory.
//   - object.go: how an object is decoded so that one that can't be stops nothing
//     but itself.
//   - store.go: what a reflector writes to; source.go: where it reads from;
//     progress.go: how far it has come, and until when it knows everything.
//   - lease.go: this replica's own Lease, whose renewals are the clock for that.
//   - realmkeys.go: a feed for the key Secret of each realm.
//   - local.go: what this replica wrote itself, told at once.
//   - snapshot.go: a directory of objects that somebody read once, without a watch.
//   - client.go, log.go, metrics.go.
//
// # What can't be decoded
//
// Translation never fails: it yields an entry that denies what the object names. A
// User is not active, a Role grants nothing, a Realm is unusable, a RevokedToken
// revokes as much as it can mean, and a key document keeps the last good keys.
//
// # Rights
//
// The kinds are watched in all namespaces. Secrets aren't: each namespace that is
// to be a realm lets Latchkey read that one Secret, by a Role and RoleBinding of
// its own.
//
// +kubebuilder:rbac:groups=auth.latchkey.dev,resources=realms;users;roles;revokedtokens,verbs=get;list;watch
// +kubebuilder:rbac:groups="",namespace=realm,resources=secrets,resourceNames=latchkey-signing-keys,verbs=get;list;watch
package feed
