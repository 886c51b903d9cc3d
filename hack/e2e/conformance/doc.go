// Package conformance is the one table of requests that reach a protected app through a proxy, and
// of the answers that Latchkey's users rely on. It supposes the Roles of config/samples (anonymous
// GETs /public/**, viewers GET /reports/**, editors also POST there, admins do everything, on every
// host) and one more, held by the tenant: GET /tenant/** on open.example.com alone.
//
//	cases.go    what a case is
//	allowed.go  requests that pass, and what the app sees of them
//	refused.go  requests that don't
//	raw.go      sends the very bytes, which HTTP clients would tidy up
//	traefik.go  what Traefik asks about a case, for machines without one
//	envoy.go    what Envoy asks about a case over HTTP
//	envoygrpc.go and over gRPC
//
// Cases name the attacks of the threat list that they answer.
package conformance
