// Command demo is what `make demo` runs: a control plane, Latchkey with the rights that an
// installation gives it, a sample app behind a real proxy, and the samples. It leaves nothing behind.
//
//	main.go      what to do: run, run in the background, stop
//	provide.go   the binaries, built where they are missing
//	folder.go    .demo, which belongs to one demo at a time
//	detach.go    running in the background (DEMO_DETACH=1)
//	stop.go      make demo-stop
//	run.go       everything started in order, and ended in the reverse order
//	cluster.go   the control plane, tied to the life of the demo
//	latchkey.go  Latchkey's processes, with the rights of their ServiceAccounts
//	site.go      the sample app behind a proxy
//	names.go     what a browser calls the two
//	ready.go     when it is ready, .demo/env and the commands worth trying
//	narrate.go   what people read meanwhile
//	audit.go     Latchkey's audit log, for people
//
// Environment: DEMO_REPLICAS (default 1) is how many processes serve; DEMO_DETACH=1 returns as soon
// as everything is ready; DEMO_DIR is another folder than .demo.
package main
