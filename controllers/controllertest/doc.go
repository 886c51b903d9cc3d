// Package controllertest runs controllers against a real API server, for their test
// suites: suite.go starts one control plane and one manager, namespaces keep specs
// apart, replicas.go plays serving processes, and faults.go lets any write of a controller fail, as if it had died there.
package controllertest
