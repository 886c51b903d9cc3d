// Package directory is what a check reads: which realms there are, who exists in
// them, what each may reach, what is revoked, and which keys are trusted.
//
// It is a copy, in memory, of what stands in the API server. Others write it
// (package controllers/feed, from watches and from this replica's own writes), in
// any order and possibly twice; it owns the rules by which the newest version
// wins. It decides nothing, knows no clock, and never talks to anybody.
//
// In reading order:
//
//   - directory.go, realm.go: what readers see, a Realm per namespace.
//   - settings.go, user.go, subject.go, revocation.go, role.go, key.go: one kind
//     each, what it is and how a change of it becomes visible.
//   - kubernetes.go: what Roles allow in the API server, which no check reads.
//   - table.go, replace.go: when a change counts, one set of rules for every kind.
//   - index.go: how names are found without waiting; roleset.go: what users with
//     the same roles share.
//
// # Reads
//
// Reads take no lock, wait for no writer, and allocate nothing once what they
// return was made. What they return is immutable and replaced whole, so that
// whoever read a User, a Policy or a Ring keeps one consistent thing while the
// next is being put in its place.
//
// # Writes
//
// A write is visible to every read that begins after it returned. While a list
// replaces what was there, what is in both is never missing, least of all a
// revocation.
//
// # Failing closed
//
// What can't be understood is put as a zero value, and those deny: the zero User
// is not active, the zero Role doesn't exist, zero Settings are unusable, and a
// namespace without a valid key document has no Ring.
package directory
