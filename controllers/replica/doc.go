// Package replica is how serving replicas tell of themselves: each keeps a Lease in Latchkey's own
// namespace, in which stands how far its directory has followed the API server.
//
//   - lease.go: what stands in a Lease.
//
// The leader reads them (controllers/acknowledgement). Nobody else needs to.
package replica
