// Package password owns what Latchkey knows of passwords: it parses stored
// hashes within bounds, verifies and makes them, judges new passwords, and
// bounds how many are hashed at once.
//
// It never stores, logs or remembers a password or a hash, never rehashes by
// itself, and knows neither users nor HTTP nor Kubernetes.
//
// Read it in this order:
//
//	hash.go      Parse and Hash: all that a login needs
//	argon2id.go  the one text that each argon2id hash has, and its bounds
//	bcrypt.go    the same for bcrypt, which only comes from migrations
//	params.go    what new hashes cost, Make, and the Dummy of unknown users
//	new.go       CheckNew: what a password set through Latchkey must be like
//	slots.go     Slots: how many are hashed at once, and who is next
//	turns.go     the queue in which sources take turns
//
// Two rules hold throughout. What a hash will cost is bounded while it is
// parsed, before any of it is paid, and what is out of bounds is refused, never
// clamped. And every zero value denies: a zero [Hash] verifies nothing, a zero
// [Params] makes nothing, a zero [Slots] is always busy.
package password
