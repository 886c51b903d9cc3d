// Package webhookcert keeps the certificate with which latchkey kubernetes answers the API server.
//
// Read plan.go for what should be stored when, with certificate.go for how it is made and read; keeper.go
// for the two Secrets. The keys of the authorities stand in a Secret of their own, which no Pod mounts.
package webhookcert
