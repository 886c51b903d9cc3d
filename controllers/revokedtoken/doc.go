// Package revokedtoken collects RevokedTokens, on the leader, when nothing that they name can be alive.
//
// It owns nothing of their status. What a RevokedToken refuses is the replicas' (controllers/feed), and which
// Sessions it ends is controllers/session's.
package revokedtoken
