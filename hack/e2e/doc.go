// Package e2e holds the stories that a user of Latchkey relies on, told end to end: a real control
// plane, the real binary with the rights of its ServiceAccount, the samples, and a sample app behind
// each real proxy. Nothing here knows Latchkey from inside.
//
//	suite_test.go        what runs, once for all stories
//	fixture_test.go      the verbs that stories are told with
//	way_test.go          the ways to the app: each proxy, or what a proxy would ask; the matrix of what was shown
//	conformance_test.go  the table of package conformance, each way
//	stories_test.go      stories of logins, roles and browsers, each way
//	proxy_test.go        what a proxy passes in both directions
//	changes_test.go      changes take effect at once, measured
//	replica_test.go      a second replica follows the first
//	done_test.go         one story from apply to emergency, with kubectl and HTTP
//	canary_test.go       after everything: no secret in logs, Events, objects, metrics
package e2e
