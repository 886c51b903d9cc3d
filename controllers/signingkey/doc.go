// Package signingkey keeps the key document of a realm: the Secret latchkey-signing-keys.
//
// It is the one writer of that Secret and writes nothing else. The realm controller calls
// it and tells people what came of it; every replica observes the Secret for itself
// (controllers/feed). What it answers for:
//
//   - no Secret: new keys, which sign at once (the first ones, or the emergency of a deletion)
//   - a Secret of another owner or type: foreign, so replaced
//   - a document that can't be read: left alone, whatever it costs, as running replicas
//     still hold its last good version
//   - keys.distrustBefore raised: another generation signs at once
//   - keys.rotationPeriod over, or tokens.algorithm changed: a next generation is published, and
//     signs when every replica knows it; the one before verifies until nothing of it lives
//
// Every write is conditional on what was read, so that two leaders, for the moment in which
// there are two, keep one document. Every document between two writes is a good one, so that a
// leader can die anywhere and the next one goes on.
//
// Read keeper.go for the Secret; decide.go for what its document should be, with plan.go for
// the times and generations.go for who came after whom.
package signingkey
