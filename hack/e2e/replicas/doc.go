// Package replicas holds the stories of an installation that serves from three processes and has a
// controller in a fourth: a login that begins at one replica goes on at the others and ends at all.
// Every process is the real one, with the rights of its ServiceAccount, on a real control plane.
//
//	suite_test.go     what runs, once for all stories
//	fixture_test.go   the verbs that stories are told with
//	life_test.go      a login's life over three replicas
//	overtaken_test.go a stolen refresh token ends the login, wherever it is shown
//	enforced_test.go  kubectl waits until a revocation holds everywhere
//	logouts_test.go   how long a logout takes to reach every replica, measured
package replicas
