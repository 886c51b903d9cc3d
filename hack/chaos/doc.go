// Package chaos holds Latchkey's promises against faults: a real control plane, three serving processes
// and two controllers with the rights of config/rbac, each behind a network of its own that the tests
// break, and a steady load of checks whose every answer is judged. Run it by make test-chaos; what it
// measured last stands in docs/reliability.md.
//
//	login.go     what is known of a login: when it must be accepted, and from when on refused
//	replica.go   what is known of a replica: whether it can answer, and whether it can know
//	judge.go     an answer to a check is right, wrong, or can't be judged
//	load.go      checks, all the time, at every replica
//	tally.go     what a case measured, and the table of all cases
//	client.go    the other endpoints, as an application uses them
//
// The cases need a control plane and minutes, so they have the build tag chaos:
//
//	stack_test.go, suite_test.go   what runs, once for all cases
//	case_test.go                   what every case checks at its end
//	*_test.go                      the cases, by what fails
package chaos
