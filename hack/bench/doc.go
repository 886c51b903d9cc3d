// Command bench measures Latchkey beside what it is judged by, in the same run: a bare
// net/http handler, raw signature verification, argon2id alone, the same reads and writes at the
// API server alone. It prints the figures beside
// their targets and writes bench.json. Nothing fails on a time; a wrong answer fails at once.
//
// Servers and load run in processes of their own: servers pinned to one core, all else to
// another, where there are two and the system can pin.
//
//	main.go          the stages in order
//	options.go       flags
//	check.go         GET /check: rounds of phases, against the two servers
//	summarise.go     what the rounds come to
//	bare.go          the bare server
//	server.go        the real one, on a directory that realm.go fills
//	control.go       how others ask them for tokens and what they have used
//	nginx.go         the same behind nginx
//	grpc.go          checks over gRPC: the two servers
//	grpcclient.go    and the load for them
//	unseen.go        a check of a never-seen token without net/http
//	job.go           what the load process is told, and what it answers
//	generate.go      the load process: phases in turn, by slices of time
//	sender.go        the requests of one phase (package load)
//	inprocess.go     decisions and look-ups, without HTTP
//	cluster.go       the control plane and Latchkey's processes, for the stages that need them
//	flow.go          one thing done over and over by several workers, by turns with others
//	login.go         password logins
//	refresh.go       refreshes
//	writes.go        what either asks the API server for, by a bare client
//	propagation.go   how soon a revocation holds everywhere
//	launch.go        how processes are started
//	pin.go           how they are pinned, and tied to the life of this one
//	figures/         what it all comes to
package main
