// Package revokedtoken tells, on the leader, from when on every replica refuses what a RevokedToken names
// (condition Enforced, status.replicas and enforcedAt, which it owns), and collects RevokedTokens when nothing that
// they name can be alive.
//
// What a RevokedToken refuses is the replicas' (controllers/feed), and which Sessions it ends is
// controllers/session's. Read setup.go for what wakes it, reconciler.go for the steps, enforced.go for what it says.
package revokedtoken
