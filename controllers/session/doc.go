// Package session ends logins, on the leader: it sees to it that a Session that goes takes the tokens
// of its login with it, and that a login which ended has no Session left to refresh from.
//
//   - a Session that is deleted, by whatever hand, has its login revoked before it goes (finalizer)
//   - a Session that a RevokedToken names is deleted
//   - of a user with more Sessions than the realm allows, the oldest are deleted
//   - a Session past its expiry is deleted too; its tokens have expired by themselves
//
// Every end is a deletion, so there is one way out: reconciler.go decides, finalize.go is the way,
// login.go says what is known of a Session without its spec, read.go reads that, setup.go says what wakes it. Only the metadata
// of Sessions is cached; the spec is read when one goes. Refresh reads Sessions live and refuses
// those that are being deleted, so nothing here races with it.
package session
