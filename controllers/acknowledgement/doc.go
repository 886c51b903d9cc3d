// Package acknowledgement tells the leader whether what was applied is in force: whether every
// serving replica that may be answering judges by it. Replicas say how far they have followed in their
// Leases (controllers/replica); nothing else is asked, and no replica is trusted to be the only one.
//
//   - judge.go: what follows from what is known of the replicas. Pure.
//   - sightings.go: what is known of them, from a watch and from live lists, whichever is newer. Pure.
//   - register.go: the one who looks: watches, lists, and wakes whoever waits.
//   - follower.go: what one controller waits for.
//   - gone.go: replicas that went without word.
//   - onlooker.go: the same for somebody who isn't the leader, such as kubectl's plugin.
//
// It is the truth before it is an answer. A Lease is written before a replica's first list, and a list of Leases
// is live: so a replica that isn't in a list that began after an object was made knows that object, whenever it
// starts. What the leader can't tell for sure it doesn't call True. The leader measures silence by its own
// clock, from when it saw a renewal; the times that stand in a Lease are never compared with it.
package acknowledgement
