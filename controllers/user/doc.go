// Package user is what the leader does for Users, in three controllers with one duty each:
//
//   - reconciler.go owns User.status: whether a user can log in and, if not, what to do about it
//     (ready.go); on the way a plaintext password is hashed (plaintext.go), and when a password
//     has changed, the logins made with the one before are revoked (password.go)
//   - disabling.go revokes the logins of a user who is disabled, once for each time
//   - orphan.go collects password Secrets that the users endpoint made for a user who isn't there
//
// setup.go says what wakes each. Nothing here decides whether a request passes: replicas do that
// from the specs, and read password Secrets themselves at login.
//
// # A change of password is never missed
//
// status.passwordFingerprint names the hash whose predecessors' logins are revoked. A login whose hash has
// another fingerprint waits, so no login begins under a hash that isn't named there. If the live hash has
// another fingerprint than status, something changed, no matter how often or while who was away: a RevokedToken
// is written first, and status after it. Dying in between repeats the first write, under the same name.
//
// If status has none, either no login ever began, as for each new User, and there is nothing to revoke; or
// status was lost, and with it the name of what was revoked last. Sessions tell the two apart: whatever
// can be alive of a login has one. So a user of whom there is any Session is revoked, and an import of
// 50,000 new users writes no RevokedToken at all.
package user
