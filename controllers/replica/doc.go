// Package replica is how serving replicas tell of themselves: each keeps a Lease in Latchkey's own
// namespace, in which stands how far its directory has followed the API server.
//
//   - lease.go: what stands in a Lease.
//   - keeper.go: who keeps it, from before the first list until nobody is answered any more.
//   - health.go: what renewals say of the API server and of the connection to it.
//   - verdict.go: what follows from all Leases for one object.
//
// The leader reads them (controllers/acknowledgement). Nobody else needs to.
package replica
