// Package role keeps Role.status true, on the leader: which roles a Role amounts to
// (status.effectiveRoles), whether its includes hold and whether every replica judges by it (condition
// Ready, status.replicas).
//
// It owns nothing else: what a Role grants is decided by every replica from the specs
// alone (webhook/policy), and nothing reads this status but people.
//
// Read setup.go for what wakes it, reconciler.go for the steps, resolve.go for includes.
package role
